#!/bin/bash
# a disk is unplugged while it is read, and plugged again
# board
# kernel: test-64k-6.12
# timeout: 320
. "$(dirname "$0")/../board/lib.sh"
enter_toolbox "$@"

# QEMU's monitor reads monitor.in; the guest says on its console what to do.
pipe=$log_dir/hotplug.monitor console=$log_dir/hotplug.console
rm -f "$pipe".{in,out} "$console"
mkfifo "$pipe".{in,out}
exec 8<>"$pipe.in" 9<>"$pipe.out"
cat <&9 >"$log_dir/hotplug.answers" &
reader=$!

# host: does what the guest asks for, in its order, until the board ends.
host() {
	local did=0 asked word
	while sleep 0.2; do
		asked=0
		while read -r word; do
			asked=$((asked + 1))
			[ $asked -gt $did ] || continue
			did=$asked
			case $word in
			unplug) echo 'device_del slotted' >&8 ;;
			plug) echo 'device_add nvme,id=slotted,bus=slot1,drive=slotdisk,serial=slot' >&8 ;;
			esac
		done < <(tr -d '\r' <"$console" 2>/dev/null | sed -n 's/^# host: //p')
	done
}
host &
host=$!
trap 'kill $host $reader 2>/dev/null' EXIT

# In Linux 6.12 pciehp takes two of its locks in either order, which the other
# kernel would complain of.
"$testing_dir/tests/on-board" -k test-64k-6.12 hotplug 300 hotplug \
	-chardev "pipe,id=mon,path=$pipe" -mon chardev=mon,mode=readline \
	-device pcie-root-port,id=slot1,chassis=1,slot=1,addr=7 \
	-blockdev "driver=file,node-name=slotdisk,read-only=on,filename=$work_dir/rootfs/test-64k-6.12/disk.img" \
	-device nvme,id=slotted,bus=slot1,drive=slotdisk,serial=slot

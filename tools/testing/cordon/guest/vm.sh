# shellcheck shell=dash disable=SC2034,SC2154 # what lib.sh sets, and what others read
# A host of virtual machines: devices go to VFIO and come back, and Debian's
# QEMU runs the machines.  Sourced after lib.sh, on boards of board/vm-devices.

debian=/run/debian
guest_memory=256		# MiB
guest_used=240			# of them, for Linux: the rest is for DMA
unit=c000000.iommu
debug=/sys/kernel/debug/iommu/cordon

# controller SERIAL: PCI address of this NVMe disk.
controller() {
	local dev
	for dev in /sys/class/nvme/nvme*; do
		[ "$(tr -d ' ' <"$dev/serial")" != "$1" ] ||
			basename "$(readlink -f "$dev/device")"
	done
}

# disk_of BDF: its block device.
disk_of() {
	local dev
	for dev in "$pci/$1"/nvme/nvme*/nvme*n1; do
		[ ! -d "$dev" ] || echo "/dev/$(basename "$dev")"
	done
}

has_disk() {
	[ -b "$(disk_of "$1")" ]
}

# interface_of BDF
interface_of() {
	ls "$pci/$1/net" 2>/dev/null
}

# debian_ready: the root in which QEMU runs.
debian_ready() {
	mkdir -p "$debian"
	mount -t ext2 -o ro "$(disk_of "$(controller debian)")" "$debian" || return 1
	mkdir -p /dev/hugepages && mount -t hugetlbfs hugetlbfs /dev/hugepages &&
		mount --rbind /dev "$debian/dev" && mount -t proc proc "$debian/proc" &&
		mount -t sysfs sysfs "$debian/sys" &&
		mount --bind /tmp "$debian/tmp" && mount --bind /vm "$debian/vm"
}

# give BDF: to VFIO, whichever driver has it.
give() {
	unbind "$1"
	echo vfio-pci >"$pci/$1/driver_override"
	bind "$1" && [ "$(driver_of "$1")" = vfio-pci ]
}

# take_back BDF DRIVER: and that has it then.
take_back() {
	unbind "$1"
	echo >"$pci/$1/driver_override"
	bind "$1" && [ "$(driver_of "$1")" = "$2" ]
}

# alone BDF...: each is the only one in its group.
alone() {
	local dev
	for dev; do
		echo "$dev, group $(basename "$(group_of "$dev")"):"
		ls "$pci/$dev/iommu_group/devices"
	done
	for dev; do
		[ "$(ls "$pci/$dev/iommu_group/devices")" = "$dev" ] || return 1
	done
}

# vm_start NAME type1|iommufd small|huge STEPS BDF...: a machine that owns the
# devices, by this way of VFIO, in memory of such pages, and does the steps, which
# vm-inside explains.
vm_start() {
	local name=$1 way=$2 pages=$3 steps=$4 bdf memory devices=''
	shift 4
	case $pages in
	small) memory="memory-backend-ram" ;;
	huge) memory="memory-backend-file,mem-path=/dev/hugepages,prealloc=on" ;;
	esac
	for bdf; do
		devices="$devices -device vfio-pci,host=$bdf"
		[ "$way" = type1 ] || devices="$devices,iommufd=iommufd0"
	done
	[ "$way" = type1 ] || devices="-object iommufd,id=iommufd0$devices"
	# shellcheck disable=SC2086 # a list of words
	chroot "$debian" qemu-system-aarch64 \
		-M virt,gic-version=3,its=on,memory-backend=ram -accel kvm -cpu host \
		-m ${guest_memory}M -object $memory,id=ram,size=${guest_memory}M \
		-nodefaults -nographic -no-reboot -serial "file:/tmp/$name.console" \
		-kernel /vm/Image -initrd /vm/initramfs.gz \
		-append "console=ttyAMA0 quiet panic=-1 mem=${guest_used}M cordon.run=vm-inside vm.steps=$steps" \
		$devices >"/tmp/$name.qemu" 2>&1 &
	eval "vm_$name=$!"
}

vm_pid() {
	eval "echo \$vm_$1"
}

vm_runs() {
	grep -q '^State:.[^Z]' "/proc/$(vm_pid "$1")/status" 2>/dev/null
}

# both_run NAME LATER: the later one has just begun to speak.
both_run() {
	wait_for 120 [ -s "/tmp/$2.console" ] && vm_runs "$1" && vm_runs "$2"
}

# vm_log NAME: what the machine has said; its QEMU, too, if there is nothing more.
vm_log() {
	tr -d '\r' <"/tmp/$1.console"
	[ ! -s "/tmp/$1.qemu" ] || sed 's/^/QEMU: /' "/tmp/$1.qemu"
}

# vm_show NAME: for those who read what the test prints.
vm_show() {
	vm_log "$1" | sed "s/^/# machine $1: /"
}

# vm_told NAME STEP: it has done the step, or will never do it.
vm_told() {
	vm_log "$1" | grep -qE "^inside: $2: (right|wrong)\$" || ! vm_runs "$1"
}

# vm_did NAME STEP: it did the step, and all was right.
vm_did() {
	wait_for 120 vm_told "$1" "$2"
	vm_log "$1"
	vm_log "$1" | grep -q "^inside: $2: right\$"
}

# vm_value NAME WORD: what it says for the host to compare.
vm_value() {
	vm_log "$1" | sed -n "s/^inside: value $2 //p"
}

# vm_ended NAME: it has switched itself off.
vm_ended() {
	wait "$(vm_pid "$1")"
	local status=$?
	vm_log "$1" | tail -n 20
	[ $status = 0 ] && vm_log "$1" | grep -q '^cordon: exit 0'
}

# vm_kill NAME: it has no say in it.  What that took is left in vm_cost.
vm_kill() {
	local before began
	before=$(commands)
	began=$(hundredths)
	kill -KILL "$(vm_pid "$1")"
	wait "$(vm_pid "$1")" 2>/dev/null
	vm_cost="$(($(hundredths) - began))0 ms, $(($(commands) - before)) commands"
	[ ! -d "/proc/$(vm_pid "$1")" ]
}

# hundredths: of a second, since the board was started.
hundredths() {
	sed 's/^\([0-9]*\)\.\([0-9]*\) .*/\1\2/' /proc/uptime
}

# commands: that all queues have been given.
commands() {
	sed -n 's/^queue [0-9]*: .* \([0-9]*\) commands issued.*/\1/p' "$debug/$unit/queues" |
		awk '{ n += $1 } END { print n }'
}

# own_context BDF: the context that the unit reads is that of the group's own domain.
own_context() {
	awk -v device=" $1, driver " '
		index($0, device) { there = 1; domain = $(NF - 2) " " $(NF - 1); tag = $NF }
		there && /^  tags / { sub(",", "", $8); seen = $8; exit }
		END {
			print device domain, tag ", in the context: " seen
			exit !(domain == "DMA tag" && tag == seen)
		}' "$debug/$unit/contexts"
}

# nothing_mapped BDF...: no domain is left but those of the host's own drivers, and
# neither driver nor unit lets a write through where a machine's memory was.
nothing_mapped() {
	local bdf address
	if grep unmanaged "$debug/domains"; then
		return 1
	fi
	for bdf; do
		own_context "$bdf" || return 1
		for address in 40000000 48000000 4f000000 8000000; do
			echo "$bdf $address w" >"$debug/$unit/walk"
			cat "$debug/$unit/walk" >/tmp/walk
			if ! grep -q '^memory: blocked: not mapped' /tmp/walk ||
				! grep -qx 'all agree' /tmp/walk; then
				cat /tmp/walk
				return 1
			fi
		done
	done
}

# cable: the virtio card goes to a network namespace of its own; what machines send
# to it, and get from it, goes over the cable.
cable() {
	net_b=$(link_b)
	unshare -n sleep 100000 &
	net_holder=$!
	wait_for 5 other_namespace && ip link set "$net_b" netns $net_holder &&
		there ip addr add 192.0.2.2/24 dev "$net_b" && there ip link set "$net_b" up
	head -c 1000000 /dev/urandom >/tmp/to-vm
	mkfifo /tmp/endless
}

# listen: to one machine's step "net".
listen() {
	exec 9<>/tmp/endless
	there nc -l -w 120 -p 9000 <&9 >/tmp/from-vm &
	there nc -l -w 120 -p 9001 </tmp/to-vm &
}

# arrived NAME: the machine and the host have got what the other one has sent.
arrived() {
	local sum
	vm_did "$1" net || return 1
	sum=$(sha256sum </tmp/from-vm | cut -d ' ' -f 1)
	echo "the machine sent $(vm_value "$1" sent), the host got $sum"
	[ "$sum" = "$(vm_value "$1" sent)" ] || return 1
	sum=$(sha256sum </tmp/to-vm | cut -d ' ' -f 1)
	echo "the host sent $sum, the machine got $(vm_value "$1" got)"
	[ "$sum" = "$(vm_value "$1" got)" ]
}

# functions_of BDF: its virtual functions.
functions_of() {
	local link
	for link in "$pci/$1"/virtfn*; do
		[ ! -e "$link" ] || basename "$(readlink -f "$link")"
	done
}

# functions_on BDF: two of them, which no driver takes by itself.
functions_on() {
	echo 0 >"$pci/$1/sriov_drivers_autoprobe"
	echo 2 >"$pci/$1/sriov_numvfs"
	echo 1 >"$pci/$1/sriov_drivers_autoprobe"
	[ "$(functions_of "$1" | wc -l)" = 2 ]
}

# disk_functions_on BDF: queues and interrupts go from the disk's physical function to
# the virtual ones, which are switched on.
disk_functions_on() {
	local name id
	name=$(ls "$pci/$1/nvme")
	manage() {
		chroot "$debian" nvme virt-mgmt "/dev/$name" "$@"
	}
	manage --cntlid=0 --rt=0 --act=1 --nr=0 && manage --cntlid=0 --rt=1 --act=1 --nr=0 &&
		echo 1 >"$pci/$1/reset" || return 1
	wait_for 20 grep -q live "/sys/class/nvme/$name/state" && functions_on "$1" || return 1
	for id in 1 2; do
		manage --cntlid=$id --rt=0 --act=8 --nr=2 &&
			manage --cntlid=$id --rt=1 --act=8 --nr=1 &&
			manage --cntlid=$id --rt=0 --act=9 --nr=0 || return 1
	done
}

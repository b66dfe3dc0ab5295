#!/bin/bash
# a disk and a network card are unplugged at work, and plugged again
# kernel: light-6.12
# timeout: 420
. "$(dirname "$0")/../board/lib.sh"
enter_toolbox "$@"

# In Linux 6.12 pciehp takes two of its locks in either order, which lockdep would
# complain of.
exec "$testing_dir/tests/on-board" -k light-6.12 -m hotplug 300 hotplug \
	-device pcie-root-port,id=slot1,chassis=1,slot=1,addr=7 \
	-device pcie-root-port,id=slot2,chassis=2,slot=2,addr=8 \
	-blockdev "driver=file,node-name=slotdisk,read-only=on,filename=$work_dir/rootfs/light-6.12/disk.img" \
	-device nvme,id=slotted_disk,bus=slot1,drive=slotdisk,serial=slot \
	-netdev hubport,id=slotcable,hubid=0 \
	-device igb,id=slotted_card,bus=slot2,netdev=slotcable,romfile=

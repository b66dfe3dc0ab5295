#!/bin/bash
# a disk is unplugged while it is read, and plugged again
# board
# by name
# kernel: test-64k-6.12
# timeout: 320
. "$(dirname "$0")/../board/lib.sh"
enter_toolbox "$@"

# In Linux 6.12 pciehp takes two of its locks in either order, which the other
# kernel would complain of.
exec "$testing_dir/tests/on-board" -k test-64k-6.12 -m hotplug 300 hotplug \
	-device pcie-root-port,id=slot1,chassis=1,slot=1,addr=7 \
	-blockdev "driver=file,node-name=slotdisk,read-only=on,filename=$work_dir/rootfs/test-64k-6.12/disk.img" \
	-device nvme,id=slotted,bus=slot1,drive=slotdisk,serial=slot

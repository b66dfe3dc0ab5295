#!/bin/bash
# the board sleeps, and its units keep their power, lose it, or do not get it back
# waits
# kernel: light-6.12
# timeout: 320
#
# To idle, and to memory with a module in firmware's place, which QEMU's board does
# not have.  What a unit loses with its power is lost all the same: the host takes it
# away while the kernel sleeps.
exec "$(dirname "$0")/on-board" -k light-6.12 -m suspend 300 suspend \
	-device cordon-iommu,id=second \
	-device cordon-engine-platform,iommu=second,devid=5

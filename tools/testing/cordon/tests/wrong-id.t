#!/bin/bash
# a device with a DeviceID that it cannot have is the only one that suffers
# waits
# kernel: stock-7
# timeout: 200
#
# Linux 7.3 asks for all devices as soon as a unit is registered, and would take
# back what is registered for the failure of one.  0xffff is the unit's own ID.
exec "$(dirname "$0")/on-board" -k stock-7 wrong-id 180 wrong-id \
	-device cordon-engine-platform,iommu=iommu,devid=0xffff

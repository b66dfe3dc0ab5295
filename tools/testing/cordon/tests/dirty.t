#!/bin/bash
# which pages a device has written, told to user space: by a log of 4 KiB pages
# kernel: light-6.12
# timeout: 220
#
# Devices write on while bits are read and contexts change, so what is stale may
# be used until its invalidation is complete.
exec "$(dirname "$0")/on-board" -k light-6.12 dirty 200 dirty:log \
	-global cordon-iommu.command-latency=20000 \
	-global cordon-iommu.check-grace=2000000000

#!/bin/bash
# the same with kernel pages of 64 KiB
# kernel: test-64k-6.12
# timeout: 220
exec "$(dirname "$0")/on-board" -k test-64k-6.12 dirty-64k 200 dirty:log \
	-global cordon-iommu.command-latency=20000 \
	-global cordon-iommu.check-grace=2000000000

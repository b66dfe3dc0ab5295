#!/bin/bash
# real devices and the test engine in a kernel with pages of 64 KiB
# board
# kernel: test-64k-6.12
# timeout: 620
# "reset" is here because Linux 6.12 takes locks in a reset of NVMe that the other
# kernel would complain of.  Domains change under DMA, so an entry that is stale may
# be used until its invalidation is complete.
exec "$(dirname "$0")/on-board" -k test-64k-6.12 devices-64k 600 \
	probe,nvme,net,engine-tests,rogue-tests,reset \
	-global cordon-iommu.check-grace=2000000000

#!/bin/bash
# what a device cannot do, whatever happens to it: hostile ones, floods, races
# kernel: light-6.12
# timeout: 920
#
# DMA goes on while contexts and tables change, so an entry that is stale may be
# used until its invalidation is complete.  The ITS complains of messages of a
# device that has none.
exec "$(dirname "$0")/on-board" -k light-6.12 \
	-a "mem=1008M cordon.victim=0x7f000000" \
	-e '(lookup_ite|process_its_cmd.*|do_process_its_cmd): invalid command attributes: .*' \
	security 900 \
	hostile-tests,security-tests:million:messages:unmap_always \
	-global cordon-iommu.command-latency=20000 \
	-global cordon-iommu.check-grace=2000000000 \
	-device cordon-engine,hostile=on,addr=0xa \
	-device cordon-engine,hostile=on,addr=0xb \
	-device cordon-engine,hostile=on,addr=0xc

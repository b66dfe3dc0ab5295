#!/bin/bash
# the same while commands take their time, and beside units that cannot be driven
# waits
# kernel: light-6.12
# timeout: 520
#
# A DMA may use the old context until the invalidation has taken effect: with
# domains that change under it, two seconds are not too long on a busy machine.
# The unit has no dirty log, so that what devices write is seen in stage 1.  The
# master of a unit that cannot be driven goes on without it as soon as Linux lets it.
exec "$(dirname "$0")/on-board" -k light-6.12 -a deferred_probe_timeout=10 slow 500 \
	probe-failures,engine-tests,iommufd,dirty:state:loose \
	-global cordon-iommu.dirty-log=off -global cordon-iommu.snoop=off \
	-global cordon-iommu.command-latency=50000 \
	-global cordon-iommu.check-grace=2000000000 \
	-device cordon-iommu,stage1=off,stage2=off \
	-device cordon-iommu,s1-granules=2,s2-granules=2 \
	-device cordon-iommu,coherent=off,ha=off,hd=off,haft=off,dirty-log=off \
	-device cordon-iommu,id=absent,inject-gone=on \
	-device cordon-engine-platform,iommu=absent,devid=5

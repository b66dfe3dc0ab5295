#!/bin/bash
# a unit that has stage 2 alone, and few VM tags
# waits
# kernel: light-6.12
# timeout: 620
#
# 15 VM tags are few enough that they are used again and again.  Nothing races
# here, so a stale entry must not be used for a single moment.
exec "$(dirname "$0")/on-board" -k light-6.12 stage2 600 \
	nvme,net,rogue-tests,iommufd:apart,engine-tests:-switch_under_dma \
	-global cordon-iommu.stage1=off -global cordon-iommu.vmtag-bits=4

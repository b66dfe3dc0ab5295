#!/bin/bash
# several units, platform masters among their devices, the engine by hand, and a unit that fails
# kernel: light-6.12
# timeout: 520
#
# Behind the first unit is PCI, behind the second an engine, behind the third, which
# is small, another one and a PL330.  They move between domains while they are at
# work, so an entry that is stale may be used until its invalidation is complete.
exec "$(dirname "$0")/on-board" -k light-6.12 -m units 500 \
	dmatest,by-hand:pci:platform,units \
	-global cordon-iommu.check-grace=2000000000 \
	-device cordon-iommu,id=iommu1 \
	-device cordon-iommu,id=iommu2,queues=1,dtag-bits=8,ias=39,devid-bits=16 \
	-device cordon-engine-platform,iommu=iommu1,devid=0x20 \
	-device cordon-engine-platform,iommu=iommu2,devid=0x20 \
	-device cordon-pl330,iommu=iommu2,devid=0x21

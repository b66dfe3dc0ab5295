#!/bin/bash
# disk, network cards, engines and a device run wild, behind Cordon
# kernel: test-64k-6.12
# timeout: 620
exec "$(dirname "$0")/on-board" -k test-64k-6.12 devices 600 \
	probe,look,nvme,net,engine-tests:-switch_under_dma,rogue-tests,types:DMA,reload

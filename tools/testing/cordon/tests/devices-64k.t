#!/bin/bash
# devices, well-behaved and run wild, in a kernel with pages of 64 KiB
# board
# kernel: test-64k-6.12
# timeout: 320
exec "$(dirname "$0")/on-board" -k test-64k-6.12 devices-64k 300 \
	probe,nvme,net,engine-tests:-switch_under_dma,rogue-tests,reset

#!/bin/bash
# a disk and network cards in a kernel with pages of 64 KiB
# board
# kernel: test-64k-6.12
# timeout: 320
exec "$(dirname "$0")/on-board" -k test-64k-6.12 devices-64k 300 nvme,net

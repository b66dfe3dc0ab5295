#!/bin/bash
# real devices and the test engine in a kernel with pages of 64 KiB
# board
# kernel: test-64k-6.12
# timeout: 620
# "reset" is here because Linux 6.12 takes locks in a reset of NVMe that the other
# kernel would complain of.
exec "$(dirname "$0")/on-board" -k test-64k-6.12 devices-64k 600 \
	probe,nvme,net,engine-tests,rogue-tests,reset

#!/bin/bash
# devices are reset and taken away while they are at work, and found again
# waits
# kernel: light-6.12
# timeout: 320
#
# The NVMe driver of Linux 6.12 holds a lock from one write to sysfs to the next,
# which lockdep would complain of.
exec "$(dirname "$0")/on-board" -k light-6.12 reset 300 reset

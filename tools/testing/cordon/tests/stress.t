#!/bin/bash
# everything at once on four CPUs, for a little while
# alone
# kernel: test-64k-6.12
# timeout: 440
exec "$(dirname "$0")/../board/stress" -k test-64k-6.12 stress 15 1

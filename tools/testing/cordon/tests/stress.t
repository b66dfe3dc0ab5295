#!/bin/bash
# everything at once on four CPUs, for a little while
# board
# alone
# timeout: 440
exec "$(dirname "$0")/../board/stress" stress 15 1

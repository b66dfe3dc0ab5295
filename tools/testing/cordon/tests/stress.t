#!/bin/bash
# everything at once on four CPUs, for a little while; and memory that runs out
# board
# timeout: 440
exec "$(dirname "$0")/../board/stress" -t no-memory:short stress 15 1

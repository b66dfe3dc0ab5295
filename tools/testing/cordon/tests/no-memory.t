#!/bin/bash
# memory that runs out, at each allocation of probing, binding, attaching, mapping and removal
# kernel: test-64k-6.12
# timeout: 440
exec "$(dirname "$0")/on-board" -k test-64k-6.12 -a kmemleak=on no-memory 420 no-memory:short

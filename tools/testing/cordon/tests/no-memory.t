#!/bin/bash
# memory that runs out, at each allocation of probing, binding, attaching, mapping and removal
# board
# timeout: 440
exec "$(dirname "$0")/on-board" -a kmemleak=on no-memory 420 no-memory:short

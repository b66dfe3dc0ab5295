#!/bin/bash
# the reference model against an independent oracle, on random memory
exec "$(dirname "$0")/../board/toolbox" \
	make -s -j2 -C tools/testing/cordon/oracle check \
	SEED="$SEED" SEEDS="$SEEDS"

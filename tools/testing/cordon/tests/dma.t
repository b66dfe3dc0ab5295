#!/bin/bash
# what devices can and cannot reach, and what is told of it, by the DMA engine
# board
# timeout: 420
#
# Nothing races here, so a stale entry must not be used for a single moment.
exec "$(dirname "$0")/on-board" dma 400 engine-tests:-switch_under_dma

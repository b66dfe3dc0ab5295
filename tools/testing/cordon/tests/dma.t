#!/bin/bash
# what devices can and cannot reach, and what is told of it, by the DMA engine
# waits
# kernel: light-6.12
# timeout: 420
#
# Nothing races here, so a stale entry must not be used for a single moment.
exec "$(dirname "$0")/on-board" -k light-6.12 dma 400 engine-tests:-switch_under_dma

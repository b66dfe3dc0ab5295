#!/bin/bash
# disk, network cards and a device run wild, on Debian's build of its stable kernel
# kernel: stock-6.12
# timeout: 620
exec "$(dirname "$0")/on-board" -k stock-6.12 stable 600 probe,look,nvme,net,engine-tests:-switch_under_dma,rogue-tests,types,doctor:well,reload

#!/bin/bash
# disk, network cards and a device run wild, on Debian's build of the newest kernel
# kernel: stock-7
# timeout: 620
exec "$(dirname "$0")/on-board" -k stock-7 newest 600 probe,look,nvme,net,engine-tests:-switch_under_dma,rogue-tests,types,doctor:well,reload

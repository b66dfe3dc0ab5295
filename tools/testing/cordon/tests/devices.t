#!/bin/bash
# disk, network cards and a device run wild, behind Cordon
# board
# timeout: 620
exec "$(dirname "$0")/on-board" devices 600 probe,look,nvme,net,rogue-tests,types:DMA,reload

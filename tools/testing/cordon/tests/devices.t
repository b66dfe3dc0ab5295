#!/bin/bash
# disk and a device run wild, behind Cordon
# board
# timeout: 620
exec "$(dirname "$0")/on-board" devices 600 probe,nvme,rogue-tests,reload

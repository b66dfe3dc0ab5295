#!/bin/bash
# virtual machines own devices, by both ways of VFIO
# timeout: 640
# vm: light-6.12
exec "$(dirname "$0")/on-board" -d vfio 380 vfio

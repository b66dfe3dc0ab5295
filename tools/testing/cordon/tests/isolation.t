#!/bin/bash
# where nothing keeps devices from another one's interrupts, VFIO gives none away
# waits
# kernel: light-6.12
# timeout: 140
exec "$(dirname "$0")/on-board" -k light-6.12 isolation 120 isolation -M gic-version=2,its=off

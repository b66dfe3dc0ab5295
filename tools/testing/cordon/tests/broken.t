#!/bin/bash
# hardware that fails while it is in use
# waits
# kernel: light-6.12
# timeout: 300
exec "$(dirname "$0")/on-board" -k light-6.12 -m broken 280 broken

#!/bin/bash
# hardware that fails while it is in use
# board
# timeout: 300
exec "$(dirname "$0")/on-board" -m broken 280 broken

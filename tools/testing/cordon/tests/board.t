#!/bin/bash
# the board boots and reads its NVMe disk, with no warning
# timeout: 200
. "$(dirname "$0")/../board/lib.sh"

echo 1..1
if "$board_dir/boot" -S -t 180 -r smoke >&2; then
	echo "ok 1 - boot and checksums"
else
	echo "not ok 1 - boot and checksums"
	exit 1
fi

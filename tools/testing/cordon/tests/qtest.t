#!/bin/bash
# the emulated device without a guest
. "$(dirname "$0")/../board/lib.sh"

if [ -z "$in_toolbox" ]; then
	"$board_dir/build-qemu" >&2
fi
enter_toolbox "$@"

# The tests look for their emulator and its files beside themselves.
cd "$work_dir/qemu"
export QTEST_QEMU_BINARY=./qemu-system-aarch64
exec ./cordon-test --tap -k

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
set -o pipefail
tests=(cordon-*test)
count=0 failed=0
echo "KTAP version 1"
echo "1..${#tests[@]}"
for test in "${tests[@]}"; do
	count=$((count + 1)) verdict=ok
	if ! "./$test" --tap -k | sed 's/^/    /'; then
		verdict='not ok' failed=1
	fi
	echo "$verdict $count $test"
done
exit "$failed"

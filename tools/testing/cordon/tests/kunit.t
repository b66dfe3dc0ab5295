#!/bin/bash
# the driver's KUnit suites, with the reference model inside the kernel
# board
# timeout: 420
. "$(dirname "$0")/../board/lib.sh"

# The console is read from its log: what boot shows of it is not wanted here.
status=0
"$board_dir/boot" -S -n kunit -t 400 -r kunit >/dev/null 2>"$log_dir/kunit.boot" ||
	status=$?
"$testing_dir/tests/kunit.py" "$cache_dir/kernels/test-6.12/source" \
	"$log_dir/kunit.console" || status=1
# Warnings of the kernel, of KASAN and of lockdep fail what no case has.
[ "$status" = 0 ] || sed 's/^/# /' "$log_dir/kunit.boot" | tail -n 20
exit "$status"

#!/bin/bash
# the driver's KUnit suites, with the reference model inside the kernel
# kernel: test-64k-6.12
# timeout: 420
. "$(dirname "$0")/../board/lib.sh"

kernel=${1:-test-64k-6.12}
name=kunit${1:+-$1}

# The console is read from its log: what boot shows of it is not wanted here.
status=0
"$board_dir/boot" -k "$kernel" -S -n "$name" -t 400 -r kunit \
	>/dev/null 2>"$log_dir/$name.boot" ||
	status=$?
"$testing_dir/tests/kunit.py" "$cache_dir/kernels/$kernel/source" \
	"$log_dir/$name.console" || status=1
# Warnings of the kernel, of KASAN and of lockdep fail what no case has.
[ "$status" = 0 ] || sed 's/^/# /' "$log_dir/$name.boot" | tail -n 20
exit "$status"

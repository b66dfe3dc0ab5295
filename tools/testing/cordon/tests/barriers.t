#!/bin/bash
# the compiled driver orders what it publishes before the store that shows it
# kernel: light-6.12
#
# No emulated CPU reorders stores, so a barrier that is missing does not show
# in any run: here the module's code is looked at (spec 11.3).
. "$(dirname "$0")/../board/lib.sh"
if [ -z "$in_toolbox" ]; then
	"$board_dir/build-module" light-6.12 >&2
fi
enter_toolbox "$@"

module=$work_dir/modules/light-6.12/cordon.ko
code=$(mktemp)
trap 'rm -f "$code"' EXIT
n=0 failed=0

# A barrier for stores to memory that devices see, and a store that is none to
# the stack.
barrier='dmb\toshst'
store='\tstr\t[wx][0-9]+, \[x'

# code_has NAME FUNCTION PROGRAM: what awk's PROGRAM finds in FUNCTION's code, and
# in what the compiler has split from it.
code_has() {
	n=$((n + 1))
	aarch64-linux-gnu-objdump -d --no-show-raw-insn "$module" |
		sed -nE "/ <$2(\.[a-z0-9.]+)?>:\$/,/^\$/p" >"$code"
	if awk -v barrier="$barrier" -v store="$store" "$3" "$code"; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		sed 's/^/# /' "$code"
		failed=1
	fi
}

# shellcheck disable=SC2016 # awk's variables
code_has "a context before the pointer to it" cordon_publish '
	$0 ~ barrier { last = NR }
	$0 ~ store && !first { first = NR }
	END { exit !(last && first && last < first) }'
for function in cordon_queue_run cordon_queue_run_any cordon_iotlb_sync \
	cordon_domain_flush; do
	# shellcheck disable=SC2016
	code_has "commands before the doorbell of $function" $function '
		$0 ~ store && held { found = 1 }
		{ held = $0 ~ barrier }
		END { exit !found }'
done
echo "1..$n"
exit $failed

# shellcheck shell=bash
# Cases of a test that are commands.  Sourced after lib.sh, in the toolbox.

count=0 failed=0
# shellcheck disable=SC2154 # of lib.sh
said=$log_dir/$(basename "$0" .t).said

# expect NAME COMMAND...: the end of what it prints is shown if it fails.
expect() {
	local name=$1
	shift
	count=$((count + 1))
	if "$@" >"$said" 2>&1; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		sed 's/^/# /' "$said" | tail -n 40
		# shellcheck disable=SC2034 # for the scripts that source this one
		failed=1
	fi
}

# subtest NAME COMMAND...: one case, whose own cases are indented before it.
subtest() {
	local name=$1 status=0
	shift
	"$@" | sed 's/^/    /' || status=1
	expect "$name" test "$status" = 0
}

#!/bin/bash
# the reference model under a fuzzer: what was found before, and 20 seconds of new runs
# timeout: 900
#
# QEMU's fuzzer is not built here, for that takes longer than all else: make fuzz.

. "$(dirname "$0")/../board/lib.sh"
enter_toolbox "$@"

fuzz=$testing_dir/fuzz
build=$work_dir/fuzz/model/build
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cases=0
failed=0

# expect NAME COMMAND...: a case that passes if the command does.
expect() {
	local name=$1
	shift
	cases=$((cases + 1))
	if "$@" >"$tmp/log" 2>&1; then
		echo "ok $cases - $name"
		return
	fi
	echo "not ok $cases - $name"
	grep -E -m 12 '^[a-z_]+: |ERROR|error:|SUMMARY| in cm_| in cordon_|^Base64' "$tmp/log" |
		sed 's/^/# /'
	failed=1
}

mkdir -p "$tmp/kept" "$tmp/corpus"
expect "it builds" make -s -C "$fuzz" O="$build" all
[ "$failed" -eq 0 ] || { echo 1..1; exit 1; }
python3 "$fuzz/starts" --cases "$tmp/kept"
for case in "$tmp"/kept/*; do
	expect "kept case $(basename "$case")" "$build/fuzz" "$case"
done
python3 "$fuzz/starts" "$tmp/corpus"
expect "new runs find nothing" "$build/fuzz" -max_total_time=20 -max_len=4096 \
	-timeout=60 -print_final_stats=1 -artifact_prefix="$tmp/" "$tmp/corpus"
echo "# note: $(sed -n 's/^stat::number_of_executed_units: *//p' "$tmp/log") runs"
echo "1..$cases"
exit $failed

#!/bin/bash
# the reference model under a fuzzer: what was found before, and 10 seconds of new runs
# timeout: 900
#
# QEMU's fuzzer is not built here, for that takes longer than all else: make fuzz.

. "$(dirname "$0")/../board/lib.sh"
enter_toolbox "$@"

fuzz=$testing_dir/fuzz
build=$work_dir/fuzz/model/build
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"

mkdir -p "$tmp/kept" "$tmp/corpus"
expect "it builds" make -s -C "$fuzz" O="$build" all
[ "$failed" -eq 0 ] || { echo 1..1; exit 1; }
python3 "$fuzz/starts" --cases "$tmp/kept"
for case in "$tmp"/kept/*; do
	expect "kept case $(basename "$case")" "$build/fuzz" "$case"
done
python3 "$fuzz/starts" "$tmp/corpus"
expect "new runs find nothing" "$build/fuzz" -max_total_time=10 -max_len=4096 \
	-timeout=60 -print_final_stats=1 -artifact_prefix="$tmp/" "$tmp/corpus"
echo "# note: $(sed -n 's/^stat::number_of_executed_units: *//p' "$said") runs"
echo "1..$count"
exit $failed

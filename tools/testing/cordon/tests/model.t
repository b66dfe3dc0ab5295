#!/bin/bash
# the reference model's own tests, with sanitizers, and how much of it they reach
# timeout: 600
#
# With each compiler; the cases of the second count on from the first's.  What they
# reach of the model may not fall below these figures, in percent.
lines_floor=98
branches_floor=89

. "$(dirname "$0")/../board/lib.sh"
enter_toolbox "$@"

set -o pipefail
model=$(dirname "$0")/../model
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cases=0
failed=0
for cc in gcc clang; do
	command -v "$cc" >/dev/null || continue
	if ! make -s -C "$model" CC="$cc" O="$out/$cc" all >"$out/log" 2>&1; then
		cases=$((cases + 1))
		failed=1
		echo "not ok $cases - $cc: the model builds"
		sed 's/^/# /' "$out/log" | head -n 30
		continue
	fi
	ran=0
	while IFS= read -r line; do
		case $line in
		"ok "* | "not ok "*)
			cases=$((cases + 1))
			ran=$((ran + 1))
			[ "${line%% *}" = ok ] || failed=1
			echo "${line%%ok *}ok $cases - $cc: ${line#* - }"
			;;
		1..*) planned=${line#1..} ;;
		*) echo "$line" ;;
		esac
	done < <("$out/$cc/tests/run" 2>"$out/err" || echo "# exit status $?")
	if [ "$ran" != "${planned:-none}" ]; then
		cases=$((cases + 1))
		failed=1
		echo "not ok $cases - $cc: the tests run to their end"
		sed 's/^/# /' "$out/err" | head -n 30
	fi
	planned=
done
# covered: "all  98.50 % of 3325 lines,  89.40 % of 2780 branches"
if command -v gcov >/dev/null; then
	cases=$((cases + 1))
	make -s -C "$model" O="$out/gcc" coverage >"$out/log" 2>&1 || :
	covered=$(sed -n 's/^all  *//p' "$out/log" | tr -s ' ')
	lines=${covered%%.*} branches=${covered#*lines, }
	echo "# note: its tests reach ${covered:-nothing}"
	if [ "${lines:-0}" -ge $lines_floor ] 2>/dev/null &&
		[ "${branches%%.*}" -ge $branches_floor ] 2>/dev/null; then
		echo "ok $cases - gcov: the tests reach what they have reached before"
	else
		echo "not ok $cases - gcov: the tests reach what they have reached before"
		echo "# wanted: $lines_floor % of lines, $branches_floor % of branches"
		sed 's/^/# /' "$out/log" | tail -n 30
		failed=1
	fi
fi
if [ "$cases" -eq 0 ]; then
	echo "1..0 # SKIP no compiler"
	exit 0
fi
echo "1..$cases"
exit "$failed"

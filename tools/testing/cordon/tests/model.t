#!/bin/bash
# the reference model's own tests, with sanitizers
#
# With each compiler; the cases of the second count on from the first's.

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
if [ "$cases" -eq 0 ]; then
	echo "1..0 # SKIP no compiler"
	exit 0
fi
echo "1..$cases"
exit "$failed"

#!/bin/bash
# every shell script passes shellcheck
#
# SC2317 is left out: it takes functions that are called by name for dead code.
. "$(dirname "$0")/../board/lib.sh"
enter_toolbox "$@"

# is_script FILE: of the shell's, run or sourced.
is_script() {
	[[ $1 == *.sh ]] || head -n 1 "$1" | grep -qE '^#!.*/(ba|)sh\b|^# shellcheck shell='
}

# passes_shellcheck FILE SOURCED...: and those that it may source.
passes_shellcheck() {
	cd "$(dirname "$1")" && shellcheck -x -P SCRIPTDIR -e SC2317 "$(basename "$1")"
}

tools=$(dpkg-query -W shellcheck)
# shellcheck source=silence.sh
. "$(dirname "$0")/silence.sh"

scripts=() sourced=()
while read -r file; do
	is_script "$file" || continue
	scripts+=("$file")
	[ -x "$file" ] || sourced+=("$file")
done < <(git_top ls-files -- .ci debian tools | sort)
for file in "${scripts[@]}"; do
	expect_silence "$file" passes_shellcheck "$file" "${sourced[@]}"
done
report

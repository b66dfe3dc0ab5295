#!/bin/bash
# every shell script passes shellcheck
#
# SC2317 is left out: it takes functions that are called by name for dead code.
. "$(dirname "$0")/../board/lib.sh"

n=0 bad=0
while read -r file; do
	head -n 1 "$top_dir/$file" | grep -qE '^#!.*/(ba|)sh\b' ||
		[[ $file == *.sh ]] || continue
	n=$((n + 1))
	if (cd "$top_dir/$(dirname "$file")" &&
		shellcheck -x -P SCRIPTDIR -e SC2317 "$(basename "$file")") >&2; then
		echo "ok $n - $file"
	else
		echo "not ok $n - $file"
		bad=1
	fi
done < <(git_top ls-files -- .ci debian tools | sort)
echo "1..$n"
exit $bad

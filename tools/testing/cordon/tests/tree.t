#!/bin/bash
# tracked files hold no leftovers, machine paths or large blobs, and defects to plant fit
. "$(dirname "$0")/../board/lib.sh"
cd "$top_dir"

n=0 bad=0
# report NAME OFFENDERS: a case that passes if there are no offenders.
report() {
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf '%s\n' "$2" | sed 's/^/# /'
		bad=1
	fi
}

mapfile -t files < <(git_top ls-files)
self=tools/testing/cordon/tests/tree.t
search() {
	printf '%s\0' "${files[@]}" | grep -zvxF "$self" |
		xargs -0 grep -nIE "$1" -- 2>/dev/null || :
}

report "no leftover words" "$(search '\b(TODO|FIXME|XXX|HACK)\b')"
report "no path of a machine" "$(search '(^|[^A-Za-z0-9_.])/(work|home|Users)/')"
report "no package host" "$(search '(deb|security|ftp)\.debian\.org|pypi\.org')"
report "no address that nobody has" "$(search 'noreply|@[a-z0-9.-]*\.example\b')"
report "no file above 256 KiB" "$(for f in "${files[@]}"; do
	[ ! -f "$f" ] || [ "$(stat -c %s "$f")" -le 262144 ] || echo "$f"
done)"
report "no C file above 1200 lines" "$(for f in "${files[@]}"; do
	case $f in *.[ch]) [ "$(wc -l <"$f")" -le 1200 ] || echo "$f" ;; esac
done)"
report "each defect of board/mutants can be put in" "$("$board_dir/mutants" -n)"
echo "1..$n"
exit $bad

# shellcheck shell=bash
# Checks of files that pass if a tool has nothing to say.  Sourced, not run.
#
# That a tool was silent is kept in the cache, as the compiler's work is, under a
# hash of all that it read; then it need not read it again.  What the files do not
# hold of that is in $tools, which who sources this sets.
# shellcheck disable=SC2154 # $tools, and what is of lib.sh

cd "$top_dir" || exit
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cases=0 known=0 running=0
silent=$cache_dir/silent
mkdir -p "$silent"
find "$silent" -type f -mtime +30 -delete

# expect_silence NAME COMMAND FILE...: a case that passes if nothing is said of the
# files, whose names are from the top of the tree.  As many run at once as there are
# CPUs; report says what came of them, in order.
expect_silence() {
	local key
	cases=$((cases + 1))
	echo "$1" >"$tmp/$cases.name"
	shift
	key=$(cat "$testing_dir/tests/$(basename "$0")" "${@:2}" | hash_of "$tools" "$@")
	if [ -e "$silent/$key" ]; then
		touch "$silent/$key" "$tmp/$cases.said"
		echo 0 >"$tmp/$cases.status"
		known=$((known + 1))
		return
	fi
	[ $running -lt "$(nproc)" ] || wait -n || :
	running=$((running + 1))
	{
		"$@" >"$tmp/$cases.said" 2>&1
		echo $? >"$tmp/$cases.status"
		if [ ! -s "$tmp/$cases.said" ] && [ "$(<"$tmp/$cases.status")" = 0 ]; then
			touch "$silent/$key"
		fi
	} &
}

report() {
	local i result failed=0
	wait
	for ((i = 1; i <= cases; i++)); do
		result=ok
		if [ -s "$tmp/$i.said" ] || [ "$(<"$tmp/$i.status")" != 0 ]; then
			result='not ok'
			failed=1
		fi
		echo "$result $i - $(<"$tmp/$i.name")"
		sed 's/^/# /' "$tmp/$i.said" | head -n 30
	done
	echo "1..$cases"
	echo "# note: $known of them were known, from the same files and tools"
	return $failed
}

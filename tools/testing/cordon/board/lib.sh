# shellcheck shell=bash
# Paths, messages and locks shared by the board's scripts.  Sourced, not run.
#
# A script runs either on the machine or inside the toolbox root (toolbox),
# where the checkout is always /cordon and the cache always /cache, so that
# nothing that is built depends on where this machine keeps them.

set -euo pipefail
# What runs make says how; others' words on it would reach as far as DKMS.
unset MAKEFLAGS MFLAGS

board_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top_dir=$(cd "$board_dir/../../../.." && pwd)
# shellcheck disable=SC2034 # for the scripts that source this one
testing_dir=$top_dir/tools/testing/cordon

if [ -e /etc/cordon-toolbox ]; then
	in_toolbox=1
	cache_dir=/cache
else
	in_toolbox=
	cache_dir=${XDG_CACHE_HOME:-$HOME/.cache}/cordon
	export CORDON_HOST_CACHE=$cache_dir CORDON_HOST_TOP=$top_dir
fi

# shellcheck disable=SC2034 # likewise
usual_kernel=light-6.12
# By these a kernel is compiled in two thirds of the time, but for what counts on
# the optimizer.
# shellcheck disable=SC2034 # likewise
quick_flags=(KCFLAGS='-O1 -finline-small-functions' CFLAGS_patching.o=-O2)

# Each checkout keeps what is its own (modules, images, logs) apart from
# the others', and shares sources, compilers' caches and kernels with them.
work_dir=$cache_dir/work/$(printf %s "$CORDON_HOST_TOP" | sha256sum | cut -c1-12)
log_dir=$work_dir/log
mkdir -p "$work_dir" "$log_dir"

# say TAG TEXT...: one line of progress.
say() {
	local tag=$1
	shift
	printf '[%s] %s\n' "$tag" "$*" >&2
}

die() {
	say error "$*"
	exit 1
}

# host_path PATH: the name by which the machine's user knows a path.
host_path() {
	case $1 in
	/cache/*) printf '%s/%s\n' "$CORDON_HOST_CACHE" "${1#/cache/}" ;;
	/cordon/*) printf '%s/%s\n' "$CORDON_HOST_TOP" "${1#/cordon/}" ;;
	*) printf '%s\n' "$1" ;;
	esac
}

# hash_of WORD...: a short key for the words and standard input together.
hash_of() {
	{ printf '%s\n' "$@"; cat; } | sha256sum | cut -c1-16
}

# lock NAME: hold a lock until the script ends; says so if it must wait.
lock() {
	local fd
	mkdir -p "$cache_dir/lock"
	exec {fd}>"$cache_dir/lock/$1"
	if ! flock -n "$fd"; then
		say "$1" "waiting for another build"
		flock "$fd"
	fi
}

# enter_toolbox ARG...: run the calling script again inside the toolbox.
enter_toolbox() {
	[ -z "$in_toolbox" ] || return 0
	local self
	self=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
	exec "$board_dir/toolbox" "/cordon/${self#"$top_dir"/}" "$@"
}

# quietly TAG LOG COMMAND...: output goes to LOG, whose end is shown on error.
quietly() {
	local tag=$1 log=$2
	shift 2
	if ! "$@" >"$log" 2>&1; then
		say "$tag" "failed: $*"
		tail -n 40 "$log" >&2
		say "$tag" "log: $(host_path "$log")"
		return 1
	fi
}

# git_top ARG...: git on the checkout, also from inside the toolbox.
git_top() {
	if [ -n "$in_toolbox" ]; then
		git -c safe.directory='*' --git-dir="$CORDON_GIT_DIR" \
			--work-tree="$top_dir" "$@"
	else
		git -C "$top_dir" "$@"
	fi
}

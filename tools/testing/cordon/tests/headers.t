#!/bin/bash
# the module builds without a warning against Debian's own headers, 6.12's and the newest 7's
# headers: 6.12,7
# timeout: 600
. "$(dirname "$0")/../board/lib.sh"
if [ -z "$in_toolbox" ]; then
	"$board_dir/headers" 6.12 >/dev/null
	"$board_dir/headers" 7 >/dev/null
fi
enter_toolbox "$@"
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"

# The name is always the same, for the compiler's cache, which keeps warnings too.
tmp=/tmp/headers
trap 'rm -rf "$tmp"' EXIT
# builds KDIR: with the kernel's own warnings and those of W=1.
builds() {
	rm -rf "$tmp/build"
	mkdir -p "$tmp/build/drivers/iommu"
	cp -r "$top_dir/drivers/iommu/cordon" "$tmp/build/drivers/iommu/"
	cp -r "$top_dir/include" "$tmp/build/"
	make -C "${1%-arm64}-common" O="$1" W=1 -j "$(nproc)" \
		M="$tmp/build/drivers/iommu/cordon" modules >"$tmp/log" 2>&1 || {
		cat "$tmp/log"
		return 1
	}
	! grep -A8 -E '([Ww]arning|WARNING|[Ee]rror|ERROR):|Error [0-9]' "$tmp/log"
}

# made_for RELEASE: the module says so, and the kernel's own tool understands it.
made_for() {
	modinfo "$tmp/build/drivers/iommu/cordon/cordon.ko"
	[[ $(modinfo -F vermagic "$tmp/build/drivers/iommu/cordon/cordon.ko") == "$1 "* ]]
}

for series in 6.12 7; do
	kdir=$(readlink -f "$cache_dir/headers/$series")
	release=${kdir##*/linux-headers-}
	expect "it builds for $release, in silence" builds "$kdir"
	expect "it is a module of that kernel" made_for "$release"
done
echo "1..$count"
exit $failed

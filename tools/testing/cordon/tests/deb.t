#!/bin/bash
# the DKMS package is made, holds what the module is built from, and lintian has nothing to say
. "$(dirname "$0")/../board/lib.sh"
enter_toolbox "$@"
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"

# The name is always the same, for the compiler's cache.
tmp=/tmp/deb
mkdir "$tmp"
trap 'rm -rf "$tmp"' EXIT
lintian_is_silent() {
	(cd "$work_dir/deb" && lintian --allow-root --fail-on error,warning,info \
		cordon_*.changes) && [ ! -s "$said" ]
}

# Every file of the driver but its tests, and nothing else of C.
sources() {
	dpkg-deb -x "$work_dir"/deb/cordon-dkms_*.deb "$tmp/root"
	cd "$tmp/root"/usr/src/cordon-* || return 1
	diff <(cd "$top_dir" && git_top ls-files 'drivers/iommu/cordon/*.[ch]' \
		'include/*.h' | grep -v '_test\.[ch]$' | sort) \
		<(find . -name '*.[ch]' | sed 's|^\./||' | sort)
}

# What DKMS would have make do, for the kernel of the board.
builds() {
	local kdir=$cache_dir/kernels/$usual_kernel
	cd "$tmp/root"/usr/src/cordon-* || return 1
	# shellcheck disable=SC2016 # DKMS's variable
	grep -q '^MAKE\[0\]=.* -C ${kernel_source_dir} M=.*/drivers/iommu/cordon modules"' dkms.conf &&
		make -C "$kdir" M="$PWD/drivers/iommu/cordon" ARCH=arm64 \
			CROSS_COMPILE=aarch64-linux-gnu- -j "$(nproc)" modules &&
		[ -f drivers/iommu/cordon/cordon.ko ]
}

# The initial RAM disk gets the module, and a script of it loads that.
initrd() {
	local tools=$tmp/root/usr/share/initramfs-tools
	grep -q '^	manual_add_modules cordon$' "$tools/hooks/cordon" &&
		grep -q '^modprobe .*cordon' "$tools/scripts/init-top/cordon" &&
		[ -x "$tools/hooks/cordon" ] && [ -x "$tools/scripts/init-top/cordon" ] &&
		sh -n "$tools/hooks/cordon" && sh -n "$tools/scripts/init-top/cordon"
}

expect "it is made" "$board_dir/build-deb"
expect "lintian has nothing to say" lintian_is_silent
expect "it has the driver's sources, all of them" sources
expect "they are all that the module needs" builds
expect "it has what the initial RAM disk needs" initrd
expect "it has the doctor" test -x "$tmp/root/usr/sbin/cordon-doctor"
echo "1..$count"
exit $failed

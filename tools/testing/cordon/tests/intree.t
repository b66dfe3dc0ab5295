#!/bin/bash
# the tree drops into a kernel's source, builds there as y and m, and kunit.py runs its suites
# kernel: light-6.12
# timeout: 900
. "$(dirname "$0")/../board/lib.sh"
enter_toolbox "$@"
# What is mounted here is nobody else's: other tests boot the same kernel.
[ -n "${CORDON_OWN_MOUNTS:-}" ] ||
	CORDON_OWN_MOUNTS=1 exec unshare --mount --propagation unchanged "$0" "$@"

# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"

build=$(readlink -f "$cache_dir/kernels/light-6.12")
source=$(readlink -f "$build/source")
over=$work_dir/intree/$(basename "$build")
# over_it DIR NAME: what is written to DIR from now on lands elsewhere, seen by
# us alone.  So neither a source nor a built kernel is copied, or made anew: make
# finds them where they were, with our files among them.
over_it() {
	mkdir -p "$over/$2" "$over/$2.work"
	mount -t overlay -o "lowerdir=$1,upperdir=$over/$2,workdir=$over/$2.work" overlay "$1"
}

make_in_tree() {
	make -C "$source" O="$build" ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- \
		-j "$(nproc)" "${quick_flags[@]}" "$@"
}

install_twice() {
	"$top_dir/tools/cordon/install-tree" "$source" || return 1
	touch "$over"
	cp -p "$source/drivers/iommu/Kconfig" "$source/drivers/iommu/Makefile" "$over/"
	"$top_dir/tools/cordon/install-tree" "$source" || return 1
	cmp "$over/Kconfig" "$source/drivers/iommu/Kconfig" &&
		cmp "$over/Makefile" "$source/drivers/iommu/Makefile" &&
		diff -r "$top_dir/drivers/iommu/cordon" "$source/drivers/iommu/cordon" &&
		[ "$(grep -c cordon "$source/drivers/iommu/Kconfig" "$source/drivers/iommu/Makefile" |
			grep -c ':1$')" = 2 ]
}

refuses() {
	local said
	if said=$("$top_dir/tools/cordon/install-tree" "$1" 2>&1); then
		return 1
	fi
	echo "$said"
	grep -F "no kernel's source tree" <<<"$said"
}

# configure y|m: the board's kernel, with Cordon built in or as modules.
configure() {
	{
		cat "$over/kernel.config"
		sed "/CORDON/s/=y/=$1/" "$source/drivers/iommu/cordon/.kunitconfig"
		printf '%s\n' CONFIG_SERIAL_AMBA_PL010=y CONFIG_SERIAL_AMBA_PL010_CONSOLE=y
	} >"$build/.config"
	make_in_tree -s olddefconfig || return 1
	grep CORDON "$build/.config"
	[ "$(grep -c "^CONFIG_CORDON.*=$1" "$build/.config")" = 2 ]
}

# silent WORD...: nothing is said of our files, with this on make's command line.
silent() {
	make_in_tree "$@" drivers/iommu/cordon/ >"$log_dir/intree.make" 2>&1 || {
		cat "$log_dir/intree.make"
		return 1
	}
	! grep -A6 -E 'cordon.*(warning|error):' "$log_dir/intree.make"
}

# With W=1 as before, so that nothing is compiled again.
modules() {
	make_in_tree W=1 drivers/iommu/cordon/cordon.ko drivers/iommu/cordon/cordon_test.ko || return 1
	modinfo "$build/drivers/iommu/cordon/cordon.ko" &&
		modinfo "$build/drivers/iommu/cordon/cordon_test.ko"
}

# kunit.py would make a kernel from nothing for our .kunitconfig.  One that has
# all of it already is kept, if kunit.py knows the .kunitconfig.
kunit() {
	local suite said=$log_dir/intree.kunit
	cp "$build/.config" "$over/y.config"
	(cd "$source" && PATH=$work_dir/qemu:$PATH && export PATH &&
		set -- --arch=arm64 --cross_compile=aarch64-linux-gnu- --build_dir="$build" \
			--kunitconfig=drivers/iommu/cordon "${quick_flags[@]/#/--make_options=}" &&
		./tools/testing/kunit/kunit.py config "$@" &&
		cp "$over/y.config" "$build/.config" &&
		./tools/testing/kunit/kunit.py run --jobs="$(nproc)" --timeout=400 "$@" 'cordon*') >"$said" 2>&1 || {
		cat "$said"
		return 1
	}
	sed -n 's/.*\(Testing complete.*\)/# note: \1/p' "$said" | tail -n 1 >&3
	# shellcheck disable=SC2013 # words
	for suite in $(sed -n 's/^\t\.name = "\(cordon_[a-z]*\)",$/\1/p' \
		"$source"/drivers/iommu/cordon/*_test.c); do
		grep -q "=== $suite\b" "$said" || {
			echo "suite $suite did not run"
			return 1
		}
	done
	# What kunit.py read.  On its machine there is one CPU, and nothing that has
	# fault injection reach further.
	grep -q '# Totals: pass:' "$build/test.log" &&
		! grep -E 'BUG:|WARNING:|Oops|Call trace' "$build/test.log" &&
		! grep -oE '# SKIP .+' "$build/test.log" | grep -vxE \
			'# SKIP (fault injection does not reach GFP_KERNEL|for pages of 64 KiB|needs two CPUs)\s*'
}

mkdir -p "$over"
cp "$build/.config" "$over/kernel.config"
over_it "$source" source
over_it "$build" modules
exec 3>&1
echo 1..9
expect "what is no kernel's source is refused" refuses "$top_dir"
expect "it drops in by one command, and a second changes nothing" install_twice
expect "Kconfig has it as modules" configure m
expect "as modules it builds with W=1, in silence" silent W=1
expect "the modules are whole" modules
# A kernel that has Cordon in it is no ground for its modules.
umount "$build"
over_it "$build" builtin
expect "Kconfig has it built in" configure y
expect "built in it builds with W=1, in silence" silent W=1
expect "sparse is silent" silent C=2 CHECK=sparse W=1
expect "kunit.py runs the suites" kunit
exit $failed

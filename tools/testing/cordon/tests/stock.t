#!/bin/bash
# our package on Debian's own system and kernel: built as it is installed, there before other drivers, root on a disk behind Cordon
# stock
# timeout: 600
. "$(dirname "$0")/../board/lib.sh"
enter_toolbox "$@"
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"

stock=$work_dir/stock
if [ ! -e "$stock/key" ]; then
	echo "1..0 # SKIP this machine cannot run programs of arm64: see board/as-arm64"
	exit
fi

# What gcc said of our sources as DKMS called it.
built_in_silence() {
	cat "$stock/make.log"
	grep -q 'CC \[M\].*core\.o$' "$stock/make.log" &&
		! grep -E '(warning|error):|Error [0-9]' "$stock/make.log"
}

# The module, and the script that loads it before udev.
in_initrd() {
	cat "$stock/installed"
	grep '^initrd: .*/updates/dkms/cordon\.ko' "$stock/installed" &&
		grep '^initrd: scripts/init-top/cordon$' "$stock/installed"
}

# build-stock had programs of its own machine at work: none may be in there.
all_of_arm64() {
	cat "$stock/machines"
	grep -q '^b700 .*/bin/kmod$' "$stock/machines" &&
		! grep -v '^b700 ' "$stock/machines"
}

# The package was removed again, after all of this had been copied.
nothing_is_left() {
	cat "$stock/left-behind"
	[ -e "$stock/left-behind" ] && [ ! -s "$stock/left-behind" ]
}

# The scripts, which change more often than the system.
put_scripts() {
	local file
	{
		for file in all lib.sh stock; do
			echo "rm /tests/$file"
			echo "write $testing_dir/guest/$file /tests/$file"
			echo "set_inode_field /tests/$file mode 0100755"
		done
	} | debugfs -w -f - "$stock/disk.img"
	for file in all lib.sh stock; do
		debugfs -R "cat /tests/$file" "$stock/disk.img" |
			cmp - "$testing_dir/guest/$file" || return 1
	done
}

expect "it is built on the system, and gcc has nothing to say" built_in_silence
expect "module and script are in the initial RAM disk" in_initrd
expect "all that is in there is arm64's" all_of_arm64
expect "removed, it leaves nothing, in the initial RAM disk neither" nothing_is_left
expect "the tests are on the disk" put_scripts
subtest "it boots, and each device is attached" \
	"$testing_dir/tests/on-board" -D "$stock" \
	-a "root=/dev/nvme0n1 rw systemd.getty_auto=no systemd.show_status=0" \
	stock 560 stock
echo "1..$count"
exit $failed

#!/bin/bash
# another kernel takes over live hardware, told of it or after a crash
# waits
# kernel: light-6.12
# timeout: 620
. "$(dirname "$0")/../board/lib.sh"
enter_toolbox "$@"
# shellcheck source=../board/devices
. "$board_dir/devices"

kernel=$cache_dir/kernels/light-6.12/arch/arm64/boot/Image
initramfs=$work_dir/rootfs/light-6.12/initramfs.gz
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"

# second: what the second kernel said.
second() {
	tr -d '\r' <"$log_dir/$run.console" | sed '1,/^cordon: the next kernel/d'
}

started() {
	second | grep 'Booting Linux on physical CPU' >/dev/null
}

silent() {
	! second | sed '1,/Booting Linux on physical CPU/d' |
		grep -E 'WARNING:|BUG:|Oops|Call trace|KASAN:|DMA-API:.*error'
}

rules_kept() {
	! grep -vxf "$board_dir/known-errors" "$log_dir/$run.qemu"
}

# try HOW WORDS...: the first kernel's crash is loud; the second must be silent.
try() {
	local how=$1 status=0
	run=kexec-$how
	shift
	"$board_dir/boot" -k light-6.12 -n "$run" -t 290 -r kexec \
		-a "log_buf_len=4M cordon.kexec=$how mem=2032M cordon.victim=0xbf000000 cordon.tests=hostile-survived:first,probe,nvme,net,engine-tests:copy:never_mapped:unmap,hostile-survived:last $*" \
		-- "${board_devices[@]}" -m 2G \
		-drive "file=$kernel,format=raw,if=none,id=kernel,readonly=on" \
		-device virtio-blk-pci,drive=kernel,iommu_platform=on,disable-legacy=on,addr=8 \
		-drive "file=$initramfs,format=raw,if=none,id=initramfs,readonly=on" \
		-device virtio-blk-pci,drive=initramfs,iommu_platform=on,disable-legacy=on,addr=9 \
		-global cordon-iommu.check-grace=2000000000 \
		-device cordon-engine,hostile=on,addr=0xa \
		-device cordon-engine,hostile=on,addr=0xb \
		-device cordon-engine,hostile=on,addr=0xc \
		>/dev/null 2>"$log_dir/$run.boot" || status=$?
	second | sed -n 's/^ *\(not ok .*\)/# \1/p'
	[ "$status" = 0 ] || tail -n 20 "$log_dir/$run.boot" | sed 's/^/# /'
	expect "$how: disk, cards and engine work in the second kernel, and hostile devices reached nothing" [ "$status" = 0 ]
	expect "$how: it was a second kernel" started
	expect "$how: which has warned of nothing" silent
	expect "$how: the hardware saw no rule broken" rules_kept
}

echo "TAP version 13"
echo "1..8"
# Without EFI nobody keeps the ITS's tables out of the next kernel's way, so the
# first does without.
try now irqchip.gicv3_nolpi=1
try crash crashkernel=512M
[ $failed = 0 ]

#!/bin/bash
# a device that firmware left at work loses nothing to the driver
# waits
# kernel: light-6.12
# timeout: 320
. "$(dirname "$0")/../board/lib.sh"
enter_toolbox "$@"

# Three engines behind a unit of their own; what each is for: guest/handover.
engines=(-device "cordon-iommu,id=second")
for devid in 5 6 7; do
	engines+=(-device "cordon-engine-platform,iommu=second,devid=$devid")
done
region=0x70000000

# The board's device tree, with memory that is reserved for the first engine,
# and as much behind it that nobody has.
# shellcheck source=../board/devices
. "$board_dir/devices"
tree=$log_dir/handover
"$work_dir/qemu/qemu-system-aarch64" -nodefaults -nographic \
	-M "virt,gic-version=3,its=on,dumpdtb=$tree.dtb" -cpu cortex-a76 -smp 2 \
	-m 1G "${board_devices[@]}" "${engines[@]}" >/dev/null
bus=$(fdtget -l "$tree.dtb" / | grep platform-bus)
mapfile -t nodes < <(fdtget -l "$tree.dtb" "/$bus" | grep engine | sort)
mapfile -t units < <(fdtget -l "$tree.dtb" "/$bus" | grep iommu | sort)

# at NODE: where its registers are.
at() {
	printf '0x%x\n' $((0x${bus#*@} + 0x${1#*@}))
}

# put NODE PROPERTY CELL...
put() {
	fdtput -t x "$tree.dtb" "$@"
}

memory=/reserved-memory
mine=$memory/region@${region#0x} nobodys=$memory/region@70200000
engine=/$bus/${nodes[0]}
fdtput -c "$tree.dtb" "$memory" "$mine" "$nobodys"
put "$memory" '#address-cells' 2
put "$memory" '#size-cells' 2
put "$memory" ranges
put "$mine" reg 0 $region 0 200000
put "$mine" no-map
put "$mine" phandle 7001
# an address and a size as the engine's bus has them
put "$mine" iommu-addresses 7000 $region 200000
put "$nobodys" reg 0 70200000 0 200000
put "$nobodys" no-map
put "$engine" phandle 7000
put "$engine" memory-region 7001

# Their unit has one interrupt for everything, as the binding allows. QEMU has five
# wires: it is that of faults.
unit=/$bus/${units[1]}
read -ra wires < <(fdtget -t x "$tree.dtb" "$unit" interrupts)
put "$unit" interrupts "${wires[@]:3:3}"
fdtput -d "$tree.dtb" "$unit" interrupt-names

# QEMU starts with its CPUs stopped: what is written to memory and registers by
# the protocol of its own tests comes before any instruction of the guest's.
pipe=$log_dir/handover.pipe
rm -f "$pipe".{in,out}
mkfifo "$pipe".{in,out}
exec 8<>"$pipe.in" 9<>"$pipe.out"

poke() {
	printf 'write%s 0x%x 0x%x\n' "$1" "$2" "$3" >&8
	local answer
	read -r -t 60 answer <&9 && [ "$answer" = OK ]
}

# start ENGINE COMMAND SRC DST LEN DELAY: again and again, for ever.
start() {
	local base=$1
	poke q $((base + 0x10)) "$3" && poke q $((base + 0x18)) "$4" &&
		poke q $((base + 0x20)) "$5" && poke q $((base + 0x28)) 0x5afe &&
		poke q $((base + 0x40)) 0x7fffffffffffffff &&
		poke q $((base + 0x48)) "$6" && poke l $((base + 0x04)) "$2"
}

# firmware: a directory of one level at 0x71000000, of which DeviceIDs 5 and 6
# bypass all; memory attributes that are not Linux's; engines at work.
firmware() {
	local unit dir=0x71000000 i
	unit=$(at "${units[1]}")
	poke q $((dir + 8 * 5)) $((dir + 0x1001)) &&
		poke q $((dir + 8 * 6)) $((dir + 0x1001)) &&
		poke q $((dir + 0x1000)) 3 &&
		poke q $((unit + 0x60)) 0x44ff00 &&
		poke q $((unit + 0x48)) $((dir + 1)) || return
	for ((i = 0; i < 65536; i += 4096)); do
		poke q $((region + i)) $((0xc0de0000 + i)) || return
	done
	# copy; fill and go on after errors
	start "$(at "${nodes[0]}")" 3 $region $((region + 0x100000)) 65536 1000000 &&
		start "$(at "${nodes[1]}")" 0x204 0 $((region + 0x200000)) 4096 5000000 &&
		start "$(at "${nodes[2]}")" 0x204 0 $((region + 0x300000)) 4096 20000000
}

play() {
	if ! firmware; then
		echo "# firmware failed" >"$log_dir/handover.firmware"
		return
	fi
	rm -f "$log_dir/handover.firmware"
	echo cont >&6
}
mkfifo "$pipe.monitor.in" "$pipe.monitor.out" 2>/dev/null || :
exec 6<>"$pipe.monitor.in" 7<>"$pipe.monitor.out"
cat <&7 >/dev/null &
reader=$!
play &
player=$!
trap 'kill $player $reader 2>/dev/null' EXIT

# Engines are at work while their contexts are replaced: see slow.t.
list=handover:$(at "${nodes[0]}"):$(at "${nodes[1]}"):$(at "${nodes[2]}"):$region
"$testing_dir/tests/on-board" -k light-6.12 handover 300 "$list" \
	-global cordon-iommu.check-grace=2000000000 "${engines[@]}" -S -dtb "$tree.dtb" -qtest "pipe:$pipe" \
	-chardev "pipe,id=mon,path=$pipe.monitor" -mon chardev=mon,mode=readline

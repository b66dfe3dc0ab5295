#!/bin/bash
# a device behind an external port is translated and strict, whatever the command line says
# kernel: light-6.12
# timeout: 320
. "$(dirname "$0")/../board/lib.sh"
enter_toolbox "$@"
# shellcheck source=../board/devices
. "$board_dir/devices"

# shellcheck disable=SC2054 # the commas are part of QEMU's options
outside=(-device pcie-root-port,id=outside,chassis=1,slot=1,addr=7
	-device cordon-engine,bus=outside)
tree=$log_dir/untrusted.dtb port=/pcie@10000000/pcie@7,0

# The board's own device tree, with a node for the port, which faces outwards.
# QEMU writes the tree and ends: for boot that is a board without a result.
rm -f "$tree"
"$board_dir/boot" -k light-6.12 -n untrusted-tree -t 60 -- "${board_devices[@]}" \
	"${outside[@]}" -M "dumpdtb=$tree" >/dev/null 2>&1 || :
fdtput -c "$tree" $port
fdtput -t x "$tree" $port reg 3800 0 0 0 0
fdtput -t s "$tree" $port device_type pci
fdtput -t x "$tree" $port '#address-cells' 3
fdtput -t x "$tree" $port '#size-cells' 2
fdtput "$tree" $port ranges
fdtput "$tree" $port external-facing

# The trusted engine is shown to be in a lazy domain, where it may use what is stale.
"$testing_dir/tests/on-board" -k light-6.12 -a "iommu.passthrough=1 iommu.strict=0" \
	-e 'cordon: iommu: DeviceID 0x18 at address .* used a cached translation .*' \
	untrusted 300 untrusted "${outside[@]}" -dtb "$tree"

# shellcheck shell=dash
# What the board's test scripts share: KTAP, and finding things.  Sourced.
#
# A script calls plan, then check, pass, fail or skip once for each case, and
# ends with finish.

ktap_count=0 ktap_failed=0 ktap_planned=0
ktap_mark="cordon-test: $0 $$"

# plan N: N cases will follow, and one more that finish adds.
plan() {
	ktap_planned=$(($1 + 1))
	echo "KTAP version 1"
	echo "1..$ktap_planned"
	echo "$ktap_mark" >/dev/kmsg
}

say() {
	echo "# $*"
}

pass() {
	ktap_count=$((ktap_count + 1))
	echo "ok $ktap_count $*"
}

fail() {
	ktap_count=$((ktap_count + 1))
	ktap_failed=$((ktap_failed + 1))
	echo "not ok $ktap_count $*"
}

skip() {
	pass "$1 # SKIP $2"
}

# check NAME COMMAND...: what it prints is shown if it fails.
check() {
	local name=$1
	shift
	if "$@" >/tmp/check.out 2>&1; then
		pass "$name"
	else
		sed 's/^/# /' /tmp/check.out
		fail "$name"
	fi
}

# kernel_log: what the kernel has said since the script's plan.
kernel_log() {
	dmesg | sed "1,/$(echo "$ktap_mark" | sed 's/[^a-z0-9: -]/./g')\$/d"
}

# ask_host COMMAND...: QEMU's monitor does it, and its answer is printed.  The
# board must have been started by on-board -m.
ask_host() {
	local line
	stty -echo </dev/console
	echo "# host: $*" >/dev/console
	while read -r line; do
		case $line in
		"host: done"*) return 0 ;;
		"host: failed"*) return 1 ;;
		"host: "*) echo "${line#host: }" ;;
		esac
	done </dev/console
}

# warnings: lines of the kernel's log that no test may cause.  Whose a data race
# is, boot decides; a cache that cannot be made for want of memory shows where.
warnings() {
	kernel_log | sed -e '/BUG: KCSAN: data-race/d' \
		-e '/kmem_cache_create_args(cordon.*failed/,/Call trace/d' |
		grep -E 'WARNING|BUG:|Oops|KASAN|Call trace|refcount_t|possible (recursive|circular)|inconsistent lock|DMA-API:|not answer|leaked|unit is dead|acknowledgment'
}

finish() {
	if warnings >/tmp/warnings; then
		sed 's/^/# /' /tmp/warnings
		fail "no warning in the kernel's log"
	else
		pass "no warning in the kernel's log"
	fi
	[ $ktap_count = $ktap_planned ] ||
		say "planned $ktap_planned cases, did $ktap_count"
	[ $ktap_failed = 0 ] && [ $ktap_count = $ktap_planned ]
	exit
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
	local left=$(($1 * 5))
	shift
	until "$@" 2>/dev/null; do
		[ $left -gt 0 ] || return 1
		left=$((left - 1))
		sleep 0.2
	done
}

pci=/sys/bus/pci/devices

# pci_devices: addresses of all PCI devices but bridges.
pci_devices() {
	local dev
	for dev in "$pci"/*; do
		[ -e "$dev" ] || continue
		case $(cat "$dev/class") in
		0x06*) ;;
		*) basename "$dev" ;;
		esac
	done
}

# pci_find VENDOR:DEVICE: addresses of the devices of this kind.
pci_find() {
	local dev
	for dev in "$pci"/*; do
		[ "$(cat "$dev/vendor"):$(cat "$dev/device")" != "$1" ] ||
			basename "$dev"
	done
}

engine_id=0x1234:0xc0d0
first_engine() {
	pci_find "$engine_id" | head -n 1
}

last_engine() {
	pci_find "$engine_id" | tail -n 1
}

driver_of() {
	[ -e "$pci/$1/driver" ] && basename "$(readlink -f "$pci/$1/driver")"
}

group_of() {
	[ -e "$pci/$1/iommu_group" ] && readlink -f "$pci/$1/iommu_group"
}

domain_of() {
	[ -e "$pci/$1/iommu_group/type" ] && cat "$pci/$1/iommu_group/type"
}

# unbind BDF: the device's driver lets go of it, if it has one.
unbind() {
	[ ! -e "$pci/$1/driver" ] || echo "$1" >"$pci/$1/driver/unbind"
}

# bind BDF: the driver that fits takes it.
bind() {
	echo "$1" >/sys/bus/pci/drivers_probe && [ -e "$pci/$1/driver" ]
}

# give_to_vfio BDF: user space can have the device.
give_to_vfio() {
	unbind "$1"
	echo vfio-pci >"$pci/$1/driver_override"
	bind "$1" && wait_for 5 [ -c "$(vfio_device "$1")" ]
}

# vfio_device BDF: the file by which it has it.
vfio_device() {
	echo "/dev/vfio/devices/$(basename "$pci/$1"/vfio-dev/vfio*)"
}

# take_from_vfio BDF DRIVER: the device goes back to its driver.
take_from_vfio() {
	unbind "$1"
	echo >"$pci/$1/driver_override"
	bind "$1" && [ "$(driver_of "$1")" = "$2" ]
}

# set_domain BDF TYPE: the device must be unbound.
set_domain() {
	echo "$2" >"$pci/$1/iommu_group/type" && [ "$(domain_of "$1")" = "$2" ]
}

# load_cordon: the driver, and the devices that wait for it.
load_cordon() {
	[ -d /sys/module/cordon ] || modprobe cordon || return 1
	wait_for 30 [ -b /dev/nvme0n1 ]
}

load_engine() {
	[ -d /sys/module/cordon_engine_drv ] || modprobe cordon_engine_drv ||
		return 1
	wait_for 10 [ -c /dev/cordon-engine0 ]
}

# ends STATUS PATTERN COMMAND...: how dma ends, and a line that it prints.
ends() {
	local status want=$1 pattern=$2
	shift 2
	"$@" >/tmp/dma 2>&1
	status=$?
	echo "status $status"
	cat /tmp/dma
	[ "$status" = "$want" ] && grep -E "$pattern" /tmp/dma
}

# disk_is_whole DEVICE: each file is as it was made, read from the disk.
disk_is_whole() {
	local status
	echo 3 >/proc/sys/vm/drop_caches
	mount -t ext2 -o ro "$1" /mnt || return 1
	(cd /mnt && sha256sum -c manifest)
	status=$?
	umount /mnt
	return "$status"
}

# interfaces_of DRIVER: network interfaces of this driver.
interfaces_of() {
	local dev
	for dev in /sys/class/net/*; do
		[ -e "$dev/device/driver" ] || continue
		[ "$(basename "$(readlink -f "$dev/device/driver")")" != "$1" ] ||
			basename "$dev"
	done
}

# pci_of_interface NAME: PCI address of its device.
pci_of_interface() {
	readlink -f "/sys/class/net/$1/device" | tr / '\n' | grep -E '^[0-9a-f]{4}:' | tail -n 1
}

# The two cards that are cabled to each other: the second igb, the virtio one.
link_a() {
	interfaces_of igb | tail -n 1
}

link_b() {
	interfaces_of virtio_net | tail -n 1
}

# have_cards: all three network cards have come up.
have_cards() {
	[ "$(interfaces_of igb | wc -l)" = 2 ] && [ -n "$(link_b)" ]
}

# net_up: the two cards are joined.
net_up() {
	if ! wait_for 30 have_cards; then
		echo "interfaces: '$(interfaces_of igb)' and '$(link_b)'"
		return 1
	fi
	net_join "$(link_a)" "$(link_b)"
}

# net_join A B: the second card moves to a network namespace of its own, so that
# what is sent between the two really leaves by one and enters by the other.
net_join() {
	net_a=$1 net_b=$2
	unshare -n sleep 100000 &
	net_holder=$!
	wait_for 5 other_namespace || return 1
	ip link set "$net_b" netns $net_holder || return 1
	ip addr add 192.0.2.1/24 dev "$net_a" && ip link set "$net_a" up || return 1
	there ip addr add 192.0.2.2/24 dev "$net_b" || return 1
	there ip link set "$net_b" up || return 1
	wait_for 20 ping -c 1 -W 1 192.0.2.2 >/dev/null
}

other_namespace() {
	[ "$(readlink "/proc/$net_holder/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

# there COMMAND...: in the other namespace.
there() {
	nsenter -t "$net_holder" -n "$@"
}

net_down() {
	[ -z "$net_holder" ] || kill "$net_holder"
	wait "$net_holder" 2>/dev/null
	net_holder=
	ip addr flush dev "$net_a"
	ip link set "$net_a" down
}

# listening [there]: net_send's listener is.
listening() {
	"$@" grep -qsE ':2328 [0-9A-F]+:0000 0A ' /proc/net/tcp /proc/net/tcp6
}

# net_send BYTES there|here: random bytes to the other side; the sum must agree.
# The listener's input never ends: at its end it would hang up.
net_send() {
	local sent got
	head -c "$1" /dev/urandom >/tmp/sent
	sent=$(sha256sum </tmp/sent)
	[ -p /tmp/endless ] || mkfifo /tmp/endless
	exec 9<>/tmp/endless
	if [ "$2" = there ]; then
		there nc -l -w 60 -p 9000 <&9 >/tmp/got &
		wait_for 20 listening there
		nc -w 60 192.0.2.2 9000 </tmp/sent
	else
		nc -l -w 60 -p 9000 <&9 >/tmp/got &
		wait_for 20 listening
		there nc -w 60 192.0.2.1 9000 </tmp/sent
	fi
	wait $!
	got=$(sha256sum </tmp/got)
	echo "sent $(wc -c </tmp/sent) bytes, ${sent%% *}"
	echo "got  $(wc -c </tmp/got) bytes, ${got%% *}"
	[ "$sent" = "$got" ]
}

# shellcheck shell=dash
# What the scripts that measure share.  Sourced; lib.sh is part of it.  The kernel's
# command line says bench.iommu=cordon, smmuv3, virtio or none, and bench.parts=.
# shellcheck source=../../guest/lib.sh
. ./lib.sh

bench=/sys/kernel/debug/cordon_bench/run
clock=/sys/class/rtc/rtc0/since_epoch
iommu=none parts=''
read -r cmdline </proc/cmdline
for word in $cmdline; do
	case $word in
	bench.iommu=*) iommu=${word#*=} ;;
	bench.parts=*) parts=${word#*=} ;;
	esac
done

wanted() {
	case ,$parts, in
	*,$1,*) return 0 ;;
	esac
	return 1
}

# tell NAME WORDS...: a figure, for the runner.
tell() {
	echo "bench: $*"
}

die() {
	tell "failed: $*"
	exit 1
}

# mark: a line in QEMU's log of events, between which the runner counts: the
# clock is read once.
mark() {
	read -r _ <$clock
}

# stamp FILE: now, for busy.
stamp() {
	sh ./bench-stamp "$1"
}

# busy FROM TO: ns in which the only CPU had something to do, between two stamps.
busy() {
	awk '/^now at / { now[FILENAME == ARGV[1]] = $3 }
	     /_sleeptime/ { sub(/.*: */, ""); idle[FILENAME == ARGV[1]] += $1 }
	     END { printf "%.0f", now[0] - now[1] - (idle[0] - idle[1]) }' "$1" "$2"
}

# irqs: interrupts of IOMMUs so far.
irqs() {
	local whose
	case $iommu in
	cordon) whose='cordon-|c000000.iommu' ;;
	smmuv3) whose=smmu ;;
	virtio) whose=$(basename /sys/bus/virtio/drivers/virtio_iommu/virtio*)- ;;
	none) whose='^$' ;;
	esac
	awk -v whose="$whose" 'NR == 1 { cpus = NF }
	     $0 ~ whose {
		for (i = 2; i <= cpus + 1; i++)
			n += $i
	     }
	     END { print n + 0 }' /proc/interrupts
}

# start: the IOMMU's driver where it is a module, and ours.
start() {
	if [ "$iommu" = cordon ]; then
		modprobe cordon || die "no cordon"
	fi
	wait_for 30 [ -b /dev/nvme0n1 ] || die "no disk"
	modprobe cordon_bench || die "no cordon_bench"
	# shellcheck disable=SC2034 # for the scripts
	engines=$(pci_find "$engine_id")
}

# lend DRIVER BDF [TYPE]: the device goes to a driver, in a domain of this type.
# Its group comes with its first driver.
lend() {
	unbind "$2"
	echo "$1" >"$pci/$2/driver_override"
	if [ -n "$3" ] && [ "$iommu" != none ]; then
		if [ ! -e "$pci/$2/iommu_group" ]; then
			bind "$2"
			unbind "$2"
		fi
		set_domain "$2" "$3" || return 1
	fi
	bind "$2" && [ "$(driver_of "$2")" = "$1" ]
}

# figure NAME LINE: have the module do something, and tell what it came to.
figure() {
	local name=$1 before
	shift
	before=$(irqs)
	mark
	echo "$*" >$bench || die "$*"
	mark
	tell "$name" "$(cat $bench) irqs=$(($(irqs) - before))"
}

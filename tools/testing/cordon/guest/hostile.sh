# shellcheck shell=dash disable=SC2154 # what lib.sh sets
# Hostile engines, on boards that have them, and a page of memory that belongs
# to no kernel: cordon.victim= on the command line, beyond what mem= leaves to
# Linux.  Sourced after lib.sh.
#
# One writes to the page, one reads from it, one writes to all memory that there
# is, the unit's own structures too, and begins again.

hostile_id=0x1234:0xc0d1
victim=''
read -r cmdline </proc/cmdline
for word in $cmdline; do
	case $word in
	cordon.victim=*) victim=${word#cordon.victim=} ;;
	esac
done

hostile_are() {
	writer=$1 reader=$2 sweeper=$3
}
# shellcheck disable=SC2046 # a list of words
hostile_are $(pci_find "$hostile_id")

# registers BDF: where they are; known as well while Linux knows no such device.
registers() {
	[ -e "/run/hostile-$1" ] || {
		echo 1 >"$pci/$1/enable"
		./hostile address "$1" >"/run/hostile-$1"
	}
	cat "/run/hostile-$1"
}

# hostile_do BDF COMMAND...
hostile_do() {
	local where
	where=$(registers "$1")
	shift
	./hostile "$where" "$@"
}

hostile_begin() {
	local ram=0x40000000
	hostile_do "$writer" begin write "$victim" 4096 200000 &&
		hostile_do "$reader" begin read "$victim" 4096 300000 &&
		hostile_do "$sweeper" begin write $ram $((victim - ram + 4096)) 250000
}

hostile_end() {
	hostile_do "$writer" end && hostile_do "$reader" end &&
		hostile_do "$sweeper" end
}

# moved_by BDF: bytes, since it began.
moved_by() {
	hostile_do "$1" counts | cut -d ' ' -f 1
}

# held_out TALLY: each has tried since, nothing has moved since it began, and
# the page is as it was.
held_out() {
	# shellcheck disable=SC2086 # a list of words
	./hostile held "$victim" $1
}

# under_attack COMMAND...: it succeeds, and no DMA did meanwhile.
under_attack() {
	local before
	# shellcheck disable=SC2046 # single words
	before=$(./hostile tally $(registers "$writer") $(registers "$reader") \
		$(registers "$sweeper"))
	"$@" || {
		echo "failed: $*"
		return 1
	}
	sleep 0.1
	held_out "$before"
}

# step NAME COMMAND...: a case.
step() {
	local name=$1
	shift
	check "$name" under_attack "$@"
	sed -n 's/^\(.*: refused .*\)/# \1/p' /tmp/check.out
}

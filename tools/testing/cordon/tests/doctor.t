#!/bin/bash
# cordon-doctor finds what is described as behind Cordon and is not attached
# waits
# kernel: light-6.12
# timeout: 420
. "$(dirname "$0")/../board/lib.sh"
enter_toolbox "$@"
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"

# situation TITLE OPTIONS-OF-ON-BOARD...: one boot.
situation() {
	local name=$1
	shift
	subtest "$name" "$testing_dir/tests/on-board" -k light-6.12 "$@"
}

echo 1..3
situation "no module, then one in time" \
	doctor 120 doctor:missing,doctor:well
situation "the module comes too late" \
	-a "deferred_probe_timeout=1 nvme_core.admin_timeout=5" doctor-late 150 doctor:late
situation "the unit cannot be driven" \
	doctor-refused 120 doctor:refused \
	-global cordon-iommu.stage1=off -global cordon-iommu.stage2=off
exit $failed

#!/bin/bash
# the KUnit suites, user space and the main scripts, on the newest kernel, built from its source
# by name
# kernel: light-7
# timeout: 900
. "$(dirname "$0")/../board/lib.sh"
enter_toolbox "$@"
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"

subtest "the KUnit suites" "$testing_dir/tests/kunit.t" light-7
# As on 6.12: devices write on while bits are read and contexts change.
subtest "user space" "$testing_dir/tests/on-board" -k light-7 newest-user 200 \
	iommufd,dirty:log -global cordon-iommu.command-latency=20000 \
	-global cordon-iommu.check-grace=2000000000
# dma-debug of 7.3 knows a mapping as "phy", and looks for it as "single" when it is
# synced: it finds none while another that has gone is still written at that address.
subtest "devices" "$testing_dir/tests/on-board" -k light-7 -a dma_debug=off newest-board 400 \
	probe,look,nvme,net,engine-tests:-switch_under_dma,rogue-tests,types,doctor:well,reload
echo "1..$count"
exit $failed

#!/bin/bash
# the KUnit suites in a kernel with pages of 64 KiB
# board
# kernel: test-64k-6.12
# timeout: 420
exec "$(dirname "$0")/kunit.t" test-64k-6.12

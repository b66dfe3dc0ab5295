#!/bin/bash
# the KUnit suites in a kernel with pages of 4 KiB that checks as much
# by name
# kernel: test-6.12
# timeout: 420
exec "$(dirname "$0")/kunit.t" test-6.12

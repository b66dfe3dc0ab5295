#!/bin/bash
# what make bench reads of logs, counts and holds against its targets
exec "$(dirname "$0")/../board/toolbox" python3 tools/testing/cordon/tests/bench_check.py

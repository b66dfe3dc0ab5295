#!/bin/bash
# the guides against the code: targets, paths, tests, messages, reasons, parameters
exec "$(dirname "$0")/../board/toolbox" python3 tools/testing/cordon/tests/docs.py

#!/bin/bash
# the tables of the hardware specification against the header
exec "$(dirname "$0")/../board/toolbox" python3 tools/testing/cordon/tests/spec.py

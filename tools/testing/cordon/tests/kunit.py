#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Turn the KTAP of a module's KUnit suites on a console into flat TAP.

Usage: kunit.py KERNEL-SOURCE CONSOLE

The kernel's own parser reads it.  A suite that ended early, that is missing,
or that the kernel did not survive is a failure of its own.
"""
import io
import pathlib
import re
import sys

SUITES = {
    "cordon_caps", "cordon_context", "cordon_error", "cordon_fault",
    "cordon_gather", "cordon_look", "cordon_map", "cordon_order",
    "cordon_queue", "cordon_report", "cordon_untrusted", "cordon_walk",
}


def module_ktap(console):
    """Lines from where the module's suites begin: the kernel has a plan too."""
    lines = [re.sub(r"\x1b\[[0-9;]*m|\r", "", line) for line in console]
    for i in range(len(lines) - 1, -1, -1):
        if re.search(r"\] KTAP version 1\s*$", lines[i]):
            return [re.sub(r"^\[\s*[0-9.]+\] ?", "", line) for line in lines[i:]]
    return []


def leaves(test, path=()):
    """Each case, with its full name; a parent that failed alone is one too."""
    name = path + (test.name,) if test.name else path
    # What is below a case without a subtest's name are its parameters.
    below = [leaf for sub in test.subtests for leaf in leaves(sub, name)]
    ok = test.status.name in ("SUCCESS", "SKIPPED")
    if not below or (not ok and all(leaf[1] for leaf in below)):
        below.append((name, ok, test.status.name))
    return below


def main():
    source, console = sys.argv[1:]
    sys.path.insert(0, str(pathlib.Path(source) / "tools/testing/kunit"))
    import kunit_parser

    with open(console, encoding="utf-8", errors="replace") as log:
        lines = module_ktap(log)
    silence = io.StringIO()
    stdout, sys.stdout = sys.stdout, silence
    kunit_parser.stdout._output = silence
    try:
        result = kunit_parser.parse_run_tests(lines)
    finally:
        sys.stdout = stdout

    failed = False
    cases = [leaf for suite in result.subtests for leaf in leaves(suite)]
    missing = SUITES - {suite.name for suite in result.subtests}
    cases += [((name,), False, "MISSING") for name in sorted(missing)]
    for number, (name, ok, status) in enumerate(cases, 1):
        # TAP gives '#' and backslashes a meaning.
        text = re.sub(r"[#\\]", "_", ".".join(name))
        skip = " # SKIP" if status == "SKIPPED" else ""
        print(f"{'ok' if ok else 'not ok'} {number} - {text}{skip}")
        failed |= not ok
    print(f"1..{len(cases)}")
    return 1 if failed or not cases else 0


sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Turn the KTAP of a module's KUnit suites on a console into flat TAP.

Usage: kunit.py KERNEL-SOURCE CONSOLE

The kernel's own parser reads it.  A suite that ended early, that is missing,
or that the kernel did not survive is a failure of its own.
"""
import contextlib
import io
import pathlib
import re
import sys

DRIVER = pathlib.Path(__file__).resolve().parents[4] / "drivers/iommu/cordon"
# Why a case may leave itself out.  Anything else is something that our kernels
# have, and a case that does not find it has not been tested.
MAY_SKIP = {"", "for pages of 64 KiB", "none at level 1 (spec 4.4)"}


def suites():
    """The names of those that there are, by the driver's sources."""
    return {name for path in DRIVER.glob("*_test.c")
            for name in re.findall(r'^\t\.name = "(cordon_\w+)",$',
                                   path.read_text(), re.M)}


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
    import kunit_printer

    with open(console, encoding="utf-8", errors="replace") as log:
        lines = module_ktap(log)
    # The parser also prints.  That of newer kernels is told where to.
    silence = io.StringIO()
    kunit_printer.stdout._output = silence
    new = hasattr(kunit_printer, "null_printer")
    with contextlib.redirect_stdout(silence):
        result = (kunit_parser.parse_run_tests(lines, kunit_printer.null_printer)
                  if new else kunit_parser.parse_run_tests(lines))

    failed = False
    cases = [leaf for suite in result.subtests for leaf in leaves(suite)]
    missing = suites() - {suite.name for suite in result.subtests}
    cases += [((name,), False, "MISSING") for name in sorted(missing)]
    skipped = {word for line in lines
               for word in re.findall(r"# SKIP ?(.*?)\s*$", line)} - MAY_SKIP
    cases += [(("left out", word), False, "MISSING") for word in sorted(skipped)]
    for number, (name, ok, status) in enumerate(cases, 1):
        # TAP gives '#' and backslashes a meaning.
        text = re.sub(r"[#\\]", "_", ".".join(name))
        skip = " # SKIP" if status == "SKIPPED" else ""
        print(f"{'ok' if ok else 'not ok'} {number} - {text}{skip}")
        failed |= not ok
    print(f"1..{len(cases)}")
    return 1 if failed or not cases else 0


sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Hold the tables of the hardware specification against the header.

Each table row that names a macro, an enumerator or a member of a structure is
compared with what the compiler makes of it; and each definition of the header
must stand in the specification. Prints TAP.
"""

import csv
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[4]
SPEC = TOP / "Documentation/iommu/cordon/specification.rst"
HEADER = TOP / "include/linux/cordon_hw.h"
SHIM = TOP / "tools/testing/cordon/model/include"

# Definitions that follow from others or name a number the text spells out.
NOT_IN_TABLES = {
    "CORDON_DIR_PAGE_SIZE", "CORDON_DIR_BITS", "CORDON_DIR_ENTRIES",
    "CORDON_DIR_MAX_LEVELS", "CORDON_DEVID_MAX_BITS", "CORDON_PASID_MAX_BITS",
    "CORDON_VMTAG_MAX_BITS", "CORDON_DTAG_MAX_BITS", "CORDON_CMDQ_MAX",
    "CORDON_STATUS_SIZE", "CORDON_MAIRS", "CORDON_INTS", "CORDON_PAGE_SIZE",
    "CORDON_PAGE_COUNTERS", "CORDON_MAJOR", "CORDON_MINOR",
}


def tables(text):
    """Yield (header cells, rows) of each csv-table of the specification."""
    for block in re.split(r"^\.\. csv-table::", text, flags=re.M)[1:]:
        lines = block.split("\n")
        header = []
        rows = []
        for line in lines[1:]:
            if line.strip().startswith(":header:"):
                # docutils splits the header at commas, whatever :delim: says
                header = next(csv.reader([line.split(":header:")[1].strip()],
                                         skipinitialspace=True))
            elif line.startswith("   ") and not line.strip().startswith(":"):
                rows.append([c.strip() for c in line.split("|")])
            elif line and not line.startswith(" "):
                break
        yield header, rows


def mask(bits):
    high, _, low = bits.partition(":")
    high, low = int(high), int(low or high)
    return ((1 << (high - low + 1)) - 1) << low


def expectations(text):
    """What the tables and the prose say: {expression: value}."""
    want = {}
    for header, rows in tables(text):
        for row in rows:
            names = re.findall(r"^``([^`]+)``", row[1]) if len(row) > 1 else []
            if header[0] == "Bits" and names:
                want[names[0]] = mask(row[0])
            elif header[:2] == ["Offset", "Register"]:
                name, offset = names[0], row[0]
                stride = re.fullmatch(r"(0x[0-9a-f]+) \+ (0x[0-9a-f]+) n", offset)
                if stride:
                    for n in (0, 1, 63):
                        want[name.replace("(n)", f"({n})")] = \
                            int(stride[1], 16) + n * int(stride[2], 16)
                else:
                    want[name] = int(offset, 16)
            elif header[0] == "Value" and names and names[0].startswith("CORDON_"):
                want[names[0]] = int(row[0], 0)
            elif header[0] == "Bit" and names:
                want[names[0]] = int(row[0])
            elif header[0] == "Offset" and "Member of struct" in header[1]:
                struct = header[1].split()[-1]
                for name in names:
                    want[f"offsetof(struct {struct}, {name})"] = int(row[0])
        for name, value in re.findall(r"``(CORDON_\w+)`` \((\d+(?::\d+)?)\)",
                                      "\n".join(c for r in rows for c in r[1:])):
            want.setdefault(name, mask(value))
    for name, value in re.findall(r"``(CORDON_[\w]+)``\s+\((\d+:\d+|\d+)\)", text):
        want.setdefault(name, mask(value))
    for q in (0, 1, 63):
        for page in ("GUEST", "HOST"):
            base = re.search(rf"``CORDON_PAGE_{page}\(q\)``,\s+(0x[0-9a-f]+)\s+\+"
                             r"\s+(0x[0-9a-f]+)\s+q", text)
            want[f"CORDON_PAGE_{page}({q})"] = \
                int(base[1], 16) + q * int(base[2], 16)
    want["CORDON_MAGIC"] = int(re.search(r"``CORDON_MAGIC``,\s+(0x[0-9a-f]+)",
                                         text)[1], 16)
    for name, size in (("dc", 64), ("pc", 64), ("fault_block", 64), ("qdesc", 64),
                       ("cmd", 32), ("fault", 64), ("page_request", 32)):
        want[f"sizeof(struct cordon_{name})"] = size
    return want


def definitions(header):
    """Names that the header defines."""
    names = set(re.findall(r"^#define (CORDON_\w+)", header, flags=re.M))
    names |= set(re.findall(r"^\t(CORDON_\w+)\s*=", header, flags=re.M))
    return names


def evaluate(expressions):
    """What the compiler makes of each expression, or None if it refuses."""
    with tempfile.TemporaryDirectory() as tmp:
        def run(exprs):
            source = Path(tmp) / "values.c"
            lines = "\n".join(f'\tprintf("%llx\\n", (unsigned long long)({e}));'
                              for e in exprs)
            source.write_text("#include <stddef.h>\n#include <stdio.h>\n"
                              "#include <linux/cordon_hw.h>\n"
                              f"int main(void)\n{{\n{lines}\n\treturn 0;\n}}\n")
            built = subprocess.run(
                ["gcc", "-std=gnu11", "-I", SHIM, "-I", TOP / "include",
                 "-o", f"{tmp}/values", source], capture_output=True, check=False)
            if built.returncode:
                return None
            out = subprocess.run([f"{tmp}/values"], capture_output=True, text=True,
                                 check=True).stdout
            return [int(x, 16) for x in out.split()]
        values = run(expressions)
        if values is not None:
            return dict(zip(expressions, values))
        return {e: (run([e]) or [None])[0] for e in expressions}


def main():
    text = SPEC.read_text()
    header = HEADER.read_text()
    want = expectations(text)
    got = evaluate(list(want))
    results = []
    for name, value in want.items():
        have = got[name]
        note = f" # specified {value:#x}, defined " + \
            ("not at all" if have is None else f"{have:#x}")
        results.append((have == value, name, "" if have == value else note))
    named = {re.match(r"\w+", n)[0] for n in want if n.startswith("CORDON_")}
    for name in sorted(definitions(header) - NOT_IN_TABLES - {"_LINUX_CORDON_HW_H"}):
        results.append((name in named, f"{name} is specified", ""))
    print(f"TAP version 13\n1..{len(results)}")
    for number, (ok, name, note) in enumerate(results, 1):
        print(f"{'ok' if ok else 'not ok'} {number} - {name}{note}")
    return not all(ok for ok, _, _ in results)


if __name__ == "__main__":
    sys.exit(main())

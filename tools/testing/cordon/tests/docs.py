#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Hold the guides against the code that they describe. Prints TAP.

What a guide names has to exist: make targets, tests, files. And what the code
has must be in a guide, in the code's own words: fault reasons, messages,
tracepoints, module parameters, tests, files of the driver, make targets.
"""

import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[4]
GUIDES = TOP / "Documentation/iommu/cordon"
DRIVER = TOP / "drivers/iommu/cordon"
TESTING = TOP / "tools/testing/cordon"
OURS = ("Documentation", "drivers", "include", "tools", ".ci")

# Figures of the text that are constants of the code.
FIGURES = (
    ("faults.rst", r"may have 64 records waiting", "cordon.h",
     r"#define CORDON_FAULT_LIMIT\s+64$"),
    ("faults.rst", r"queue itself holds 512 records", "fault.c",
     r"#define CORDON_FQ_LOG2\s+9$"),
    ("faults.rst", r"after about 65 ms", "fault.c",
     r"#define CORDON_MERGE_LOG2\s+16$"),
    ("faults.rst", r"Ten lines in five seconds", "fault.c",
     r"ratelimit_state_init\(&tally->limit, 5 \* HZ, 10\)"),
    ("faults.rst", r"had 1024 records within a second", "fault.c",
     r"#define CORDON_CREDIT_BURST\s+1024$"),
    ("faults.rst", r"only every 50 ms", "fault.c",
     r"#define CORDON_CREDIT_DELAY\s+msecs_to_jiffies\(50\)$"),
    ("faults.rst", r"within five seconds", "fault.c",
     r"#define CORDON_REMAINDER_DELAY\s+\(5 \* HZ\)$"),
    ("faults.rst", r"-2 if there is none", "cordon.h",
     r"#define CORDON_FAULT_NO_LEVEL\s+\(-2\)$"),
    ("driver.rst", r"Less than 1 becomes 1, more than 4000 becomes 4000",
     "platform.c", r"clamp\(ms, 1, 4000\)"),
    ("driver.rst", r"ring of 256 commands", "queue.c",
     r"#define CORDON_CMDQ_LOG2\s+8$"),
    ("driver.rst", r"64 such tables", "cordon.h",
     r"#define CORDON_DEFERRED_TABLES\s+64$"),
    ("driver.rst", r"1 MiB at 0x8000000", "cordon.h",
     r"#define CORDON_MSI_IOVA_BASE\s+0x8000000$\n"
     r"#define CORDON_MSI_IOVA_LENGTH\s+0x100000$"),
    ("vfio.rst", r"1 MiB at 0x8000000", "cordon.h",
     r"#define CORDON_MSI_IOVA_BASE\s+0x8000000$\n"
     r"#define CORDON_MSI_IOVA_LENGTH\s+0x100000$"),
)

results = []


def case(name, problems):
    """One TAP case, which passes if there are no problems."""
    results.append((name, list(problems)))


def flat(text):
    return re.sub(r"\s+", " ", text)


class Guide:
    """A document: its text, its literals, and the lines of its code blocks."""

    def __init__(self, path):
        self.path = path
        self.name = str(path.relative_to(TOP))
        self.text = path.read_text()
        self.flat = flat(self.text)
        self.code = list(self.code_lines())
        prose = re.sub(r"^```.*?^```", "", self.text, flags=re.M | re.S)
        self.literals = re.findall(r"``([^`]+)``" if path.suffix == ".rst"
                                   else r"`([^`\n]+)`", prose)

    def code_lines(self):
        inside, indent = False, ""
        for line in self.text.split("\n"):
            if self.path.suffix == ".md":
                if line.startswith("```"):
                    inside = not inside
                elif inside or line.startswith("    "):
                    yield line.strip()
                continue
            if inside and line.strip() and not line.startswith(indent + " "):
                inside = False
            if inside and line.strip():
                yield line.strip()
            if not inside and line.rstrip().endswith("::") and \
                    not line.lstrip().startswith(".. "):
                inside, indent = True, re.match(r" *", line)[0]

    def commands(self):
        """Literals and lines of code that call make: lists of words."""
        for text in self.literals + self.code:
            words = text.split("#")[0].split()
            if words and words[0] == "make" and "-C" not in words:
                yield words[1:]

    def words(self):
        for text in self.literals + self.code:
            yield from (w.strip("(),.;:'\"") for w in re.split(r"[\s=]+", text))


def read(name):
    return (DRIVER / name).read_text()


def sources():
    return [p for p in sorted(DRIVER.glob("*.c"))
            if not p.stem.endswith("_test")]


def joined(text):
    """C text with adjacent string literals made one."""
    return re.sub(r'"\s*\n\s*"', "", text)


def spoken(message):
    """A format as the guides write it: each value is an ellipsis."""
    message = message.removesuffix("\\n").removeprefix("cordon: ")
    message = message.replace('\\"', '"')
    return re.sub(r"%(?:p[A-Za-z]*|[-#0]*\d*(?:ll|[lhz])?[a-z])", "…", message)


def cases_of(text, function):
    """{case label: words} of a function that maps a value to words."""
    body = re.search(rf"^const char \*{function}\(.*?^}}", text, re.M | re.S)[0]
    words = dict(re.findall(r"case (\w+):\s+return \"([^\"]+)\";", body))
    words["default"] = re.search(r"default:\s+return \"([^\"]+)\";", body)[1]
    return words


def check_make(guides):
    makefile = (TOP / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    tests = {p.stem for p in (TESTING / "tests").glob("*.t")}
    kernels = {p.name for p in (TESTING / "board/kernel").iterdir()
               if p.suffix != ".config"}
    for guide in guides:
        bad = []
        for words in guide.commands():
            for word in words:
                name, is_set, value = word.partition("=")
                if not is_set and name not in targets:
                    bad.append(f"there is no target '{name}'")
                if name == "TEST" and value not in tests | {"name"}:
                    bad.append(f"there is no test '{value}'")
                if name == "KERNEL" and value not in kernels | {"name"}:
                    bad.append(f"there is no kernel '{value}'")
        case(f"{guide.name}: make targets, tests and kernels", bad)

    testing = next(g for g in guides if g.path.name == "testing.rst")
    named = {w for words in testing.commands() for w in words}
    case("testing.rst: every make target",
         [f"'make {t}' is not there" for t in sorted(targets - named)])
    section = re.search(r"^The tests\n=+\n(.*?)\n\n[^\n]+\n===", testing.text,
                        re.M | re.S)[1]
    told = set(re.findall(r"^   ``([\w-]+)`` \| ", section, re.M))
    case("testing.rst: every test, and no other",
         [f"'{t}' is not there" for t in sorted(tests - told)] +
         [f"there is no '{t}'" for t in sorted(told - tests)])
    scripts = {p.name for p in (TESTING / "guest").iterdir()
               if p.is_file() and not p.suffix} - {"Makefile", "init"}
    section = re.search(r"^Scripts of the board\n-+\n(.*?)\n\n[^\n]+\n===",
                        testing.text, re.M | re.S)[1]
    told = set(re.findall(r"^   ``([\w-]+)`` \| ", section, re.M))
    case("testing.rst: every script of the board, and no other",
         [f"'{s}' is not there" for s in sorted(scripts - told)] +
         [f"there is no '{s}'" for s in sorted(told - scripts)])
    suites = {name for path in DRIVER.glob("*_test.c") for name in
              re.findall(r"struct kunit_suite \w+ = {\s+\.name = \"(\w+)\"",
                         path.read_text())}
    case("testing.rst: every KUnit suite",
         [f"'{s}' is not there" for s in sorted(suites)
          if f"``{s}``" not in testing.text])


def known_files():
    for part in OURS:
        yield from (p for p in (TOP / part).rglob("*"))
    yield from TOP.iterdir()


def check_paths(guides):
    files = list(known_files())
    names = {p.name for p in files}
    for guide in guides:
        bad = []
        for word in guide.words():
            if re.search(r"\b[A-Z]{4}", word):     # stands for a name
                continue
            start = word.split("/")[0]
            if "/" in word and start in OURS:
                if not list(TOP.glob(word.rstrip("/"))):
                    bad.append(f"there is no {word}")
            elif "/" in word and start and (TESTING / start).is_dir():
                if not list(TESTING.glob(word.rstrip("/"))):
                    bad.append(f"there is no {word} in tools/testing/cordon")
            elif re.fullmatch(r"[\w-]+\.([cht]|rst|py|yaml|md|patch)", word):
                if word not in names:
                    bad.append(f"there is no file {word}")
        case(f"{guide.name}: paths", bad)

    driver = next(g for g in guides if g.path.name == "driver.rst")
    case("driver.rst: every file of the driver",
         [f"'{p.name}' is not there" for p in sorted(DRIVER.iterdir())
          if p.suffix in (".c", ".h") and not p.stem.endswith("_test")
          and f"``{p.name}``" not in driver.text])
    index = (GUIDES / "index.rst").read_text()
    case("index.rst: every guide",
         [f"{p.stem} is not there" for p in sorted(GUIDES.glob("*.rst"))
          if p.stem != "index" and not re.search(rf"^   {p.stem}$", index, re.M)])


def check_reasons(faults):
    header = (TOP / "include/linux/cordon_hw.h").read_text()
    values = dict(re.findall(r"^\t(CORDON_REASON_\w+)\s*= (0x[0-9a-f]+),",
                             header, re.M))
    words = cases_of(read("fault.c"), "cordon_fault_reason_text")
    entries = {m[2]: m for m in re.finditer(
        r"^(\S.*) \(``(CORDON_REASON_\w+)``, (0x[0-9a-f]+)\)\n"
        r"((?:   .*\n|\n)+)", faults.text, re.M)}
    for name, value in values.items():
        entry = entries.pop(name, None)
        if not entry:
            case(f"faults.rst: {name}", ["it has no entry"])
            continue
        bad = []
        if entry[1] != words.get(name):
            bad.append(f"the driver says '{words.get(name)}', "
                       f"the guide '{entry[1]}'")
        if entry[3] != value:
            bad.append(f"the header says {value}, the guide {entry[3]}")
        for part in ("Cause", "Do"):
            if not re.search(rf"^   \*{part}:\* \S", entry[4], re.M):
                bad.append(f"no *{part}:*")
        case(f"faults.rst: {name}", bad)
    case("faults.rst: no reason that the header lacks", entries)
    case("faults.rst: a reason that is unknown",
         [] if f"\n{words['default']}\n" in faults.text else ["no entry"])


def messages(text):
    """What a file of the driver can write to the log."""
    pattern = (r"(?:\b(?:dev|pr)_(?:err|warn|info|notice)(?:_probe)?\(|\*why = )"
               r"[^;]*?\"((?:[^\"\\]|\\.)*)\"")
    return [spoken(m) for m in re.findall(pattern, joined(text))]


def check_messages(faults):
    for path in sources():
        said = [m for m in messages(path.read_text())
                if re.search(r"\w", m) and not m.startswith("blocked DMA:")]
        if said:
            case(f"faults.rst: messages of {path.name}",
                 [f"'{m}' is not there" for m in said if m not in faults.flat])
    reasons = cases_of(read("queue.c"), "cordon_queue_reason_text")
    case("faults.rst: why queues stop",
         [f"'{w}' is not there" for w in reasons.values()
          if f"``{w}``" not in faults.text])
    table = re.search(r"texts\[\] = {(.*?)};", read("platform.c"), re.S)[1]
    case("faults.rst: errors of the unit",
         [f"'{w}' is not there" for w in re.findall(r'"([^"]+)"', table)
          if f"``{w}``" not in faults.text])
    # Examples are lines that KUnit expects, or follow the summary's format.
    expected = {"".join(re.findall(r'"([^"]*)"', parts)) for parts in
                re.findall(r'{\s*((?:"[^"]*",\s*)+)}', read("fault_test.c"))}
    summary = next(m for m in messages(read("fault.c"))
                   if m.startswith("blocked DMA:"))
    summary = re.escape(summary).replace("…", r"\S+")
    shown = [x for x in faults.code if x.startswith("blocked DMA:")]
    sums = [x for x in shown if re.fullmatch(summary, x)]
    case("faults.rst: examples are what the driver prints",
         [x for x in shown if x not in expected and x not in sums] +
         ([] if sums else ["no example of the summary"]))


def check_tracepoints(faults):
    trace = joined(read("trace.h"))
    for name, body in re.findall(r"TRACE_EVENT\((\w+),(.*?)\n\);", trace, re.S):
        printk = re.search(r'TP_printk\("([^"]+)"', body)[1]
        entry = re.search(rf"^``{name}``:.*?(?=^``\w+``: |^[=~-]{{4}}|\Z)",
                          faults.text, re.M | re.S)
        fields = re.findall(r"(\w+)(?:=| )(?:0x)?%", printk)
        case(f"faults.rst: tracepoint {name}",
             ["it is not there"] if not entry else
             [f"'{f}' is not there" for f in fields
              if f not in ("to", "domain", "queue") and f"``{f}``" not in entry[0]])


def check_parameters(driver):
    code = "".join(p.read_text() for p in sources())
    have = {}
    for name, variable in re.findall(
            r"module_param(?:_named)?\((\w+), (\w+)", code):
        default = re.search(rf"^(?:static )?[\w ]+\b{variable} = (\w+);", code,
                            re.M)
        have[name] = default[1] if default else "0"
    section = re.search(r"^Module parameters\n=+\n(.*?)(?=^[^\n]+\n={4,}\n|\Z)",
                        driver.text, re.M | re.S)[1]
    told = dict(re.findall(r"^``(\w+)``, (\w+)$", section, re.M))
    case("driver.rst: module parameters and their defaults",
         [f"the driver has {have}, the guide {told}"] if have != told else [])


def check_attributes():
    code = read("sysfs.c")
    have = set(re.findall(r"^CORDON_(?:REGISTER|NUMBER)\((\w+)[,)]", code, re.M))
    have |= set(re.findall(r"^static DEVICE_ATTR_RO\((\w+)\);", code, re.M))
    made = set(re.findall(r"^\t&(?:dev_attr_)?(\w+?)(?:_attribute\.attr)?\.attr,",
                          code, re.M))
    abi = (TOP / "Documentation/ABI/testing/sysfs-class-iommu-cordon").read_text()
    told = set(re.findall(r"^What:\t\t/sys/class/iommu/<unit>/cordon/(\w+)$",
                          abi, re.M))
    words = re.findall(r"\{ CORDON_CAP1_\w+, \"([^\"]+)\" \}", code)
    case("sysfs-class-iommu-cordon: every attribute, and no other",
         [f"'{a}' is not there" for a in sorted(have - told)] +
         [f"there is no '{a}'" for a in sorted(told - have)] +
         [f"'{a}' is not in the group" for a in sorted(have - made)])
    case("sysfs-class-iommu-cordon: every feature",
         [f"'{w}' is not there" for w in words if w not in flat(abi)] +
         ([] if words else ["no feature was found"]))


def check_figures(guides):
    for guide, text, source, code in FIGURES:
        doc = next(g for g in guides if g.path.name == guide)
        bad = []
        if not re.search(text, doc.flat):
            bad.append(f"the guide does not say '{text}' any more")
        if not re.search(code, read(source), re.M):
            bad.append(f"{source} does not say so any more")
        case(f"{guide}: {text}", bad)


def check_form(guides):
    for guide in guides:
        bad = []
        lines = guide.text.split("\n")
        for number, line in enumerate(lines, 1):
            if line != line.rstrip() or "\t" in line:
                bad.append(f"line {number}: tab or blank at the end")
            if guide.path.suffix == ".rst" and number > 1 and \
                    re.fullmatch(r"([=~-])\1{3,}", line) and \
                    lines[number - 2].strip() and \
                    len(line) < len(lines[number - 2]):
                bad.append(f"line {number}: shorter than its title")
        case(f"{guide.name}: form", bad)


def main():
    paths = [TOP / "README.md"] + sorted(
        p for p in GUIDES.glob("*.rst") if p.stem != "specification")
    guides = [Guide(p) for p in paths]
    by_name = {g.path.name: g for g in guides}
    check_form(guides)
    check_make(guides)
    check_paths(guides)
    check_reasons(by_name["faults.rst"])
    check_messages(by_name["faults.rst"])
    check_tracepoints(by_name["faults.rst"])
    check_parameters(by_name["driver.rst"])
    check_attributes()
    check_figures(guides)
    print(f"TAP version 13\n1..{len(results)}")
    for number, (name, problems) in enumerate(results, 1):
        print(f"{'not ok' if problems else 'ok'} {number} - {name}")
        for problem in problems:
            print(f"# {problem}")
    return any(problems for _, problems in results)


if __name__ == "__main__":
    sys.exit(main())

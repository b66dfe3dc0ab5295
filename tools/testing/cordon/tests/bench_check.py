#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Hold what make bench makes of logs against logs that are known. Prints TAP.

No board is booted: whether a figure is right is seen elsewhere; here it must not be
lost, counted twice, or held against the wrong limit on its way.
"""

import contextlib
import copy
import io
import json
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))

import bench                    # noqa: E402
import board                    # noqa: E402
import locks                    # noqa: E402
import targets                  # noqa: E402

CONSOLE = """[    0.0] Booting Linux\r
bench: single-strict-1 rounds=2048 map=1 unmap=-2 wall=3 irqs=0\r
bench: lock/cpus-8-one/&q->lock contentions=2 wait=1500 taken=300\r
nothing of bench: other here=1\r
"""
EVENTS = """cordon_reg_read before any mark
pl031_read addr 0x0
cordon_command iommu: of a window that is not wanted
pl031_read addr 0x0
cordon_command iommu: outside
pl031_read addr 0x0
cordon_command iommu: INV_RANGE
cordon_completion iommu: slot 3
cordon_reg_write iommu: doorbell
smmuv3_cmdq_opcode <--- SMMU_CMD_SYNC
smmuv3_read_mmio addr
pl031_read addr 0x0
cordon_command iommu: outside
pl031_read addr 0x0
virtio_queue_notify vdev 1
virtio_iommu_map domain=1
virtio_iommu_unmap domain=1
virtio_queue_notify vdev 2, a network card's
virtio_queue_notify vdev 2
pl031_read addr 0x0
"""
FIGURES = {
    "cpus-8-one": {"rounds": 100},
    "lock/cpus-8-one/&q->lock": {"contentions": 2, "wait": 1500, "taken": 300},
    "lock/cpus-8-one/&q->lock#2": {"contentions": 1, "wait": 500, "taken": 50},
    "lock/cpus-8-one/&others/lock-W": {"contentions": 7, "wait": 9, "taken": 70},
    "lock/cpus-8-one/quiet": {"contentions": 0, "wait": 0, "taken": 70},
}

results = []


def case(name, is_right, shown=""):
    """One TAP case."""
    results.append((name, is_right, shown))


def raises(text, function, *arguments):
    """Does it fail, and say this?"""
    try:
        function(*arguments)
    except board.Failed as failure:
        return text in str(failure)
    return False


def parse(directory):
    """Consoles and logs of events."""
    def written(text):
        path = directory / "log"
        path.write_text(text)
        return path

    figures = board.read_figures(written(CONSOLE + "bench: end\r\n"))
    case("a console's figures", figures == {
        "single-strict-1": {"rounds": 2048, "map": 1, "unmap": -2, "wall": 3, "irqs": 0},
        "lock/cpus-8-one/&q->lock": {"contentions": 2, "wait": 1500, "taken": 300}}, figures)
    case("a board that did not come to the end",
         raises("the end", board.read_figures, written(CONSOLE)))
    case("a board that says what failed",
         raises("no disk", board.read_figures, written(CONSOLE + "bench: failed: no disk\n")))

    counts = board.count_operations(written(EVENTS), 2)
    case("operations between two marks, from the end", counts == [
        {"commands": 2, "syncs": 2, "writes": 1, "reads": 1},
        {"commands": 2, "syncs": 0, "writes": 1, "reads": 0}], counts)
    case("marks that are missing", raises("not 2", board.count_operations,
                                          written("pl031_read addr\n" * 2), 2))


def per_round():
    """What one round costs."""
    out = bench.per_round({
        "kernel-strict-1": {"map": 160, "unmap": 320},
        "single-strict-1": {"map": 16000, "unmap": 32000, "rounds": 100, "irqs": 0,
                            "commands": 100 + bench.WARM, "reads": 0},
        "device": {"wall": 1}})
    case("instructions and operations of a round", out == {
        "kernel-strict-1": {"map": 10, "unmap": 20},
        "single-strict-1": {"map": 10, "unmap": 20, "commands": 1, "reads": 0, "irqs": 0}},
         out)


class Asked:
    """Stands for a board: says how long its access takes, by the order of asking."""

    order = []

    def __init__(self, iommu):
        self.iommu, self.count = iommu, 0

    def ask(self, line):
        """The first answer is far off."""
        self.order.append(self.iommu)
        self.count += 1
        rounds = int(line.split()[1]) * int(line.split()[2])
        return {"wall": rounds * (1000 if self.count <= len(bench.DEVICE) else self.count),
                "rounds": rounds}


def turns():
    """The emulated device is measured in turns."""
    live = {iommu: Asked(iommu) for iommu in ("cordon", "smmuv3", "none")}
    ns = bench.device_turns(live, 3)
    case("the IOMMUs take turns", Asked.order[:6] == ["cordon", "smmuv3", "none"] * 2 and
         all(len(values) == 3 for names in ns.values() for values in names.values()),
         Asked.order)
    case("a turn's access, and the first turn is none",
         ns["cordon"]["device-hit"] == [4, 7, 10], ns)
    case("without an IOMMU there is no miss", "device-miss" not in ns["none"], ns)
    figure = bench.quartiles([9, 1, 3, 2, 4])
    case("of many turns the least counts", {k: figure[k] for k in (
        "ns", "lower", "median", "upper")} == {"ns": 1, "lower": 2, "median": 3, "upper": 4},
         figure)
    have = {"none": {"device-many": {"ns": 100}}, "cordon": {"device-miss": {"ns": 200}},
            "smmuv3": {"device-miss": {"ns": 350}}}
    case("rates of translations, and of accesses",
         (targets.rate_to_smmuv3(have, "device-miss"),
          targets.rate_to_smmuv3(have, "device-miss", targets.access)) == (2.5, 1.75))


def live_board(directory):
    """A board that is asked while it runs."""
    class Process:                      # pylint: disable=too-few-public-methods
        """One that has come to its end."""
        poll = staticmethod(lambda: 0)

    there = board.Live.__new__(board.Live)
    there.console, there.read, there.line = directory / "live", 0, b""
    there.process = Process
    case("no console yet", there.next_line() is None)
    with open(there.console, "wb", buffering=0) as console:
        console.write(b"[ 0.0] \xff Booting\r\nbench: device wal")
        case("a line that is no figure", "Booting" in there.next_line())
        case("half a line is none", there.next_line() is None and there.next_line() is None)
        console.write(b"l=5 rounds=16\r\n")
        case("and whole it is the answer", there.answer() == {"wall": 5, "rounds": 16})
        console.write(b"bench: failed: no disk\r\n")
        case("what failed is told", raises("no disk", there.answer))
        case("a board that ended gives no answer", raises("no answer", there.answer))


def statistics_of_locks():
    """Whose a lock is."""
    names = locks.ours()
    case("the driver's locks are known",
         {"&q->lock", "&unit->lock", "cordon_units_lock"} <= names, names)
    figure = locks.of_figures(FIGURES, {"&q->lock"})["cpus-8-one"]
    case("contention of the driver's, and of others",
         [locks.total(figure, "contentions"), locks.total(figure, "wait"),
          locks.total(figure, "taken"), locks.total(figure, "contentions", False)] ==
         [3, 2000, 350, 7], figure)
    case("a lock that nobody waited for is not told of",
         len(figure["locks"]) == 3, figure)
    case("statistics without a lock of the driver's",
         raises("no lock", locks.of_figures, FIGURES, {"&other"}))


def have_all():
    """Figures that just meet every target."""
    instructions = {"map": 100, "unmap": 100}
    operations = dict.fromkeys(targets.OPERATIONS, 0)
    one = {**instructions, **operations, "commands": 1, "writes": 1}
    ours = {f"{kind}-{mode}-{size}": dict(one) for kind, sizes in
            (("kernel", (1, 16, 512)), ("single", (1, 16, 512)), ("sg", (64,)))
            for mode in ("strict", "lazy") for size in sizes}
    ours["single-lazy-1"].update(commands=0.01, writes=0.01)
    ours["kernel-strict-1"]["unmap"] = 110
    theirs = copy.deepcopy(ours)
    for name, factor in (("1", 110 / 0.72), ("16", 100 / 0.58), ("512", 100 / 0.58)):
        theirs[f"kernel-strict-{name}"]["unmap"] = factor
    memory = {"instructions": 1000, "table_bytes": 4096, **operations}
    pieces = {"vfio-map-1G": dict(memory), "vfio-whole-1G": {**memory, "commands": 8}}

    def figure(contentions):
        return {"rounds": 9, "locks": {"&q->lock": {
            "ours": True, "contentions": contentions, "wait": 0, "taken": 9}}}

    every = {name: figure(0) for name in ("cpus-8-one", "cpus-8-each", "lazy-8-one")}
    work = {**operations, "instructions": 9, "instructions_to_none": 1, "rate_to_none": 1}
    probe = dict.fromkeys(("boot", "load", "bind", "memory", "contexts"), 9)
    return {
        "kernel": "none",
        "map": {"cordon": ours, "smmuv3": theirs},
        "memory": {"cordon": pieces, "smmuv3": copy.deepcopy(pieces)},
        "wait": {"0": {"single-strict-1": instructions}},
        "contention": {"cordon": {"cpus-8-one": 9}, "smmuv3": {"cpus-8-one": 9}},
        "locks": {"cordon": every, "one-queue": {"cpus-2-each": figure(1)}},
        "work": {"cordon": {"read-strict": dict(work)}, "none": {"read-strict": dict(work)}},
        "probe": {"cordon": {"1": probe}, "none": {"1": probe}},
        "device": {i: {name: bench.quartiles([ns, ns]) for name in names} for i, ns, names in
                   (("cordon", 200, bench.DEVICE), ("smmuv3", 250, bench.DEVICE),
                    ("none", 100, ("device-hit", "device-many")))},
    }


def judged():
    """Each target can be met, and missed by what it names."""
    every = have_all()
    judgement = targets.judge(every)
    case("what is just met is met",
         all(t["met"] for t in judgement), [t for t in judgement if not t["met"]])
    case("each target has its words", all(
        set(t) == {"name", "value", "limit", "met"} for t in judgement))
    case("a target's name is its own", len({t["name"] for t in judgement}) == len(judgement))

    def worse(what, *path):
        """The names of what is missed once this figure is worse."""
        spoilt = copy.deepcopy(every)
        at = spoilt
        for word in path[:-1]:
            at = at[word]
        at[path[-1]] = what(at[path[-1]])
        return [t["name"] for t in targets.judge(spoilt) if not t["met"]]

    def more(value):
        return value * 1.1 + 1

    for name, spoilt in (
            ("strict unmap, 1 page, to lazy",
             worse(more, "map", "cordon", "kernel-strict-1", "unmap")),
            ("strict unmap, 1 page, to SMMUv3",
             worse(more, "map", "cordon", "kernel-strict-1", "unmap")),
            ("strict unmap, 512 pages, to SMMUv3",
             worse(more, "map", "cordon", "kernel-strict-512", "unmap")),
            ("map to SMMUv3, sg-strict-64",
             worse(more, "map", "cordon", "sg-strict-64", "map")),
            ("commands of single-strict-16",
             worse(more, "map", "cordon", "single-strict-16", "commands")),
            ("register reads of sg-strict-64",
             worse(more, "map", "cordon", "sg-strict-64", "reads")),
            ("commands of a lazy unmap, flushes alone",
             worse(more, "map", "cordon", "single-lazy-1", "commands")),
            ("commands of a 1 GiB VFIO unmap",
             worse(more, "memory", "cordon", "vfio-whole-1G", "commands")),
            ("commands and register accesses of 1 GiB, vfio-map-1G",
             worse(more, "memory", "cordon", "vfio-map-1G", "writes")),
            ("contentions of the driver's locks, 8 CPUs, strict",
             worse(more, "locks", "cordon", "cpus-8-each", "locks", "&q->lock",
                   "contentions")),
            ("contentions of the driver's locks, 8 CPUs, lazy",
             worse(more, "locks", "cordon", "lazy-8-one", "locks", "&q->lock",
                   "contentions")),
            ("contentions where 2 CPUs share a queue",
             worse(lambda _: 0, "locks", "one-queue", "cpus-2-each", "locks", "&q->lock",
                   "contentions")),
            ("translation hits a second, to SMMUv3",
             worse(more, "device", "cordon", "device-hit", "ns"))):
        case(f"missed: {name}", name in spoilt, spoilt)

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        targets.show({**every, "targets": judgement})
    said = out.getvalue()
    case("a table of each part", all(word in said for word in (
        "dma_map_benchmark", "Hardware operations for 1 GiB", "latency of a command",
        "all CPUs together", "Locks:", "Rate, to none", "bind all functions",
        "emulated device", "Targets")), said)
    case("figures are JSON", json.loads(json.dumps(judgement)) == judgement)


with tempfile.TemporaryDirectory() as temporary:
    parse(Path(temporary))
    live_board(Path(temporary))
per_round()
turns()
statistics_of_locks()
judged()
for number, (what, right, seen) in enumerate(results, 1):
    if not right:
        for line in str(seen).splitlines():
            print(f"# {line}")
    print(f"{'ok' if right else 'not ok'} {number} {what}")
print(f"1..{len(results)}")
sys.exit(not all(right for _, right, _ in results))

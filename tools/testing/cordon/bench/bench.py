#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Measure Cordon beside other IOMMUs; see run, which calls this.

Usage: bench.py [-k KERNEL] [NAME...]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True

import board                    # noqa: E402
import locks                    # noqa: E402
import targets                  # noqa: E402

NS = 1 << board.SHIFT           # of an instruction
OUT = os.environ.get("CORDON_BENCH_DIR", ".")
KERNEL = "bench-6.12"
LOCKSTAT = "lockstat-6.12"
GIB = 1 << 30
# For every board: no debugging of DMA, and time to load the driver.
WORDS = "dma_debug=off deferred_probe_timeout=600"
WARM = 1024                     # rounds of the module that it does not count
TURNS = 3                       # of the work that the clock on the wall measures
DEVICE_TURNS = 100              # and of the emulated device

# What an engine does in a turn: no more than it makes in one go, in one write of its
# register, without a timer and without a guest that polls meanwhile; and no longer than
# some milliseconds, so that on a busy machine too some turns are not interrupted.
DEVICE = {"device-hit": "engine 1 16384 1 1",
          "device-many": "engine 1024 4 1 1",
          "device-miss": "engine 2048 1 1 1"}

# A disk that holds nothing, and an igb card that is cabled to one which does no DMA
# through an IOMMU.  Where instructions are counted the guest must always find the same:
# that the CPU is idle when the disk has done, by an answer that takes its time, and as
# many packets, by a card that sends by the guest's clock and not by a thread of QEMU's.
LATENCY = 200000                # ns


def work_devices(counted):
    """QEMU's arguments for them."""
    return ["-blockdev", f"null-co,node-name=nothing,size={GIB},"
                         f"latency-ns={LATENCY if counted else 0}",
            "-device", "nvme,drive=nothing,serial=bench,addr=7",
            "-netdev", "hubport,id=a,hubid=0", "-netdev", "hubport,id=b,hubid=0",
            "-device", "igb,netdev=a,addr=4,romfile=",
            "-device", "virtio-net-pci,netdev=b,addr=5,romfile=,disable-legacy=on,"
                       f"tx={'timer' if counted else 'bh'}"]


def say(text):
    """Progress."""
    print(f"[bench] {text}", file=sys.stderr, flush=True)


def has(option):
    """Has the kernel this option?"""
    path = os.path.join("/cache/kernels", KERNEL, ".config")
    with open(path, encoding="ascii") as config:
        return f"{option}=y\n" in config


def iommus():
    """Those that the kernel has drivers for."""
    return [i for i in board.IOMMUS if i != "virtio" or has("CONFIG_VIRTIO_IOMMU")]


def measure(name, iommu, script, parts="", **options):
    """Boot and measure."""
    say(f"{name}: {iommu}")
    options["words"] = f"{options.get('words', '')} {WORDS}"
    options.setdefault("kernel", KERNEL)
    return board.boot(iommu, script, parts, name=f"bench-{name}-{iommu}", **options)


def per_round(figures):
    """Instructions and operations of one round, of figures of the module."""
    out = {}
    for name, words in figures.items():
        if "map" not in words:
            continue
        if name.startswith("kernel"):
            out[name] = {w: words[w] / NS for w in ("map", "unmap")}
            continue
        rounds = words["rounds"]
        out[name] = {w: words[w] / rounds / NS for w in ("map", "unmap")}
        for kind in board.EVENTS:
            if kind in words:
                out[name][kind] = round(words[kind] / (rounds + WARM), 3)
        out[name]["irqs"] = round(words["irqs"] / (rounds + WARM), 3)
    return out


def bench_map(results):
    """dma_map and dma_unmap: instructions and hardware operations."""
    for iommu in iommus():
        parts = "strict" if iommu == "none" else "strict,lazy"
        results.setdefault("map", {})[iommu] = per_round(
            measure("map", iommu, "bench-map", parts, trace=True))


def bench_memory(results):
    """VFIO and iommufd: a GiB in pieces."""
    sizes = {"4K": 64 << 20, "64K": GIB, "2M": GIB, "1G": GIB}
    for iommu in iommus():
        if iommu == "none":
            continue
        figures = measure("memory", iommu, "bench-map", "memory", trace=True,
                          memory="3G", words="hugepagesz=1G hugepages=1")
        out = {}
        for name, words in figures.items():
            scale = GIB / sizes[name.rsplit("-", 1)[1]]
            out[name] = {"instructions": words["ns"] / NS * scale,
                         "table_bytes": words["tables"] * 4096 * scale}
            for kind in (*board.EVENTS, "irqs"):
                out[name][kind] = words[kind] * scale
        results.setdefault("memory", {})[iommu] = out


def bench_wait(results):
    """Strict unmapping where each command takes its time, in ns at 1 ns for each."""
    for latency in (0, 500, 5000):
        figures = board.boot("cordon", "bench-map", "wait", icount=0, kernel=KERNEL,
                             name=f"bench-wait-{latency}", words="dma_debug=off",
                             unit=f"command-latency={latency}")
        results.setdefault("wait", {})[str(latency)] = {
            name: {w: words[w] / words["rounds"] for w in ("map", "unmap")}
            for name, words in figures.items()}
        say(f"wait: {latency} ns")


def bench_contention(results):
    """1 to 8 CPUs at once: instructions, and by CPUs that really run at once, locks."""
    for iommu in ("cordon", "smmuv3"):
        figures = measure("contention", iommu, "bench-cpus", cpus=8, engines=8)
        results.setdefault("contention", {})[iommu] = {
            name: words["wall"] / words["rounds"] / NS for name, words in figures.items()}
    # That one queue for all CPUs is seen shows that a lock can be.
    seen = {}
    for name, parts, unit in (("cordon", "locks", ""),
                              ("one-queue", "locks,shared", "queues=1")):
        figures = measure(f"locks-{name}", "cordon", "bench-cpus", parts, cpus=8,
                          engines=8, icount=None, unit=unit, kernel=LOCKSTAT)
        seen[name] = locks.of_figures(figures, locks.ours())
    results["locks"] = seen


def bench_work(results):
    """fio and iperf3: instructions and operations of one of theirs, and the rate."""
    have = {}
    for iommu in iommus():
        parts = "strict" if iommu == "none" else "strict,lazy"
        # huge pages, which come when they like, would make few pieces of many
        options = {"initrd": KERNEL + "-work", "engines": 0,
                   "words": "transparent_hugepage=never"}
        counted = measure("work", iommu, "bench-work", parts, trace=True,
                          more=work_devices(True), **options)
        have[iommu] = {name: {
            "instructions": words["busy"] / NS / words["ops"], "rates": [],
            **{kind: words[kind] / words["ops"] for kind in (*board.EVENTS, "irqs")},
        } for name, words in counted.items()}
    for turn in range(TURNS):
        for iommu, names in have.items():
            parts = "rate,strict" if iommu == "none" else "rate,strict,lazy"
            figures = measure(f"work-{turn}", iommu, "bench-work", parts, cpus=2,
                              icount=None, more=work_devices(False), **options)
            for name, words in figures.items():
                names[name]["rates"].append(words["rate"])
    for iommu, names in have.items():
        for name, figure in names.items():
            none = have["none"][name.replace("-lazy", "-strict")]
            figure["rate"] = statistics.median(figure["rates"])
            figure["rate_to_none"] = figure["rate"] / statistics.median(none["rates"])
            figure["instructions_to_none"] = figure["instructions"] / none["instructions"]
    results["work"] = have


def many_functions(count):
    """QEMU's arguments for this many engines, eight behind each port."""
    # the card's virtual functions would have slots 18 and 19
    slots = [*range(3, 18), *range(20, 30)]
    arguments = []
    for port in range((count + 7) // 8):
        arguments += ["-device", f"pcie-root-port,id=port{port},chassis={port + 1},"
                                 f"addr={slots[port // 8]:x}.{port % 8},multifunction=on"]
        for n in range(min(8, count - 8 * port)):
            arguments += ["-device", f"cordon-engine,bus=port{port},addr=0.{n},"
                                     "multifunction=on"]
    return arguments


def bench_probe(results):
    """From power-on until many functions have a group, a domain and a driver.

    The console, where a character takes longer than a context, is kept quiet.
    """
    have = {}
    for count in (1, 64, 1024):
        for iommu in ("cordon", "smmuv3", "none"):
            words = measure(f"probe-{count}", iommu, "bench-probe", engines=0,
                            words="loglevel=3", more=many_functions(count),
                            limit=1800)["probe"]
            if words["functions"] != count:
                raise board.Failed(f"{words['functions']} of {count} functions")
            if words["grouped"] != (0 if iommu == "none" else count):
                raise board.Failed(f"{words['grouped']} of {count} have a group")
            have.setdefault(iommu, {})[str(count)] = {
                **{w: words[w] / NS for w in ("boot", "load", "bind")},
                "memory": words["kib"] * 1024, "contexts": words["contexts"]}
    results["probe"] = have


def quartiles(values):
    """What is shown of many turns. ns, the least, is what counts: the work of a turn is
    always the same, and what else the machine does only adds to it."""
    lower, median, upper = statistics.quantiles(values, n=4, method="inclusive")
    return {"ns": min(values), "lower": lower, "median": median, "upper": upper,
            "all": values}


def device_turns(live, turns):
    """{iommu: {figure: ns of an access, by turn}} of boards that all are there."""
    ns = {iommu: {} for iommu in live}
    for turn in range(turns + 1):
        for name, line in DEVICE.items():
            for iommu, there in live.items():
                # without an IOMMU scattered pages cannot be made to look like a row
                if name == "device-miss" and iommu == "none":
                    continue
                words = there.ask(line)
                # the first turn warms up
                if turn:
                    ns[iommu].setdefault(name, []).append(words["wall"] / words["rounds"])
    return ns


def bench_device(results):
    """The emulated device's translations, by boards that take turns of milliseconds."""
    live = {}
    try:
        for iommu in iommus():
            say(f"device: {iommu}")
            # every IOMMU is asked by the same code, that of QEMU's own devices
            live[iommu] = board.Live(
                iommu, "bench-device", name=f"bench-device-{iommu}", kernel=KERNEL,
                icount=None, words=WORDS, engine=",x-bus-dma=on")
        for there in live.values():
            there.answer()
        say(f"device: {DEVICE_TURNS} turns")
        ns = device_turns(live, DEVICE_TURNS)
    finally:
        for there in live.values():
            there.end()
    results["device"] = {iommu: {name: quartiles(values) for name, values in names.items()}
                         for iommu, names in ns.items()}


BENCHES = {
    "map": bench_map,
    "memory": bench_memory,
    "wait": bench_wait,
    "contention": bench_contention,
    "work": bench_work,
    "probe": bench_probe,
    "device": bench_device,
}


def main():
    """Run what is asked for, and tell."""
    global KERNEL               # pylint: disable=global-statement
    parser = argparse.ArgumentParser()
    parser.add_argument("-k", dest="kernel", default=KERNEL)
    parser.add_argument("names", nargs="*", metavar="NAME")
    asked = parser.parse_args()
    KERNEL = asked.kernel
    unknown = set(asked.names) - set(BENCHES)
    if unknown:
        parser.error(f"there is no {' '.join(sorted(unknown))}: {' '.join(BENCHES)}")

    results, status = {"kernel": KERNEL}, 0
    for name in asked.names or BENCHES:
        try:
            BENCHES[name](results)
        except board.Failed as failure:
            say(f"{name} failed: {failure}")
            status = 1
    results["targets"] = targets.judge(results)
    with open(os.path.join(OUT, "bench.json"), "w", encoding="ascii") as file:
        json.dump(results, file, indent=1)
        file.write("\n")
    targets.show(results)
    if "map" in results:
        subprocess.run(["gnuplot"], input=targets.plot(results, OUT), text=True, check=True)
        for kind in ("svg", "png"):
            print(os.path.join(os.environ["CORDON_BENCH_SHOWN"], f"bench.{kind}"))
    print(os.path.join(os.environ["CORDON_BENCH_SHOWN"], "bench.json"))
    return status


if __name__ == "__main__":
    sys.exit(main())

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
import targets                  # noqa: E402

NS = 1 << board.SHIFT           # of an instruction
OUT = os.environ.get("CORDON_BENCH_DIR", ".")
KERNEL = "bench-6.12"
GIB = 1 << 30
WARM = 1024                     # rounds of the module that it does not count


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
    """Boot and measure; the debugging of DMA would be measured too."""
    say(f"{name}: {iommu}")
    options["words"] = options.get("words", "") + " dma_debug=off"
    return board.boot(iommu, script, parts, name=f"bench-{name}-{iommu}",
                      kernel=KERNEL, **options)


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
    """1 to 8 CPUs at once."""
    for iommu in ("cordon", "smmuv3"):
        figures = measure("contention", iommu, "bench-cpus", cpus=8, engines=8)
        results.setdefault("contention", {})[iommu] = {
            name: words["wall"] / words["rounds"] / NS for name, words in figures.items()}


def bench_device(results):
    """The emulated device's translations, in turns."""
    ns = {iommu: {"device-hit": [], "device-many": []} for iommu in iommus()}
    for turn in range(3):
        for iommu in ns:
            figures = measure(f"device-{turn}", iommu, "bench-device", cpus=2, icount=None)
            for name, words in figures.items():
                ns[iommu][name].append(words["wall"] / words["rounds"])
    results["device"] = {
        iommu: {name: {"ns": statistics.median(values), "all": values}
                for name, values in names.items()}
        for iommu, names in ns.items()}


BENCHES = {
    "map": bench_map,
    "memory": bench_memory,
    "wait": bench_wait,
    "contention": bench_contention,
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

# SPDX-License-Identifier: GPL-2.0-only
"""What the figures are held against, and how they are shown."""

import os

import locks

ROWS = [(f"{what} {mode} {label}", f"single-{mode}-{pages}", what)
        for pages, label in ((1, "1 page"), (16, "16 pages"), (512, "512 pages"))
        for what, mode in (("map", "strict"), ("unmap", "strict"), ("unmap", "lazy"))]
ROWS += [(f"{what} {mode} scatterlist of 64", f"sg-{mode}-64", what)
         for what, mode in (("map", "strict"), ("unmap", "strict"), ("unmap", "lazy"))]
OPERATIONS = ("commands", "syncs", "writes", "reads", "irqs")


def judge(results):
    """The list of targets: name, value, limit, met."""
    out = []

    def target(name, value, limit, least=False):
        met = value >= limit if least else value <= limit
        out.append({"name": name, "value": round(value, 3), "limit": limit, "met": met})

    if "map" in results:
        ours, theirs = results["map"]["cordon"], results["map"]["smmuv3"]

        def ratio(figure, what):
            return round(ours[figure][what] / theirs[figure][what], 2)

        # by the kernel's own benchmark, which has no scatterlists
        target("strict unmap, 1 page, to SMMUv3", ratio("kernel-strict-1", "unmap"), 0.72)
        target("strict unmap, 1 page, to lazy",
               round(ours["kernel-strict-1"]["unmap"] / ours["kernel-lazy-1"]["unmap"], 2),
               1.10)
        for pages in (16, 512):
            target(f"strict unmap, {pages} pages, to SMMUv3",
                   ratio(f"kernel-strict-{pages}", "unmap"), 0.58)
        for figure in ("kernel-strict-1", "kernel-strict-16", "kernel-strict-512",
                       "sg-strict-64"):
            target(f"map to SMMUv3, {figure}", ratio(figure, "map"), 1.00)
        for figure in ("single-strict-1", "single-strict-16", "single-strict-512",
                       "sg-strict-64"):
            target(f"commands of {figure}", ours[figure]["commands"], 1)
            target(f"register writes of {figure}", ours[figure]["writes"], 1)
            target(f"register reads of {figure}", ours[figure]["reads"], 0)
        lazy = ours["single-lazy-1"]
        target("commands of a lazy unmap, flushes alone", lazy["commands"], 0.01)
        target("register accesses of a lazy unmap, flushes alone",
               lazy["writes"] + lazy["reads"], 0.01)
    if "memory" in results:
        for name, words in results["memory"]["cordon"].items():
            # what was mapped in pieces VFIO unmaps and waits for in the same
            if name == "vfio-whole-1G":
                target("commands of a 1 GiB VFIO unmap", words["commands"], 8)
            if "-map-" in name:
                target(f"commands and register accesses of 1 GiB, {name}",
                       words["commands"] + words["writes"] + words["reads"], 0)
    if "locks" in results:
        for mode, prefix in (("strict", "cpus"), ("lazy", "lazy")):
            target(f"contentions of the driver's locks, 8 CPUs, {mode}",
                   sum(locks.total(figure, "contentions")
                       for name, figure in results["locks"]["cordon"].items()
                       if name.startswith(f"{prefix}-8-")), 0)
        # else it would not be known that one would be seen
        target("contentions where 2 CPUs share a queue",
               locks.total(results["locks"]["one-queue"]["cpus-2-each"], "contentions"), 1,
               least=True)
    if "device" in results:
        target("translation hits a second, to SMMUv3",
               rate_to_smmuv3(results["device"], "device-hit"), 1.5, least=True)
    return out


def translation(have, iommu, figure):
    """ns of a translation: of an access, without what it takes with no IOMMU."""
    none = have["none"].get(figure) or have["none"]["device-many"]
    return have[iommu][figure]["ns"] - none["ns"]


def rate_to_smmuv3(have, figure, of=translation):
    """How much faster Cordon is, by translations or by whole accesses."""
    return of(have, "smmuv3", figure) / of(have, "cordon", figure)


def access(have, iommu, figure):
    """ns of a whole access."""
    return have[iommu][figure]["ns"]


def table(title, columns, rows):
    """A table of numbers; what is missing is a dash."""
    print(f"\n{title}")
    width = max([len(name) for name, _ in rows] + [10])
    print(" " * width + "".join(f"{c:>12}" for c in columns))
    for name, values in rows:
        print(f"{name:<{width}}" + "".join(
            f"{v:>12,.{0 if v == int(v) or v > 100 else 2}f}" if v is not None else f"{'-':>12}"
            for v in values))


def show_map(have):
    """Mapping and unmapping by drivers."""
    table("Instructions of the guest", have, [
        (name, [have[i].get(figure, {}).get(what) for i in have])
        for name, figure, what in ROWS])
    table("The same by the kernel's dma_map_benchmark", have, [
        (f"{what} {mode} {pages}",
         [have[i].get(f"kernel-{mode}-{pages}", {}).get(what) for i in have])
        for pages in (1, 16, 512)
        for what, mode in (("map", "strict"), ("unmap", "strict"), ("unmap", "lazy"))])
    table("Hardware operations of a map and its unmap", OPERATIONS, [
        (f"{iommu} {figure}", [have[iommu][figure].get(k) for k in OPERATIONS])
        for iommu in have if iommu != "none"
        for figure in have[iommu] if not figure.startswith("kernel")])


def show_memory(have):
    """Mapping and unmapping by programs."""
    names = list(have["cordon"])
    table("Instructions for 1 GiB, in thousands", have, [
        (n, [have[i][n]["instructions"] / 1000 for i in have]) for n in names])
    table("Hardware operations for 1 GiB", OPERATIONS, [
        (f"{i} {n}", [have[i][n][k] for k in OPERATIONS]) for n in names for i in have])
    table("KiB of tables for 1 GiB", have, [
        (n, [have[i][n]["table_bytes"] / 1024 for i in have])
        for n in names if "-map-" in n])


def show_wait(have):
    """Commands that take their time."""
    table("Instructions of a strict unmap, at 1 ns each, by the latency of a command",
          [f"{latency} ns" for latency in have], [
              (n, [have[latency][n]["unmap"] for latency in have])
              for n in next(iter(have.values()))])


def show_contention(have):
    """Several CPUs."""
    table("Instructions of a map and its unmap, of all CPUs together", have, [
        (n, [have[i][n] for i in have]) for n in have["cordon"]])


def show_locks(have):
    """Who waited for whom."""
    table("Locks: taken, waited for, us of that; the driver's, then all others",
          ("maps", "taken", "contentions", "us", "others'", "us"), [
              (f"{case} {name}",
               [figure["rounds"], locks.total(figure, "taken"),
                locks.total(figure, "contentions"), locks.total(figure, "wait") // 1000,
                locks.total(figure, "contentions", False),
                locks.total(figure, "wait", False) // 1000])
              for case in have for name, figure in have[case].items()])


def show_work(have):
    """Programs at work."""
    names = list(have["cordon"])
    for title, word in (("Instructions of one I/O or KiB", "instructions"),
                        ("The same, to none", "instructions_to_none"),
                        ("Rate, to none", "rate_to_none")):
        table(title, have, [
            (n, [have[i].get(n, {}).get(word) for i in have]) for n in names])
    table("Hardware operations of one I/O or KiB", OPERATIONS, [
        (f"{i} {n}", [have[i][n][k] for k in OPERATIONS])
        for n in names for i in have if i != "none"])


def show_probe(have):
    """Many functions."""
    for title, word, unit in (
            ("Thousands of instructions until the first program runs", "boot", 1000),
            ("Thousands of instructions to load the driver, with the disk and a card",
             "load", 1000),
            ("Thousands of instructions to bind all functions", "bind", 1000),
            ("KiB that binding takes", "memory", 1024),
            ("KiB of contexts and directories", "contexts", 1024)):
        table(title, have, [
            (f"{count} functions", [have[i][count][word] / unit for i in have])
            for count in have["cordon"]])


def show_device(have):
    """The emulated device."""
    names = list(have["cordon"])
    table("ns of an access of the emulated device, the least of many turns", have, [
        (n, [have[i].get(n, {}).get("ns") for i in have]) for n in names])
    for title, word in (("Lower quartile", "lower"), ("Median", "median"),
                        ("Upper quartile", "upper")):
        table(title, have, [
            (n, [have[i].get(n, {}).get(word) for i in have]) for n in names])
    with_iommu = [i for i in have if i != "none"]
    table("ns of a translation: of an access, without what it takes with none", with_iommu,
          [(n, [translation(have, i, n) for i in with_iommu]) for n in names])
    table("Cordon's rate to SMMUv3's", ("translations", "accesses"), [
        (n, [rate_to_smmuv3(have, n), rate_to_smmuv3(have, n, access)]) for n in names])


SHOWN = {"map": show_map, "memory": show_memory, "wait": show_wait,
         "contention": show_contention, "locks": show_locks, "work": show_work,
         "probe": show_probe, "device": show_device}


def show(results):
    """All of it, for people."""
    print(f"Kernel {results['kernel']}")
    for part, show_part in SHOWN.items():
        if part in results:
            show_part(results[part])
    print("\nTargets")
    for t in results["targets"]:
        print(f"{'met ' if t['met'] else 'MISSED'}  {t['name']}: {t['value']:g}, "
              f"limit {t['limit']:g}")


def plot(results, out):
    """gnuplot's commands for a plot of the instructions."""
    have = results["map"]
    rows = [r for r in ROWS if any(r[1] in have[i] for i in have)]
    data = "\n".join(
        [" ".join(['"."'] + [f'"{i}"' for i in have])] +
        [" ".join([f'"{name}"'] + [f"{have[i][figure][what]:.0f}" if figure in have[i] else "?"
                                   for i in have]) for name, figure, what in rows
         if "scatterlist" not in name])
    common = f"""
$data << END
{data}
END
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 border -1
set grid ytics
set ylabel "guest instructions"
set title "Mapping and unmapping for DMA, kernel {results['kernel']}" noenhanced
set xtics rotate by -30 scale 0 noenhanced
set key outside right top autotitle columnhead
set datafile missing "?"
set bmargin 7
plot for [i=2:{len(have) + 1}] $data using i:xtic(1)
"""
    return "".join(f"set terminal {terminal} size 1000,560\n"
                   f"set output \"{os.path.join(out, 'bench.' + kind)}\"\n{common}"
                   for kind, terminal in (("svg", "svg"), ("png", "pngcairo")))

# SPDX-License-Identifier: GPL-2.0-only
"""Boot the board with one IOMMU or another, and read what it measured."""

import os
import re
import subprocess

IOMMUS = ("cordon", "smmuv3", "virtio", "none")

# What stands between the devices and memory, the rest being the same.
ARGUMENTS = {
    "cordon": ["-device", "cordon-iommu,primary-bus=pcie.0,id=iommu,check=off"],
    "smmuv3": ["-M", "iommu=smmuv3"],
    "virtio": ["-device", "virtio-iommu-pci,addr=1f"],
    "none": [],
}

# QEMU's events that are hardware operations: (kind, pattern of the line).
EVENTS = {
    "commands": r"cordon_command |smmuv3_cmdq_opcode |virtio_iommu_(map|unmap) ",
    "syncs": r"cordon_completion |smmuv3_cmdq_opcode .*SYNC",
    "writes": r"cordon_reg_write |smmuv3_write_mmio ",
    "reads": r"cordon_reg_read |smmuv3_read_mmio ",
}
TRACED = ("pl031_read", "cordon_reg_read", "cordon_reg_write", "cordon_command",
          "cordon_completion", "smmuv3_read_mmio", "smmuv3_write_mmio",
          "smmuv3_cmdq_opcode", "virtio_iommu_map", "virtio_iommu_unmap",
          "virtio_queue_notify")

# The guest's clock has 62.5 MHz: with 16 ns for an instruction a tick is one.
SHIFT = 4

TESTING = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Failed(Exception):
    """The board did not do what it was asked to."""


def log_path(name, kind):
    """Where a log of boot's is."""
    return os.path.join(os.environ["CORDON_LOG_DIR"], f"{name}.{kind}")


def read_figures(path):
    """{name: {word: number}} in the order in which the board told them."""
    figures = {}
    with open(path, encoding="ascii", errors="replace") as console:
        for line in console:
            told = re.match(r"bench: (\S+) ?(.*)", line.strip())
            if not told:
                continue
            if told[1] == "failed:":
                raise Failed(told[2])
            figures[told[1]] = {key: int(value) for key, value in
                                re.findall(r"(\w+)=(-?\d+)", told[2])}
    if figures.pop("end", None) is None:
        raise Failed("the board did not come to the end")
    return figures


def count_operations(path, windows):
    """What the hardware did in each of the last windows, between two marks."""
    marks, counts = [], []
    patterns = {kind: re.compile(p) for kind, p in EVENTS.items()}
    now = dict.fromkeys(EVENTS, 0)
    notified = False
    with open(path, encoding="ascii", errors="replace") as log:
        for line in log:
            if line.startswith("pl031_read "):
                marks.append(dict(now))
                continue
            # A notification is virtio-iommu's if a request of its own follows.
            now["writes"] += notified and line.startswith("virtio_iommu_")
            notified = line.startswith("virtio_queue_notify ")
            for kind, pattern in patterns.items():
                if pattern.match(line):
                    now[kind] += 1
    marks = marks[len(marks) - 2 * windows:]
    for before, after in zip(marks[::2], marks[1::2]):
        counts.append({kind: after[kind] - before[kind] for kind in now})
    if len(counts) != windows:
        raise Failed(f"{len(counts)} windows in the log of events, not {windows}")
    return counts


def boot(iommu, script, parts="", *, name, kernel="bench-6.12", initrd="", cpus=1,
         icount=SHIFT, trace=False, unit="", memory="1G", engines=1, words="", more=(),
         limit=900):
    """Boot, run a script, and return its figures.

    With trace each figure that has a window also gets what the hardware did in it.
    """
    initrd = os.path.join(os.environ["CORDON_BENCH_DIR"], (initrd or kernel) + ".gz")
    arguments = list(ARGUMENTS[iommu])
    if unit and iommu == "cordon":
        arguments[1] += "," + unit
    command = [os.path.join(TESTING, "board", "boot"), "-k", kernel, "-n", name,
               "-t", str(limit), "-r", script, "-I", initrd,
               "-A", "tcg,thread=single" if icount is not None else "tcg,thread=multi",
               "-a", f"bench.iommu={iommu} bench.parts={parts} {words}", "--",
               "-smp", str(cpus), "-m", memory]
    if icount is not None:
        command += ["-icount", f"shift={icount}"]
    for n in range(engines):
        command += ["-device", f"cordon-engine,addr={8 + n:x}"]
    command += arguments
    command += more
    if trace:
        events = log_path(name, "events")
        with open(events, "w", encoding="ascii") as file:
            file.write("".join(f"{event}\n" for event in TRACED))
        command += ["-trace", f"events={events}"]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, text=True, check=False)
    console = log_path(name, "console")
    if done.returncode:
        raise Failed(f"{name}: {done.stderr.strip()[-500:]}; log: {console}")
    figures = read_figures(console)
    if trace:
        windowed = [n for n in figures if "irqs" in figures[n]]
        for which, counted in zip(windowed, count_operations(log_path(name, "qemu"),
                                                             len(windowed))):
            figures[which].update(counted)
        os.remove(log_path(name, "qemu"))
    return figures

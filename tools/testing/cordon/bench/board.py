# SPDX-License-Identifier: GPL-2.0-only
"""Boot the board with one IOMMU or another, and read what it measured."""

import contextlib
import os
import re
import subprocess
import time

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


def parse(line):
    """(name, {word: number}) of a line in which the board tells a figure, or None."""
    told = re.match(r"bench: (\S+) ?(.*)", line.strip())
    if not told:
        return None
    if told[1] == "failed:":
        raise Failed(told[2])
    return told[1], {key: int(value) for key, value in
                     re.findall(r"(\w+)=(-?\d+)", told[2])}


def read_figures(path):
    """{name: {word: number}} in the order in which the board told them."""
    figures = {}
    with open(path, encoding="ascii", errors="replace") as console:
        for line in console:
            told = parse(line)
            if told:
                figures[told[0]] = told[1]
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


def command_of(iommu, script, parts="", *, name, kernel="bench-6.12", initrd="", cpus=1,
               icount=SHIFT, unit="", memory="1G", engines=1, engine="", words="", more=(),
               limit=900, keys="/dev/null"):
    """The command that boots and runs a script, which reads keys."""
    initrd = os.path.join(os.environ["CORDON_BENCH_DIR"], (initrd or kernel) + ".gz")
    arguments = list(ARGUMENTS[iommu])
    if unit and iommu == "cordon":
        arguments[1] += "," + unit
    command = [os.path.join(TESTING, "board", "boot"), "-k", kernel, "-n", name,
               "-t", str(limit), "-r", script, "-I", initrd, "-i", keys,
               "-A", "tcg,thread=single" if icount is not None else "tcg,thread=multi",
               "-a", f"bench.iommu={iommu} bench.parts={parts} {words}", "--",
               "-smp", str(cpus), "-m", memory]
    if icount is not None:
        command += ["-icount", f"shift={icount}"]
    for n in range(engines):
        command += ["-device", f"cordon-engine,addr={8 + n:x}{engine}"]
    return command + arguments + list(more)


def boot(iommu, script, parts="", *, name, trace=False, **options):
    """Boot, run a script, and return its figures.

    With trace each figure that has a window also gets what the hardware did in it.
    """
    command = command_of(iommu, script, parts, name=name, **options)
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


class Live:
    """A board whose script measures each time that it is asked, and rests meanwhile."""

    PATIENCE = 300              # seconds for an answer, and for the board to be there

    def __init__(self, iommu, script, *, name, **options):
        self.console = log_path(name, "console")
        self.read, self.line = 0, b""
        keys = log_path(name, "keys")
        for path in (self.console, keys):
            with contextlib.suppress(FileNotFoundError):
                os.remove(path)
        os.mkfifo(keys)
        # open for reading too, so that opening waits for nobody
        self.keys = os.open(keys, os.O_RDWR)
        with open(log_path(name, "boot"), "w", encoding="ascii") as log:
            self.process = subprocess.Popen(    # pylint: disable=consider-using-with
                command_of(iommu, script, name=name, keys=keys, **options),
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)

    def next_line(self):
        """The next whole line of the console, or None if there is none yet."""
        with contextlib.suppress(FileNotFoundError), open(self.console, "rb") as console:
            console.seek(self.read)
            self.line += console.readline()
            self.read = console.tell()
        if not self.line.endswith(b"\n"):
            return None
        line, self.line = self.line, b""
        return line.decode("ascii", "replace")

    def answer(self):
        """The figure that the board tells next."""
        late = time.monotonic() + self.PATIENCE
        while time.monotonic() < late:
            ended = self.process.poll() is not None
            while (line := self.next_line()) is not None:
                told = parse(line)
                if told:
                    return told[1]
            if ended:
                break
            time.sleep(0.002)
        raise Failed(f"no answer; log: {self.console}")

    def ask(self, line):
        """Have it measure."""
        os.write(self.keys, f"{line}\n".encode("ascii"))
        return self.answer()

    def end(self):
        """Power off; a board that does not is ended by boot's time limit."""
        os.write(self.keys, b"end\n")
        self.process.wait()
        os.close(self.keys)

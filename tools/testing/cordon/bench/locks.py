# SPDX-License-Identifier: GPL-2.0-only
"""What statistics of locks say of the driver's own."""

import glob
import os
import re

import board

DRIVER = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(board.TESTING))),
                      "drivers", "iommu", "cordon")
MADE = re.compile(r"\b(?:raw_)?(?:spin_lock|mutex|rwlock|seqlock)_init\((&[^)]+)\)|"
                  r"\binit_rwsem\((&[^)]+)\)|"
                  r"\bDEFINE_(?:RAW_)?(?:SPINLOCK|MUTEX|RWLOCK|SEQLOCK)\((\w+)\)|"
                  r"\bDECLARE_RWSEM\((\w+)\)")


def ours(driver=DRIVER):
    """The names by which lockdep knows the driver's locks."""
    names = set()
    for path in glob.glob(os.path.join(driver, "*.c")):
        if path.endswith("_test.c"):
            continue
        with open(path, encoding="utf-8") as source:
            names |= {next(filter(None, m)) for m in MADE.findall(source.read())}
    return names


def is_one(lock, names):
    """Lockdep appends a number to names that it has already, and a mode to some."""
    return re.sub(r"(#\d+)?(/\d+)?(-[RW])?$", "", lock) in names


def of_figures(figures, names):
    """{figure: {rounds, locks}}; of the locks the driver's and those waited for."""
    out = {}
    for name, words in figures.items():
        if not name.startswith("lock/"):
            out[name] = {"rounds": words["rounds"], "locks": {}}
            continue
        _, figure, lock = name.split("/", 2)
        of_driver = is_one(lock, names)
        if not of_driver and not words["contentions"]:
            continue
        of_figure = out[figure]["locks"].setdefault(
            lock, {"ours": of_driver, "contentions": 0, "wait": 0, "taken": 0})
        for word in ("contentions", "wait", "taken"):
            of_figure[word] += words[word]
    for figure, of_figure in out.items():
        if not any(lock["ours"] and lock["taken"] for lock in of_figure["locks"].values()) \
                and not figure.startswith("lazy"):
            raise board.Failed(f"{figure}: no lock of the driver was seen at all")
    return out


def total(figure, word, of_driver=True):
    """Of all locks that are, or are not, the driver's."""
    return sum(lock[word] for lock in figure["locks"].values() if lock["ours"] == of_driver)

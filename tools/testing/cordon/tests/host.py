#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Do in QEMU's monitor what a script on the board asks for on its console.

Usage: host.py QMP-SOCKET CONSOLE-LOG INPUT

A line "# host: COMMAND" of the console is a command of the monitor. What it
says comes back on the board's console, by the pipe INPUT, in lines that begin
with "host: "; the last of them is "host: done", or "host: failed". The other
end is ask_host() in guest/lib.sh. Runs until the monitor goes.

"when ADDRESS VALUE COMMAND;COMMAND..." is answered at once. The commands are done
as soon as the 64 bits at the physical address are VALUE, in hexadecimal: nobody
can ask for anything while the board sleeps.
"""

import json
import re
import socket
import sys
import threading
import time


class Monitor:
    """QEMU's monitor for programs, of which one command is used."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.socket = socket.socket(socket.AF_UNIX)
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError:
                time.sleep(0.1)
        self.file = self.socket.makefile("rw")
        self.file.readline()
        self.execute("qmp_capabilities")

    def execute(self, command, **arguments):
        """The answer to a command; what else is said meanwhile is ignored."""
        json.dump({"execute": command, "arguments": arguments}, self.file)
        self.file.write("\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "return" in answer or "error" in answer:
                return answer

    def human(self, line):
        """(did it work, what was said)"""
        with self.lock:
            answer = self.execute("human-monitor-command",
                                  **{"command-line": line})
        if "error" in answer:
            return False, [answer["error"]["desc"]]
        said = answer["return"].splitlines()
        return not any(s.startswith("Error:") for s in said), said


def do_when(monitor, address, value, commands):
    """Wait in the background until memory has the value, then do them."""

    def wait():
        try:
            while value not in " ".join(monitor.human(f"xp /1gx {address}")[1]).split():
                time.sleep(0.1)
            for command in commands.split(";"):
                monitor.human(command)
        except (OSError, ValueError):
            pass        # the board has gone

    threading.Thread(target=wait, daemon=True).start()


def lines_of(path):
    """The lines of a file that grows, each when it is whole."""
    rest = b""
    while True:
        try:
            log = open(path, "rb")
            break
        except OSError:
            time.sleep(0.1)
    with log:
        while True:
            more = log.read()
            if not more:
                time.sleep(0.05)
                continue
            *whole, rest = (rest + more).split(b"\n")
            for line in whole:
                yield line.rstrip(b"\r").decode(errors="replace")


def main():
    qmp, console, pipe = sys.argv[1:]
    monitor = Monitor(qmp)
    for line in lines_of(console):
        asked = re.match(r"\s*# host: (.*)", line)
        if not asked:
            continue
        later = re.match(r"when (\S+) (\S+) (.*)", asked[1])
        if later:
            do_when(monitor, *later.groups())
            worked, said = True, []
        else:
            worked, said = monitor.human(asked[1])
        with open(pipe, "w", encoding="ascii", errors="replace") as answer:
            for word in said:
                answer.write(f"host: {word}\n")
            answer.write("host: done\n" if worked else "host: failed\n")


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError):
        pass        # the board has gone

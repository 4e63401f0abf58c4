"""Ends the processes of an engine when the process that started them was killed, and could not do it.

vLLM's would wait for ever, and hold the memory of their GPU. The guard is a process of its own, run as a script: it
notes what descends from its parent, and waits for the end of a pipe that the parent alone can write to.
"""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

GLANCE = 1.0
"""Seconds between two looks while the engine starts."""


class Guard:
    """Watches from now on; `settled` says that no more processes will come."""

    def __init__(self) -> None:
        words = [sys.executable, "-I", "-S", __file__, str(os.getpid())]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603

    def settled(self) -> None:
        """Has the guard look a last time, and then do nothing but wait."""
        if self._process.stdin is not None and self._process.poll() is None:
            self._process.stdin.write(b"settled\n")
            self._process.stdin.flush()

    def dismiss(self) -> None:
        """The processes have been ended properly, or go on."""
        self._process.kill()
        self._process.communicate()


def descendants(pid: int) -> Iterator[int]:
    """The processes that a process has started, and theirs."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text(encoding="ascii").split()):
            yield child
            yield from descendants(child)


def watch(parent: int) -> None:
    """Kills what descends from a process once that has ended. Returns then."""
    held: dict[int, int] = {}
    wait: float | None = GLANCE
    told = True
    while told:
        ready, _, _ = select.select([0], [], [], wait)
        if ready:
            told, wait = bool(os.read(0, 64)), None
        try:
            held |= {pid: os.pidfd_open(pid) for pid in descendants(parent) if pid not in held and pid != os.getpid()}
        except OSError:  # one of them has just ended
            wait = GLANCE
    for handle in held.values():
        try:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    watch(int(sys.argv[1]))

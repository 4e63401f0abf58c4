"""Processes beside a run, which answer each line by a line. Without them it does the same by itself."""

import asyncio
import fcntl
import os
import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from io import IOBase

LONGEST = 1 << 28
"""Bytes of an answer."""
WIDE = 1 << 20
"""Bytes of the pipe to a process: a page has 350,000."""
MOST = 3
"""Processes: reading for them and storing what they make keeps this one busy."""
KEPT = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "PYTHONHOME", "PYTHONPATH", "TMPDIR")
"""What a process sees of the environment: no keys."""


@dataclass
class Beside:
    """One of them."""

    process: asyncio.subprocess.Process
    waiting: deque["asyncio.Future[bytes | None]"] = field(default_factory=deque)
    """The pages that it has at hand, in their order."""
    alive: bool = True

    async def listen(self) -> None:
        """Hands out its answers until it ends; whoever waits then gets None."""
        assert self.process.stdout is not None
        try:
            while answer := await self.process.stdout.readline():
                future = self.waiting.popleft()
                if not future.done():
                    future.set_result(answer)
        finally:
            self.alive = False
            for future in self.waiting:
                if not future.done():
                    future.set_result(None)

    def hand(self, page: bytes) -> "asyncio.Future[bytes | None]":
        """Sends a page. None comes of it where the process was killed, or met a bug that this one will meet as well."""
        assert self.process.stdin is not None
        future: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self.waiting.append(future)
        self.process.stdin.write(page)
        return future


@dataclass
class Aside:
    """The processes that do one thing for one run."""

    module: str
    """That they run."""
    count: int
    """Processes that are still to be started."""
    ahead: int
    """Pages that each has at hand at most."""
    _processes: list[Beside] = field(default_factory=list)
    _listening: list["asyncio.Task[None]"] = field(default_factory=list)

    @property
    def pids(self) -> list[int]:
        """Of the processes."""
        return [one.process.pid for one in self._processes]

    def free(self) -> Beside | None:
        """The one with the fewest pages at hand, if it can do with more."""
        free = [one for one in self._processes if one.alive and len(one.waiting) < self.ahead]
        return min(free, key=lambda process: len(process.waiting), default=None)

    async def start(self, told: bytes) -> None:
        """Starts all of them, unless that was done before; `told` is the line that each gets first."""
        count, self.count = self.count, 0
        for _ in range(count):
            try:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-m", self.module),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.DEVNULL,
                    env={name: os.environ[name] for name in KEPT if name in os.environ},
                    process_group=0,  # out of reach of a terminal's Ctrl-C
                    limit=LONGEST,
                )
            except OSError:  # no process is to be had: this one does all of it
                return
            beside = Beside(process)
            assert process.stdin is not None
            _widen(process.stdin)
            process.stdin.write(told)
            self._processes.append(beside)
            self._listening.append(asyncio.create_task(beside.listen()))

    async def close(self) -> None:
        """Ends the processes, whatever they are at."""
        for one in self._processes:
            with suppress(ProcessLookupError):
                one.process.kill()
        await asyncio.gather(*(one.process.wait() for one in self._processes), *self._listening)


def _widen(stream: asyncio.StreamWriter) -> None:
    """A page in one piece: the 64 kB that a pipe holds otherwise wake both ends six times as often. Linux."""
    pipe: object = stream.get_extra_info("pipe")
    if isinstance(pipe, IOBase) and hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):  # this user has too many of them
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, WIDE)


def processes() -> int:
    """How many are worth while here: one for each core but the first, three at most."""
    return min(MOST, len(os.sched_getaffinity(0)) - 1)

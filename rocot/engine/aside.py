"""Processes beside a run, to which it hands chains for the last stage. Without them it does the same by itself."""

import asyncio
import fcntl
import os
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from io import IOBase

from pydantic_core import from_json

from rocot.engine.outcome import Outcome
from rocot.engine.page import Ripe
from rocot.engine.pressing import Answer, heard, line, sent, setting
from rocot.engine.stage import Instant, Step

ENOUGH = 2_000
"""Chains that a run puts through by itself before it starts processes: two seconds, of which starting takes half."""
AHEAD = 4
"""Pages that a process has at hand at most."""
LONGEST = 1 << 28
"""Bytes of an answer."""
WIDE = 1 << 20
"""Bytes of the pipe to a process: a page has 350,000."""
MOST = 3
"""Processes: reading for them and storing what they make keeps this one busy."""
KEPT = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "PYTHONHOME", "PYTHONPATH", "TMPDIR")
"""What a process sees of the environment: no keys."""


@dataclass
class _Process:
    """One of them."""

    process: asyncio.subprocess.Process
    waiting: deque["asyncio.Future[list[Answer | None] | None]"] = field(default_factory=deque)
    """The pages that it has at hand, in their order."""
    alive: bool = True

    async def listen(self) -> None:
        """Hands out its answers until it ends; whoever waits then gets None."""
        assert self.process.stdout is not None
        try:
            while answer := await self.process.stdout.readline():
                future = self.waiting.popleft()
                if not future.done():
                    future.set_result(from_json(answer))
        finally:
            self.alive = False
            for future in self.waiting:
                if not future.done():
                    future.set_result(None)

    def hand(self, page: bytes) -> "asyncio.Future[list[Answer | None] | None]":
        """Sends a page."""
        assert self.process.stdin is not None
        future: asyncio.Future[list[Answer | None] | None] = asyncio.get_running_loop().create_future()
        self.waiting.append(future)
        self.process.stdin.write(page)
        return future


@dataclass
class Aside:
    """The processes beside one run, started once there is enough for them to do."""

    steps: Sequence[Step]
    stage: Instant
    """Of the last step."""
    count: int
    """Processes."""
    enough: int = ENOUGH
    seen: int = 0
    """Chains so far."""
    _processes: list[_Process] = field(default_factory=list)
    _listening: list["asyncio.Task[None]"] = field(default_factory=list)

    @property
    def pids(self) -> list[int]:
        """Of the processes."""
        return [one.process.pid for one in self._processes]

    async def through(self, page: Sequence[Ripe]) -> list[Outcome | None] | None:
        """What comes of a page of chains (see `Press.through`); None where nobody has a hand free."""
        self.seen += len(page)
        if self.count and self.seen > self.enough and not self._processes:
            await self._start(page[0])
        free = [one for one in self._processes if one.alive and len(one.waiting) < AHEAD]
        if not free:
            return None
        one = min(free, key=lambda process: len(process.waiting))
        answers = await one.hand(line([sent(ripe) for ripe in page]))
        if answers is None:  # it was killed, or has met a bug, which this process will meet as well
            return None
        return [
            None if answer is None else heard(ripe, self.steps[-1], answer)
            for ripe, answer in zip(page, answers, strict=True)
        ]

    async def close(self) -> None:
        """Ends the processes, whatever they are at."""
        for one in self._processes:
            with suppress(ProcessLookupError):
                one.process.kill()
        await asyncio.gather(*(one.process.wait() for one in self._processes), *self._listening)

    async def _start(self, one: Ripe) -> None:
        assert one.clip is not None
        count, self.count = self.count, 0
        told = line(setting(self.steps, self.stage, type(one.clip)))
        for _ in range(count):
            try:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-m", "rocot.engine.presser"),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.DEVNULL,
                    env={name: os.environ[name] for name in KEPT if name in os.environ},
                    process_group=0,  # out of reach of a terminal's Ctrl-C
                    limit=LONGEST,
                )
            except OSError:  # no process is to be had: this one does all of it
                return
            beside = _Process(process)
            assert process.stdin is not None
            _widen(process.stdin)
            process.stdin.write(told)
            self._processes.append(beside)
            self._listening.append(asyncio.create_task(beside.listen()))


def _widen(stream: asyncio.StreamWriter) -> None:
    """A page in one piece: the 64 kB that a pipe holds otherwise wake both ends six times as often. Linux."""
    pipe: object = stream.get_extra_info("pipe")
    if isinstance(pipe, IOBase) and hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):  # this user has too many of them
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, WIDE)


def processes() -> int:
    """How many are worth while here: one for each core but the first, three at most."""
    return min(MOST, len(os.sched_getaffinity(0)) - 1)

"""Hands: processes that make sheets of a run's samples beside an export, each of other clips.

They read the store by themselves and lay their sheets into the folder that they are told; only counts come back. One
that is killed costs nothing but time: this process makes its sheet.
"""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from queue import Queue

from pydantic import Field, ValidationError

from rocot.core.gate import Gate
from rocot.core.record import Record
from rocot.core.row import Edition
from rocot.engine.aside import KEPT
from rocot.recipe import Mix
from rocot.release.sheets import Sheet

ENOUGH = 2_000
"""Clips from which on processes are worth while: each takes a second to start."""
MOST = 8
"""Processes: each holds some 100 MB, and settling the split keeps one core busy afterwards, however many there were."""
AHEAD = 2
"""Stretches that are handed out for each process."""


class Setting(Record):
    """What a process must know; the first line that it is sent."""

    paths: tuple[str, ...]
    """Where modules are looked for."""
    run: str
    """The folder of the store."""
    split: str
    steps: tuple[tuple[str, str, str, int | None], ...]
    """Of each stage: its name, `module:class` of what it makes, fingerprint, rollouts."""
    folder: str
    """Where sheets go."""
    edition: Edition
    gate: Gate
    mix: Mix
    gone: tuple[str, ...]


class Stretch(Record):
    """Clips that one sheet is made of."""

    number: int = Field(ge=0)
    """Of the sheet."""
    after: str
    """Id of the clip before the first; empty for the first of all."""
    last: str | None
    """Id of the last clip; None for the last of all."""


def stretches(ends: Iterable[str]) -> Iterator[Stretch]:
    """Stretches of which all but the last end with these clips."""
    after, number = "", 0
    for number, last in enumerate(ends, 1):
        yield Stretch(number=number - 1, after=after, last=last)
        after = last
    yield Stretch(number=number, after=after, last=None)


def worth(clips: int) -> int:
    """How many processes are worth while: one for each core."""
    cores = len(os.sched_getaffinity(0))
    return min(MOST, cores) if clips >= ENOUGH and cores > 1 else 0


def made_beside(
    setting: Setting, parts: Iterable[Stretch], count: int, here: Callable[[Stretch], Sheet]
) -> Iterator[Sheet]:
    """The sheets of all stretches in their order, made in so many processes; `here` makes those that none came of."""
    ahead: deque[tuple[Stretch, Future[Sheet | None]]] = deque()
    free: Queue[_Hand] = Queue()
    pool, begun = ThreadPoolExecutor(count), [_Hand.begun(setting) for _ in range(count)]
    for hand in begun:
        free.put(hand)

    def made(part: Stretch) -> Sheet | None:
        hand = free.get()
        try:
            return hand.make(part)
        finally:
            free.put(hand)

    def first() -> Sheet:
        part, future = ahead.popleft()
        return future.result() or here(part)

    try:
        for part in parts:
            ahead.append((part, pool.submit(made, part)))
            if len(ahead) > AHEAD * count:
                yield first()
        while ahead:
            yield first()
    finally:
        for hand in begun:
            hand.end()
        pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class _Hand:
    """One process."""

    process: "subprocess.Popen[bytes]"

    @classmethod
    def begun(cls, setting: Setting) -> "_Hand":
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "rocot.release.hand"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in KEPT if name in os.environ},
            process_group=0,  # out of reach of a terminal's Ctrl-C: it ends when this one does
        )
        hand = cls(process)
        hand.say(setting)
        return hand

    def say(self, message: Record) -> None:
        """Sends a line; to one that has ended, in vain."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.write(message.model_dump_json().encode() + b"\n")
            self.process.stdin.flush()

    def make(self, part: Stretch) -> Sheet | None:
        """The sheet of a stretch; None where the process has ended, or has met a bug, which this one will meet too."""
        self.say(part)
        assert self.process.stdout is not None
        try:
            return Sheet.model_validate_json(self.process.stdout.readline())
        except ValidationError:  # nothing more comes, or half a line
            return None

    def end(self) -> None:
        """Ends it, whatever it is at."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            with suppress(BrokenPipeError):
                if stream is not None:
                    stream.close()

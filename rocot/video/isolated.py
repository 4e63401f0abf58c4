"""Decoding in processes that may crash, hang or explode: what a hostile file costs is its clip."""

import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from pathlib import Path

from pydantic import TypeAdapter

from rocot.core.motion import Packets
from rocot.errors import VideoError
from rocot.video.process import Died, Process, TooSlow
from rocot.video.protocol import Facts, Look, Survey, Taken
from rocot.video.wire import Asked, Told, asked_to_read, taken

CALLS = 500
"""After so many a worker makes way for a new one, which costs 0.2 s, so that what decoders leak stays small."""

_FACTS = TypeAdapter(Facts)
_SURVEY = TypeAdapter(Survey)


@dataclass(frozen=True)
class Limits:
    """What decoding may take. Of the machine, and no part of any identity."""

    deadline: float
    """Seconds of one call."""
    memory: int
    """Bytes of one worker, 105 MB of which are its own."""
    workers: int
    """Calls at once."""


class Workers:
    """The processes of one reader, each with one call at a time. Started when they are needed."""

    def __init__(self, reader: str, limits: Limits) -> None:
        self._reader = reader
        self._memory = limits.memory
        self._places = threading.BoundedSemaphore(limits.workers)
        self._lock = threading.Lock()
        self._idle: list[Process] = []
        self._busy: set[Process] = set()

    @contextmanager
    def one(self) -> Iterator[Process]:
        """A worker, waited for where all are busy. It does not come back from a block that raises."""
        with self._places:
            worker = self._next()
            try:
                yield worker
            except BaseException:
                self._release(worker, fit=False)
                raise
            self._release(worker, fit=worker.calls < CALLS and not worker.spent)

    def close(self) -> None:
        """Ends all, those with a call as well."""
        with self._lock:
            idle, self._idle = self._idle, []
            for worker in self._busy:
                worker.kill()
        for worker in idle:
            worker.end()

    def _next(self) -> Process:
        while True:
            with self._lock:
                worker = self._idle.pop() if self._idle else None
                if worker is not None and worker.alive:
                    self._busy.add(worker)
                    return worker
            if worker is None:
                break
            worker.end()
        worker = Process(self._reader, self._memory)
        with self._lock:
            self._busy.add(worker)
        return worker

    def _release(self, worker: Process, *, fit: bool) -> None:
        with self._lock:
            self._busy.discard(worker)
            if fit and worker.alive:
                self._idle.append(worker)
                return
        worker.end()


class Isolated:
    """Another reader, named, run in worker processes.

    A worker that crashes or is too slow is replaced; no other call notices. `close` ends them all, and a call after
    it starts one again. VideoError beyond the reader's own: `decoder crashed`, `decoder too slow`, `too large`
    (more memory than a worker may have).
    """

    def __init__(self, name: str, limits: Limits) -> None:
        self.name = name
        self._limits = limits
        self._workers = Workers(name, limits)
        weakref.finalize(self, self._workers.close)

    def probe(self, path: Path, *, salvage: bool = False) -> Facts:
        """As the reader's own."""
        told, _ = self._ask(path, Asked(call="probe", path=str(path.absolute()), salvage=salvage))
        return _FACTS.validate_python(told["facts"])

    def read(
        self, path: Path, times: Sequence[float], look: Look, *, tolerance: float = 0.0, salvage: bool = False
    ) -> Taken:
        """As the reader's own."""
        if not all(map(isfinite, times)) or any(before > after for before, after in pairwise(times)):
            raise ValueError("times must be finite and ascend")
        return taken(*self._ask(path, asked_to_read(path, times, look, tolerance=tolerance, salvage=salvage)))

    def packets(self, path: Path, start: float, end: float) -> Packets:
        """As the reader's own."""
        told, _ = self._ask(path, Asked(call="packets", path=str(path.absolute()), start=start, end=end))
        return Packets(*told["packets"])

    def survey(self, path: Path) -> Survey:
        """See `rocot.video.survey`. Raises VideoError."""
        told, _ = self._ask(path, Asked(call="survey", path=str(path.absolute())))
        return _SURVEY.validate_python(told["survey"])

    def close(self) -> None:
        """Ends all workers; calls that are under way fail."""
        self._workers.close()

    def _ask(self, path: Path, asked: Asked) -> tuple[Told, bytes]:
        try:
            with self._workers.one() as worker:
                told, body = worker.ask(asked, self._limits.deadline)
        except TooSlow as error:
            said = f"{path.name}: no end within {self._limits.deadline:g} s"
            raise VideoError("decoder too slow", said, passing=True) from error
        except Died as error:
            raise VideoError("decoder crashed", f"{path.name}: {error}", passing=error.killed) from error
        if "fault" in told:
            reason, detail, passing = told["fault"]
            raise VideoError(reason, detail, passing=passing)
        return told, body

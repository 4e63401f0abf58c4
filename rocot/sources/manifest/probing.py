"""What the files of matched videos are: length, digest, looks. Measured in threads, and kept for the next time."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Protocol

from rocot.errors import VideoError
from rocot.sources.known.annotated import Annotated
from rocot.sources.known.dataset import Counting
from rocot.sources.known.settle import Found, other_length
from rocot.sources.manifest.finding import Finding
from rocot.sources.manifest.fingerprint import fingerprint
from rocot.sources.manifest.matching import Matching
from rocot.sources.manifest.probes import Probe, Probes
from rocot.video.mark import mark_of
from rocot.video.protocol import FrameReader, Survey

_CHUNK = 1024 * 1024
"""Bytes read at a time, and between two looks at whether to stop."""


class Surveyor(FrameReader, Protocol):
    """A reader that also counts a file's frames."""

    def survey(self, path: Path) -> Survey:
        """Raises VideoError for anything that is no video it will open."""


def probe(
    matching: Matching,
    reader: Surveyor,
    cache: Path,
    threads: int,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[dict[str, Found], list[Finding]]:
    """Measures the videos that were matched, by `video`; a file that no reader opens becomes a finding.

    `cache` is a SQLite file of what was measured before: a file of the same size, time of change and content at both
    ends is not read again, but one that could not be read is. `progress(done, total)` is called after each video.
    An interrupt stops the work at the next megabyte or frame; what is measured by then is kept.
    Raises StoreError for a cache that cannot be used.
    """
    found: dict[str, Found] = {}
    findings: list[Finding] = []
    with Probes(cache) as probes, _pool(threads) as (pool, stop):
        look = _Look(matching.root, reader, probes.known(reader.name), stop)
        for done, (video, path, result) in enumerate(_all(pool, look, matching.paths), 1):
            if isinstance(result, Finding):
                findings.append(result)
            else:
                if result.fresh:
                    probes.keep(reader.name, result.key, result.probe)
                found[video] = result.found(path)
            progress(done, len(matching.paths))
    return found, sorted(findings, key=lambda finding: finding.video)


def other_lengths(said: Iterable[Annotated], counting: Counting, found: Mapping[str, Found]) -> list[Finding]:
    """The videos that last another time than the annotations say, each once."""
    made: dict[str, Finding] = {}
    for one in said:
        file = found.get(one.video)
        expected = other_length(one, counting, file) if file else None
        if file is not None and expected is not None:
            told = f"{file.duration:.1f} s, the annotation says {expected:.1f} s"
            made.setdefault(one.video, Finding(kind="other length", video=file.path, detail=told))
    return list(made.values())


@dataclass(frozen=True)
class _Result:
    """A measured file."""

    key: str
    mark: str
    probe: Probe
    fresh: bool

    def found(self, path: str) -> Found:
        return Found(
            path=path,
            fps=self.probe.fps,
            frames=self.probe.frames,
            duration=self.probe.duration,
            mark=self.mark,
            sha256=self.probe.sha256,
            hashes=self.probe.hashes,
        )


class _Stopped(Exception):  # noqa: N818 - no error: the work is not wanted any more
    """Leaves a thread's work; nobody looks at what it was to give."""


@dataclass(frozen=True)
class _Look:
    """Looks at one file, in a thread."""

    root: Path
    reader: Surveyor
    known: Mapping[str, Probe]
    stop: Event

    def __call__(self, path: str) -> _Result | Finding:
        try:
            return self._measured(self.root / path)
        except VideoError as error:
            return Finding(kind="corrupt", video=path, detail=f"{error.reason}: {error.detail}")

    def _measured(self, path: Path) -> _Result:
        mark = mark_of(path)
        key = f"{_status(path)} {mark}"
        if key in self.known:
            return _Result(key, mark, self.known[key], fresh=False)
        survey = self.reader.survey(path)
        self._check()
        duration = survey.facts.duration
        hashes = fingerprint(self.reader, path, duration)
        sha256 = self._sha256(path)
        fps = survey.facts.fps or None
        probe = Probe(fps=fps, frames=survey.frames, duration=duration, sha256=sha256, hashes=hashes)
        return _Result(key, mark, probe, fresh=True)

    def _sha256(self, path: Path) -> str:
        whole = hashlib.sha256()
        try:
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    self._check()
                    whole.update(chunk)
        except OSError as error:
            raise VideoError("unreadable", f"{path.name}: {error.strerror}") from error
        return whole.hexdigest()

    def _check(self) -> None:
        if self.stop.is_set():
            raise _Stopped


def _status(path: Path) -> str:
    try:
        status = path.stat()
    except OSError as error:
        raise VideoError("unreadable", f"{path.name}: {error.strerror}") from error
    return f"{status.st_size} {status.st_mtime_ns}"


@contextmanager
def _pool(threads: int) -> Iterator[tuple[ThreadPoolExecutor, Event]]:
    """Threads, and what tells them to stop; they are told so when the block ends, however it does."""
    stop = Event()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="probe")
    try:
        yield pool, stop
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


def _all(
    pool: ThreadPoolExecutor, look: _Look, paths: Mapping[str, str]
) -> Iterator[tuple[str, str, _Result | Finding]]:
    """Every video with its path and what came of it, as they are ready."""
    under_way: dict[Future[_Result | Finding], tuple[str, str]] = {
        pool.submit(look, path): (video, path) for video, path in paths.items()
    }
    for future in as_completed(under_way):
        yield *under_way[future], future.result()

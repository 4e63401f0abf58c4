"""The questions of a benchmark with the frames that they are about: of a release's clips, or of a dataset's videos."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rocot.assets import load_prompts
from rocot.cli.filming import Held, album_of, named, videos_of
from rocot.core.record import Json
from rocot.core.row import Row
from rocot.core.sampling import uniform
from rocot.core.task import Task, lettered
from rocot.errors import VideoError
from rocot.evaluate.case import Benchmark, Case
from rocot.machine import Machine
from rocot.recipe import FramesRecipe
from rocot.release.album import Page, Shot
from rocot.release.parts import parts
from rocot.release.places import Places
from rocot.sources.footage import Footage
from rocot.sources.manifest.entry import Entry
from rocot.sources.manifest.matching import Matching, match
from rocot.sources.protocol import mark_of
from rocot.tools.reading import footage, reader
from rocot.video.isolated import Isolated
from rocot.video.protocol import Look, Still

AHEAD = 2
"""Videos a decoder may be ahead of the student."""


@dataclass(frozen=True)
class Shown:
    """The frames of a case, and how more of them are had."""

    start: float
    """Seconds of the source video."""
    end: float
    times: Sequence[float]
    """Of the frames, seconds of the source video."""
    jpegs: Sequence[bytes]
    closer: Callable[[Sequence[float]], Sequence[Still]]
    """Frames at other times. Raises VideoError."""


@dataclass(frozen=True)
class Sheet:
    """One question about one case."""

    case: str
    """Its id."""
    task: Task
    classes: tuple[str, ...]
    """The labels that an answer may use, or the options."""
    question: str
    """Without the frames."""
    of: Json
    """What its frames are, without a look at them: for the key of its answer."""
    shown: Shown | VideoError


Wanted = Callable[[Sheet], bool]
"""Whether a sheet is to be answered. Asked before its frames are read; of those that are not, none are."""
UNREAD = VideoError("not read", "nobody has looked")


@dataclass(frozen=True)
class Films:
    """A dataset's videos, as its annotations name them."""

    benchmark: Benchmark
    entries: Sequence[Entry]
    """Those of the benchmark's cases."""
    folder: Path | str
    """Of the videos, or its URL."""
    task: Task
    count: int
    """Frames a video, in the middles of equal parts."""
    look: Look
    machine: Machine

    @contextmanager
    def sheets(self, wanted: Wanted) -> Iterator[Iterator[Sheet]]:
        """The sheets that are wanted, with their frames, in the benchmark's order."""
        films = footage(self.folder, self.machine)
        found = match(self.entries, films)
        isolated = reader(FramesRecipe(), self.machine)
        by_id = {entry.id: entry for entry in self.entries}
        pool = ThreadPoolExecutor(self.machine.decoders, thread_name_prefix="look")

        def made(case: Case) -> Sheet | None:
            try:
                return self._sheet(case, _file(films, found, by_id[case.id]), isolated, wanted)
            except VideoError as error:
                return Sheet(case.id, self.task, (), "", None, error)

        try:
            cases = [case for case in self.benchmark.cases if self.task != "qa" or case.options]
            yield (one for one in _ahead(pool, made, cases, AHEAD * self.machine.decoders) if one is not None)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            isolated.close()

    def _sheet(self, case: Case, path: Path, isolated: Isolated, wanted: Wanted) -> Sheet | None:
        classes = case.options if self.task == "qa" else self.benchmark.classes
        end = isolated.probe(path, salvage=True).duration
        times = uniform(0.0, end, self.count)
        about: Json = [mark_of(path), list(times), self.look.height, self.look.quality]
        sheet = Sheet(case.id, self.task, classes, self._question(case, classes, end), about, UNREAD)
        if not wanted(sheet):
            return None

        def closer(times: Sequence[float]) -> Sequence[Still]:
            return isolated.read(path, times, self.look, salvage=True).stills

        stills = closer(times)
        seen = [still.time for still in stills]
        return replace(sheet, shown=Shown(0.0, end, seen, [still.jpeg for still in stills], closer))

    def _question(self, case: Case, classes: Sequence[str], end: float) -> str:
        return load_prompts(task=self.task).reason.fill(
            count=str(self.count),
            start=f"{0:.2f}",
            end=f"{end:.2f}",
            classes=", ".join(classes),
            question=case.question,
            options=lettered(classes),
        )


@dataclass(frozen=True)
class Clips:
    """A release's own clips, each asked as its teacher was, with the very frames."""

    release: Held
    rows: Sequence[Row]
    """One a clip."""
    videos: Sequence[str]
    """What `--videos` names."""
    machine: Machine

    @contextmanager
    def sheets(self, wanted: Wanted) -> Iterator[Iterator[Sheet]]:
        """The sheets that are wanted, with their frames: those first whose frames lie in the release."""
        about = self.release.manifest
        folders = {**self.release.folders, **named(self.videos, about.sources)}
        left = {row.clip: row for row in self.rows if wanted(_of(row, UNREAD))}
        with (
            videos_of(about.sources, folders, self.machine) as places,
            album_of(about.frames, places, self.machine) as album,
        ):
            isolated = reader(FramesRecipe(), self.machine)
            look = Look(height=about.frames.height, quality=about.frames.quality)

            def shown(row: Row, jpegs: Sequence[bytes]) -> Sheet:
                def closer(times: Sequence[float]) -> Sequence[Still]:
                    return isolated.read(_path(row, places), times, look, salvage=True).stills

                return _of(row, Shown(row.clip_start, row.clip_end, row.frame_times, jpegs, closer))

            def all_of_them() -> Iterator[Sheet]:
                for clip, jpegs in self._shipped(left):
                    yield shown(left.pop(clip), jpegs)
                rows = list(left.values())
                for row, filled in zip(rows, album.filled(map(_page, rows)), strict=True):
                    found = filled.found
                    yield _of(row, found) if isinstance(found, VideoError) else shown(row, filled.pictures[0])

            try:
                yield all_of_them()
            finally:
                isolated.close()

    def _shipped(self, left: Mapping[str, Row]) -> Iterator[tuple[str, Sequence[bytes]]]:
        """Frames that the release itself holds, of clips that are left; each clip once."""
        about = self.release.manifest
        for split in {row.split for row in left.values()}:
            entry = about.splits.get(split)  # of a stranger's release, rows may name one that its manifest has not
            if entry is None or not entry.rft:
                continue
            for part in parts(about, ["rft"], split):
                for path in [self.release.root / file.path for file in part.files]:
                    if "images" in pq.read_schema(path).names:
                        yield from _images(path, left)


def new_ones(times: Sequence[float], stills: Sequence[Still]) -> list[Still]:
    """The stills, each once, that are not among the frames at these times."""
    known = {round(time, 4) for time in times}
    fresh = {round(still.time, 4): still for still in stills}
    return [still for time, still in fresh.items() if time not in known]


def _images(path: Path, left: Mapping[str, Row]) -> Iterator[tuple[str, Sequence[bytes]]]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=8, columns=["clip", "frame_digests", "images"]):
            for found in batch.to_pylist():
                row = left.get(found["clip"])
                if row is not None and tuple(found["frame_digests"]) == row.frame_digests:
                    yield row.clip, [image["bytes"] for image in found["images"]]


def _of(row: Row, shown: Shown | VideoError) -> Sheet:
    return Sheet(row.clip, row.task, row.classes, row.question, list(row.frame_digests), shown)


def _page(row: Row) -> Page:
    known = {name: getattr(row, name) for name in Shot.model_fields if not name.startswith("relook")}
    return Page(pa.table({}), [Shot.model_validate(known)])


def _file(films: Footage, found: Matching, entry: Entry) -> Path:
    place = found.paths.get(entry.video)
    if place is None:
        raise VideoError("missing file", f"{entry.file} is not in the folder of videos")
    return films.bring(place)


def _path(row: Row, places: Mapping[str, Places]) -> Path:
    place = places.get(row.source)
    path = None if place is None else place.path(row.video, row.video_mark)
    if path is None:
        raise VideoError("missing file", f"{row.video} is not there for a closer look")
    return path


def _ahead(
    pool: ThreadPoolExecutor, made: Callable[[Case], Sheet | None], cases: Iterable[Case], most: int
) -> Iterator[Sheet | None]:
    """The sheets of cases in their order, so many at most under way."""
    under_way: deque[Future[Sheet | None]] = deque()
    for case in cases:
        under_way.append(pool.submit(made, case))
        if len(under_way) >= most:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()

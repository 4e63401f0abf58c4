"""The pixels of a release's rows: from the user's own videos, clip by clip, several at once, in the rows' order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import ValidationError

from rocot.core.record import Record
from rocot.errors import ConfigError, VideoError
from rocot.release.places import Places
from rocot.video.hydrate import Hydrated, Hydrator, Recorded

BATCH = 64
"""Rows of text that are read at once."""
TOGETHER = 8
"""Rows of one clip whose frames are made in one go; of 64 rollouts with 512 frames each the pixels take gigabytes."""
AHEAD = 2
"""Clips a decoder may be ahead of the one that is written."""


class Shot(Record):
    """Of which frames of which video a row's chat is, as all configs of a release have it."""

    source: str
    video: str
    clip: str
    video_mark: str
    reader: str
    frame_times: tuple[float, ...]
    frame_digests: tuple[str, ...]
    relook_times: tuple[float, ...] = ()
    relook_digests: tuple[str, ...] = ()

    @property
    def frames(self) -> tuple[Recorded, ...]:
        """In the order in which the chat shows them."""
        times = (*self.frame_times, *self.relook_times)
        return tuple(map(Recorded, times, (*self.frame_digests, *self.relook_digests)))


@dataclass(frozen=True)
class Page:
    """Consecutive rows of one clip."""

    rows: pa.Table
    shots: Sequence[Shot]
    """One a row."""


@dataclass(frozen=True)
class Filled:
    """A page with its pixels, or the reason why it has none."""

    page: Page
    found: Hydrated | VideoError

    @property
    def pictures(self) -> Sequence[Sequence[bytes]]:
        """JPEG by JPEG, of each row; none where there are none."""
        if isinstance(self.found, VideoError):
            return ()
        pictures = self.found.pictures
        return [[pictures[frame.digest] for frame in shot.frames] for shot in self.page.shots]


class Album:
    """Fills pages. `places` knows the videos by source, `hydrators` make frames again by the name of their reader."""

    def __init__(self, places: Mapping[str, Places], hydrators: Callable[[str], Hydrator], threads: int) -> None:
        self._places = places
        self._hydrators = hydrators
        self._threads = threads

    def filled(self, pages: Iterable[Page]) -> Iterator[Filled]:
        """The pages in their order, each with its pixels. Memory holds a few clips a thread."""
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="hydrate")
        under_way: deque[Future[Filled]] = deque()
        try:
            for page in pages:
                under_way.append(pool.submit(self._fill, page))
                if len(under_way) > AHEAD * self._threads:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _fill(self, page: Page) -> Filled:
        shot = page.shots[0]
        wanted = {frame for one in page.shots for frame in one.frames}
        try:
            hydrator = self._hydrators(shot.reader)
            return Filled(page, hydrator.frames(partial(self._path, shot), shot.video_mark, wanted))
        except VideoError as error:
            return Filled(page, error)

    def _path(self, shot: Shot) -> Path | None:
        place = self._places.get(shot.source)
        return None if place is None else place.path(shot.video, shot.video_mark)


def batches(file: pq.ParquetFile, *, kept: bool = False) -> Iterator[pa.Table]:
    """The rows of a file, few in memory at a time; with `kept`, of the config `all`, those that training wants."""
    for batch in file.iter_batches(batch_size=BATCH):
        table = pa.Table.from_batches([batch])
        yield table.filter(pc.field("kept")) if kept else table


def pages(tables: Iterable[pa.Table], name: str) -> Iterator[Page]:
    """Rows in their order, those of a clip together.

    Raises ConfigError for tables, told by the name of their file, that are not of a release.
    """
    for table in tables:
        known = [field for field in Shot.model_fields if field in table.column_names]
        try:
            shots = [Shot.model_validate(values) for values in table.select(known).to_pylist()]
        except ValidationError as error:
            told = error.errors(include_url=False)[0]
            where = ".".join(map(str, told["loc"]))
            raise ConfigError(f"{name}: no rows of a release ({where}: {told['msg']})") from error
        for _, clip in groupby(range(len(shots)), key=lambda index: (shots[index].source, shots[index].clip)):
            places = list(clip)
            for first in range(places[0], places[-1] + 1, TOGETHER):
                part = range(first, min(first + TOGETHER, places[-1] + 1))
                yield Page(table.slice(part.start, len(part)), shots[part.start : part.stop])

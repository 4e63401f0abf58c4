"""A run of a million clips, made within minutes: a manifest of videos that are really there, and parts that are filled.

Finished videos are one film under many names (links to one file), each cut into windows. The real command makes what a
store holds of the film's own windows; every other video gets the same rows under its own name, with eight words in
each text that nobody said before, so that texts are no duplicates. Rows go into the stores as they lie there (deflated,
with their checksums, links, digests of inputs and seals); they are indexed and counted once all are there. Videos that
are left to be asked about are films of their own, all in part 1.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import count, islice
from pathlib import Path

import apsw
import numpy as np

from benchmarks.templates import Rows, Template, check
from rocot.core.part import Part
from rocot.core.span import Span
from rocot.core.truth import Truth
from rocot.engine.parts import begin_part, note_census
from rocot.engine.reader import FILE, RecipeRow
from rocot.engine.store import Store
from rocot.sources.manifest.entry import Entry
from rocot.sources.manifest.file import Header, Manifest, SplitHeader, write
from rocot.sources.parted import Share
from rocot.sources.protocol import mark_of
from tests.contracts.numbered import Luma, film

SOURCE = "scale"
LENGTH = 10
"""Seconds of a window."""
WINDOWS = 20
"""Of a video."""
SPANS = (Span(start=12.0, end=27.0), Span(start=95.0, end=103.0))
TRUTH = Truth(labels=("Fighting",), spans=SPANS)
CLASSES = ("Normal", "Fighting")
COUNTED = """
INSERT INTO spent SELECT model, stage, kind, reason, cost IS NOT NULL, count(*), sum(prompt_tokens),
       sum(completion_tokens), sum(cached_tokens), total(latency), total(cost), min(seq)
FROM attempt GROUP BY 1, 2, 3, 4, 5;
INSERT INTO step (fingerprint) SELECT fingerprint FROM outcome GROUP BY 1 ORDER BY min(seq);
INSERT INTO ending (kind, reason, counted_as) SELECT kind, reason, counted_as FROM outcome GROUP BY 1, 2, 3;
INSERT INTO standing SELECT after, outcome.seq, step.id, coalesce(rollout, 0), ending.id
FROM outcome JOIN step USING (fingerprint) JOIN ending
ON ending.kind = outcome.kind AND ending.reason = outcome.reason AND ending.counted_as IS outcome.counted_as
ORDER BY after, outcome.seq
"""
"""What triggers would count, row by row."""
VIDEOS = 16
"""Whose rows are written in one transaction."""
LINKS = 50_000
"""Names of one file: ext4 takes 65,000."""
RECIPE = f"""
[release]
name = "{SOURCE}"

[[sources]]
kind = "manifest"
name = "{SOURCE}"
manifest = "{SOURCE}.parquet"
videos = "videos"

[windows]
length = {LENGTH}
overlap = 0

[frames]
count = 2
height = 48

[teacher]
model = "scripted"
"""


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    clips: int
    live: int
    """Of these, clips that are left to be asked about."""
    parts: int

    @property
    def videos(self) -> int:
        """In all."""
        return self.clips // WINDOWS

    def names(self) -> tuple[list[str], list[str]]:
        """Of the finished videos, and of those to be asked about, which are all in part 1."""
        first, live = Part(number=1, of=self.parts), self.live // WINDOWS
        asked = list(islice((name for name in map("w{:06d}".format, count()) if first.holds(SOURCE, name)), live))
        return [f"v{number:06d}" for number in range(self.videos - live)], asked


def lay(folder: Path, size: Size) -> None:
    """Films, their names, the manifest and the recipe."""
    videos = folder / "videos"
    videos.mkdir()
    finished, asked = size.names()
    model = videos / f"{finished[0]}.mp4"
    _film(model, 0)
    for number, name in enumerate(finished[1:], 1):
        path = videos / f"{name}.mp4"
        if number % LINKS:
            os.link(model, path)
        else:
            path.write_bytes(model.read_bytes())
            model = path
    for number, name in enumerate(asked, 1):
        _film(videos / f"{name}.mp4", number)
    marks = dict.fromkeys(finished, mark_of(model)) | {name: mark_of(videos / f"{name}.mp4") for name in asked}
    write(folder / f"{SOURCE}.parquet", Manifest(_header(), [_entry(name, mark) for name, mark in marks.items()]))
    (folder / "recipe.toml").write_text(RECIPE)


def _film(path: Path, number: int) -> None:
    """A picture every five seconds; films of different numbers show different pictures."""
    turn = partial(_turned, number)
    film(path, stamps=range(WINDOWS * LENGTH // 5), tick=Fraction(5), turn=turn)


def _turned(number: int, luma: Luma) -> Luma:
    return np.roll(np.roll(luma, number % 128, axis=1), number // 128, axis=0)


def _header() -> Header:
    return Header(
        dataset=SOURCE,
        title="Scale",
        rocot="0.1.0",
        classes=CLASSES,
        common=CLASSES,
        splits=(SplitHeader(native="training", common="train", official=True),),
        terms="none",
        licence="none",
        redistribute_frames=False,
        citation="none",
        stated="seconds",
    )


def _entry(name: str, mark: str) -> Entry:
    return Entry(
        id=name,
        source=SOURCE,
        video=f"{SOURCE}/{name}",
        split="train",
        native_split="training",
        file=f"{name}.mp4",
        labels=("Fighting",),
        common=("Fighting",),
        spans=SPANS,
        localised=True,
        counted="seconds",
        duration=float(WINDOWS * LENGTH),
        measured="video",
        mark=mark,
        said="scale:1",
    )


@dataclass
class Filling:
    """Fills one part with rows as they lie in a store."""

    folder: Path
    part: Part
    recipe: RecipeRow
    templates: Sequence[Template]

    async def begin(self, size: Size) -> None:
        """Makes the store, and fills in all of its finished clips."""
        share, (finished, asked) = Share(self.part), size.names()
        own = [name for name in finished if share.of(SOURCE)(name)]
        left = [name for name in asked if share.of(SOURCE)(name)]
        with Store(self.folder) as store:
            await begin_part(store, self.part)
            await store.add_recipe(self.recipe.fingerprint, self.recipe.recipe)
            if not left:
                await store.end_listing("train")
                await note_census(store, "train", share.census)
        connection = apsw.Connection(str(self.folder / FILE))
        connection.pragma("synchronous", "off")
        connection.pragma("cache_size", -64 * 1024)
        with _counted_later(connection):
            for start in range(0, len(own), VIDEOS):
                with connection:
                    self._write(connection, own[start : start + VIDEOS], start)
        for number, template in enumerate(self.templates if own else ()):
            check(connection, template, number)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    def _write(self, connection: apsw.Connection, videos: Sequence[str], first: int) -> None:
        """The rows of some videos; `first` is the first one's number in the part."""
        rows = Rows()
        for number, name in enumerate(videos, first):
            for window, template in enumerate(self.templates, number * len(self.templates)):
                template.fill(name, window, rows)
        for table, values in (("clip", rows.clips), ("attempt", rows.attempts), ("outcome", rows.outcomes)):
            connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values[0]))})", values)


@contextmanager
def _counted_later(connection: apsw.Connection) -> Iterator[None]:
    """Indexes and counts what is written within the block once all of it is there, which takes a sixth off."""
    made = "SELECT type, name, sql FROM sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
    later = list(connection.execute(made))
    for kind, name, _ in later:
        connection.execute(f"DROP {kind} {name}")
    yield
    connection.execute(COUNTED)
    for _, _, sql in later:
        connection.execute(sql)

"""A run of a million clips, made within minutes: a manifest of videos that are really there, and parts that are filled.

Finished videos are one film under many names (links to one file), each cut into windows. The real command makes what a
store holds of the film's own windows; every other video gets the same rows under its own name, with sixteen words in
each text that nobody said before, so that texts are no duplicates. Rows go into the stores as they lie there (deflated,
with their checksums, links, digests of inputs and seals), and triggers count them. Videos that are left to be asked
about are films of their own, all in part 1.
"""

import hashlib
import os
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import count, islice
from pathlib import Path

import apsw
import numpy as np

from rocot.core.clip import Clip
from rocot.core.part import Part
from rocot.core.record import Json
from rocot.core.span import Span
from rocot.core.truth import Truth, within
from rocot.engine.growth import input_spelt
from rocot.engine.outcome import checksum
from rocot.engine.packed import packed, unpacked
from rocot.engine.parts import begin_part, note_census
from rocot.engine.reader import FILE, RecipeRow, StoreReader
from rocot.engine.seals import notes_of, seal
from rocot.engine.stage import Step
from rocot.engine.store import Store
from rocot.recipe import Windows
from rocot.sources.known.commons import commons
from rocot.sources.manifest.entry import Entry
from rocot.sources.manifest.file import Header, Manifest, SplitHeader, write
from rocot.sources.parted import Share
from rocot.sources.protocol import Video, mark_of
from rocot.sources.windows import cut
from tests.contracts.numbered import Luma, film

SOURCE = "scale"
LENGTH = 10
"""Seconds of a window."""
WINDOWS = 20
"""Of a video."""
SPANS = (Span(start=12.0, end=27.0), Span(start=95.0, end=103.0))
CLASSES = ("Normal", "Fighting")
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
HEADS, TAILS = ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r"), ("arn", "eld", "ist", "olt", "und", "amp", "esk")
WORDS = [f"{head}{middle}{tail}" for head in HEADS for middle in ("o", "ei", "a", "u") for tail in TAILS]


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


def cuts(name: str, mark: str) -> list[Clip]:
    """The windows of a video, as a listing gives them."""
    video = Video(
        id=name,
        source=SOURCE,
        split="train",
        path="",
        duration=float(WINDOWS * LENGTH),
        mark=mark,
        classes=CLASSES,
        common=commons(CLASSES, SOURCE),
        truth=Truth(labels=("Fighting",), spans=SPANS),
        test_of="",
    )
    return list(cut(video, Windows(length=LENGTH, overlap=0).length, 0.0))


@dataclass(frozen=True)
class Model:
    """What a store holds of one window: plain texts, oldest first."""

    clip: str
    """Id."""
    record: str
    attempts: Sequence[tuple[dict[str, object], bytes]]
    """With their bodies."""
    outcomes: Sequence[tuple[dict[str, object], str, int | None]]
    """With their payloads, and which of the attempts is the dictionary of each."""
    context: Json
    """Of the last stage."""


def models(run: Path) -> tuple[RecipeRow, list[Model]]:
    """Of the windows of the first video, in their order; made by the real command."""
    with StoreReader(run) as store:
        recipe = store.recipe()
        assert recipe is not None
        found = []
        for clip in sorted(store.clips("train"), key=lambda clip: clip.position):
            items = (clip.id, f"{clip.id}#0")
            query = "SELECT * FROM attempt WHERE item IN (?, ?) ORDER BY seq"
            attempts = [(row, _body(row)) for row in _dicts(store, "attempt", query, items)]
            query = "SELECT * FROM outcome WHERE item IN (?, ?) ORDER BY seq"
            seqs = [row["seq"] for row, _ in attempts]
            outcomes = []
            for row in _dicts(store, "outcome", query, items):
                base = None if row["base"] is None else seqs.index(row["base"])
                text = row["payload"]
                if isinstance(text, bytes):
                    text = (unpacked(text, b"" if base is None else attempts[base][1]) or b"").decode()
                outcomes.append((row, str(text), base))
            said = Clip.model_validate_json(clip.record)
            truth = within(Truth(labels=("Fighting",), spans=SPANS), said.start, said.end, whole=False)
            found.append(Model(clip.id, clip.record, attempts, outcomes, truth.model_dump(mode="json")))
        return recipe, found


def _dicts(store: StoreReader, table: str, query: str, bindings: tuple[str, str]) -> list[dict[str, object]]:
    names = store.rows(lambda *row: str(row[1]), f"PRAGMA table_info({table})")
    return store.rows(lambda *row: dict(zip(names, row, strict=True)), query, bindings)


def _body(row: dict[str, object]) -> bytes:
    body = row["body"]
    assert isinstance(body, bytes)
    return (unpacked(body) or b"") if row["packed"] else body


_TEXT = re.compile(r'("(?:reasoning|critique)":")')


@dataclass
class Filling:
    """Fills one part with rows as they lie in a store."""

    folder: Path
    part: Part
    recipe: RecipeRow
    models: Sequence[Model]
    steps: Sequence[Step]

    async def begin(self, size: Size, mark: str) -> None:
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
        number = 0
        for start in range(0, len(own), 16):
            with connection:
                for name in own[start : start + 16]:
                    for model, clip in zip(self.models, cuts(name, mark), strict=True):
                        self._add(connection, model, clip, number)
                        number += 1
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    def _add(self, connection: apsw.Connection, model: Model, clip: Clip, number: int) -> None:
        record = clip.model_dump_json()
        _insert(
            connection,
            "clip",
            id=clip.id,
            split="train",
            position=number,
            record=record,
            sha256=checksum(clip.id, "train", record),
        )
        after, bases = -connection.last_insert_rowid(), []
        for row, _ in model.attempts:
            call = hashlib.sha256(f"{row['call']} {clip.id}".encode()).hexdigest()
            _insert(connection, "attempt", **{**row, "seq": None, "call": call, "item": f"{clip.id}#0"})
            bases.append(connection.last_insert_rowid())
        dice, spelt, seqs = random.Random(clip.id), record, list[int]()
        for row, text, base in model.outcomes:
            payload = _TEXT.sub(lambda found: found[1] + " ".join(dice.choices(WORDS, k=16)) + ". ", text, count=1)
            item = clip.id if row["rollout"] is None else f"{clip.id}#0"
            given = input_spelt(spelt, model.context if row["stage"] == "judge" else None)
            told = (item, str(row["fingerprint"]), given, *(str(row[name]) for name in ("kind", "reason", "detail")))
            like = b"" if base is None else model.attempts[base][1]
            small = packed(payload.encode(), like)
            own = {
                "seq": None,
                "item": item,
                "clip": clip.id,
                "input": given,
                "payload": payload if small == payload.encode() else small,
                "after": after,
                "sha256": checksum(*told, payload),
                "base": None if base is None else bases[base],
                "seal": None,
            }
            _insert(connection, "outcome", **{**row, **own})
            after = connection.last_insert_rowid()
            seqs.append(after)
            spelt = f"{spelt[:-1]},{payload[1:]}"
        notes = notes_of(self.steps, (*(None for _ in self.steps[1:]), model.context))
        seal(connection, {seq: notes[: index + 1] for index, seq in enumerate(seqs)})


def _insert(connection: apsw.Connection, table: str, **values: object) -> None:
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))

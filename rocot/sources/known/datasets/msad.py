"""MSAD: two lists of feature files whose names hold the labels, and a table of frame intervals where one has it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rocot.core.truth import NORMAL
from rocot.sources.known.annotated import Annotated
from rocot.sources.known.dataset import Dataset
from rocot.sources.known.files import Files
from rocot.sources.known.texts import Texts

TRAIN, TEST, INTERVALS = "msad-i3d.list", "msad-i3d-test.list", "anomaly_annotation.csv"
START, END, FRAMES = "starting frame of anomaly", "ending frame of anomaly", "total frames"
COLUMNS = ("name", "scenario", FRAMES, START, END)
NOTHING = frozenset(("", "-1", "0"))
"""What may stand for no interval, where both its cells say so."""

_NAME = re.compile(r"(MSAD_normal)_[A-Za-z_]{1,80}[0-9]{1,6}|([A-Za-z_]{1,80})_[0-9]{1,6}")
_COUNT = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True)
class Listed:
    """A video of one of the lists."""

    name: str
    label: str
    split: str
    file: str
    line: int


@dataclass(frozen=True)
class Interval:
    """A row of the table of intervals."""

    name: str
    line: int
    scenario: str
    frames: int
    interval: tuple[float, float] | None


def read(files: Files, about: Dataset) -> Iterator[Annotated]:
    """The training videos, then the test videos, in the order of their lists."""
    listed = [
        one
        for split, file in (("train", TRAIN), ("test", TEST))
        for one in _listed(files, about, files.need(file), split)
    ]
    table = files.find(INTERVALS)
    rows: dict[str, list[Interval]] = {}
    for row in _table(files, table) if table else ():
        rows.setdefault(row.name, []).append(row)
    for one in listed:
        mine = rows.get(one.name, [])
        if one.label == NORMAL and any(row.interval for row in mine):
            files.fault(INTERVALS, mine[0].line, f"{one.name} is normal by its name, and has an interval")
        elif len({row.frames for row in mine}) > 1:
            files.fault(INTERVALS, mine[1].line, f"{one.name} has another number of frames than on line {mine[0].line}")
        else:
            yield _annotated(one, mine, table)
    strange = sorted(rows.keys() - {one.name for one in listed})
    if strange:
        some = ", ".join(name[:100] for name in strange[:5])
        files.note(INTERVALS, f"{len(strange)} videos are in neither list and were left out: {some}")


def label_of(name: str, about: Dataset) -> str | None:
    """The label that a name begins with (`Traffic_accident_31`, `MSAD_normal_mall4`); None where it has none."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    if found[1]:
        return NORMAL
    return found[2] if found[2] in about.classes else None


def _annotated(one: Listed, rows: list[Interval], table: Path | None) -> Annotated:
    known = [row.interval for row in rows if row.interval]
    told: list[str] = []
    if one.label != NORMAL and table and not known:
        told.append(f"{INTERVALS} has no interval of it: not localised")
    if len(known) > 1:
        told.append(f"{INTERVALS} has {len(known)} rows of it: each is one of its intervals")
    texts = Texts()
    for scenario in dict.fromkeys(row.scenario for row in rows if row.scenario):
        texts.add("scenario", scenario)
    return Annotated(
        id=one.name,
        video=f"msad/{one.name}",
        split=one.split,
        file=f"{one.name}.mp4",
        labels=(one.label,),
        intervals=() if one.label == NORMAL else tuple(known) or None,
        frames=rows[0].frames if rows else None,
        passages=texts.passages,
        corrections=(*told, *texts.corrections),
        said=", ".join((f"{one.file}:{one.line}", *(f"{INTERVALS}:{row.line}" for row in rows))),
    )


def _listed(files: Files, about: Dataset, path: Path, split: str) -> Iterator[Listed]:
    for line in files.lines(path):
        name = re.sub(r"(_i3d)?\.npy$|\.mp4$", "", line.text.rpartition("/")[2])
        label = label_of(name, about)
        if label is None or not line.text.isprintable():
            got = f"(got {line.text[-120:]!r})"
            files.fault(files.name(path), line.number, f"want .../<class>_<n>_i3d.npy or .../MSAD_normal_<...> {got}")
        else:
            yield Listed(name, label, split, files.name(path), line.number)


def _table(files: Files, path: Path) -> Iterator[Interval]:
    for line, cells in files.table(path, COLUMNS):
        name, pair = cells["name"].removesuffix(".mp4"), (cells[START], cells[END])
        interval = None if set(pair) <= NOTHING else pair
        if not name or not _COUNT.fullmatch(cells[FRAMES]) or not all(map(_COUNT.fullmatch, interval or ())):
            got = ", ".join(cells[column] for column in COLUMNS)[:120]
            files.fault(files.name(path), line, f"want a name, a scenario and three frame numbers from 1 (got {got!r})")
        else:
            frames = int(cells[FRAMES])
            made = (float(interval[0]), float(interval[1])) if interval else None
            yield Interval(name, line, cells["scenario"], frames, made)

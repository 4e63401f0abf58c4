"""UBnormal: six lists of names, and for each abnormal video the frames of its anomalies, in one of two formats."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rocot.core.truth import NORMAL
from rocot.sources.known.annotated import Annotated
from rocot.sources.known.arrays import is_array, marked, runs
from rocot.sources.known.dataset import Dataset
from rocot.sources.known.files import Files

_NAME = re.compile(r"(?P<kind>normal|abnormal)_scene_(?P<scene>[0-9]{1,3})_scenario[0-9_]{1,9}(?:_fog|_smoke|_fire)?")
_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,20})?(?:e[+-]?[0-9]{1,2})?")
"""Some files write 3 as 3.000000000000000000e+00."""


@dataclass(frozen=True)
class _Tracks:
    intervals: tuple[tuple[float, float], ...]
    """Frames from 0, the end included."""
    frames: int | None = None
    corrections: tuple[str, ...] = ()


def read(files: Files, about: Dataset) -> Iterator[Annotated]:
    """Training, validation and test videos, each the normal ones first, in the order of their lists."""
    (anomaly,) = about.classes  # the files name no others
    for split in about.splits:
        for kind, label in (("normal", NORMAL), ("abnormal", anomaly)):
            yield from _listed(files, kind, label, split.native)


def _listed(files: Files, kind: str, label: str, split: str) -> Iterator[Annotated]:
    path = files.need(f"{kind}_{split}_video_names.txt")
    for line in files.lines(path):
        name = _NAME.fullmatch(line.text)
        if name is None or name["kind"] != kind:
            files.fault(files.name(path), line.number, f"want {kind}_scene_1_scenario_1, say (got {line.text[:100]!r})")
            continue
        found = files.find(f"{line.text}_tracks.txt")
        tracks = _tracks(files, found) if found else None
        yield _annotated(name, label, split, tracks, f"{files.name(path)}:{line.number}")


def _annotated(name: re.Match[str], label: str, split: str, tracks: _Tracks | None, said: str) -> Annotated:
    corrections = list(tracks.corrections) if tracks else []
    intervals = tracks.intervals if tracks else None
    if label == NORMAL:
        if intervals:
            corrections.append(f"the list says normal; {len(intervals)} stretches are marked abnormal: left out")
        intervals = ()
    elif tracks is None:
        corrections.append("no NAME_tracks.txt of it in the folder: not localised")
    elif intervals == ():
        corrections.append("the list says abnormal, no frame is marked so: not localised")
        intervals = None
    return Annotated(
        id=name[0],
        video=f"ubnormal/{name[0]}",
        split=split,
        file=f"Scene{name['scene']}/{name[0]}.mp4",
        labels=(label,),
        intervals=intervals,
        frames=tracks.frames if tracks else None,
        corrections=tuple(corrections),
        said=said,
    )


def _tracks(files: Files, path: Path) -> _Tracks | None:
    """None where the file is at fault."""
    if not is_array(files, path):
        return _rows(files, path)
    normal = marked(files, path)
    if normal is None:
        return None
    intervals = tuple((float(start), float(end - 1)) for start, end in runs(~normal))
    return _Tracks(
        intervals, len(normal), ("the file is a NumPy array, 1 for a normal frame: its zeros are the spans",)
    )


def _rows(files: Files, path: Path) -> _Tracks | None:
    """One row an object that is abnormal for a while; objects may be so at the same time."""
    intervals: list[tuple[float, float]] = []
    sound = True
    for line in files.lines(path):
        cells = [cell.strip() for cell in line.text.split(",")]
        numbers = [float(cell) for cell in cells if _NUMBER.fullmatch(cell)]
        whole = len(numbers) == len(cells) == 3 and all(number.is_integer() for number in numbers)
        if not whole or not numbers[1] <= numbers[2] < 10**9:
            files.fault(files.name(path), line.number, f"want object,first frame,last frame (got {line.text[:100]!r})")
            sound = False
        else:
            intervals.append((numbers[1], numbers[2]))
    return _Tracks(tuple(intervals)) if sound else None

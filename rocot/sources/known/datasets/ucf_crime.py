"""UCF-Crime: two lists, and the frame intervals of the test videos."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from rocot.core.truth import NORMAL
from rocot.sources.known.annotated import Annotated
from rocot.sources.known.dataset import Dataset
from rocot.sources.known.files import Files, Line

INTERVALS = ("Temporal_Anomaly_Annotation_for_Testing_Videos.txt", "Temporal_Anomaly_Annotation.txt")
TEST_LIST = "Anomaly_Test.txt"
NOTHING = ("-1", "-1")
"""Stands for no interval."""

_NAME = re.compile(r"([A-Za-z]+)[0-9]+_x264|(Normal_Videos)_?[0-9]+_x264")


def read(files: Files, about: Dataset) -> Iterator[Annotated]:
    """The training videos in the order of their list, then the test videos in the order of the intervals."""
    train, test = files.need("Anomaly_Train.txt"), files.need(*INTERVALS)
    lengths = {**_lengths(files, "UCF_train.txt", 2, 4), **_lengths(files, "UCF_Annotation.txt", 1, 7)}
    yield from _listed(files, about, train, lengths)
    yield from _localised(files, about, test, lengths, _folders(files))


def label_of(name: str, about: Dataset) -> str | None:
    """The label that a video's name begins with (`Abuse028_x264`); None where it is no name of UCF-Crime."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    label = NORMAL if found[2] else found[1]
    return label if label == NORMAL or label in about.classes else None


def _listed(files: Files, about: Dataset, path: Path, lengths: dict[str, int]) -> Iterator[Annotated]:
    for line in files.lines(path):
        folder, _, file = line.text.rpartition("/")
        label = about.codes.get(folder, folder)
        name = _stem(file)
        if name is None or (label != NORMAL and label not in about.classes):
            files.fault(files.name(path), line.number, f"want Folder/Name.mp4 (got {line.text[:100]!r})")
            continue
        if label_of(name, about) not in {None, label}:
            files.fault(files.name(path), line.number, f"the folder says {folder}, the name another ({name})")
            continue
        normal = label == NORMAL
        yield Annotated(
            id=name,
            video=f"ucf-crime/{name}",
            split="train",
            file=line.text,
            labels=(label,),
            intervals=() if normal else None,
            frames=lengths.get(name),
            said=f"{files.name(path)}:{line.number}",
        )


def _localised(
    files: Files, about: Dataset, path: Path, lengths: dict[str, int], folders: dict[str, Line]
) -> Iterator[Annotated]:
    seen: set[str] = set()
    for line in files.lines(path):
        said = f"{files.name(path)}:{line.number}"
        cells = line.text.split()
        name = _stem(cells[0])
        if len(cells) != 6 or name is None:
            files.fault(files.name(path), line.number, f"want Name.mp4 Class s1 e1 s2 e2 (got {line.text[:100]!r})")
            continue
        seen.add(name)
        label = cells[1]
        intervals = _intervals(files, path, line, cells[2:])
        if label != NORMAL and label not in about.classes:
            files.fault(files.name(path), line.number, f"{label[:40]!r} is no class of UCF-Crime")
        elif intervals is not None and bool(intervals) == (label == NORMAL):
            files.fault(files.name(path), line.number, "a normal video has no interval, and any other has one")
        elif folders and name not in folders:
            files.fault(files.name(path), line.number, f"{name} is not in {TEST_LIST}")
        elif intervals is not None:
            yield Annotated(
                id=name,
                video=f"ucf-crime/{name}",
                split="test",
                file=folders[name].text if folders else cells[0],
                labels=(label,),
                intervals=intervals,
                frames=lengths.get(name),
                said=said,
            )
    for name in sorted(folders.keys() - seen):
        files.fault(TEST_LIST, folders[name].number, f"{name} is not in {files.name(path)}")


def _intervals(files: Files, path: Path, line: Line, cells: list[str]) -> tuple[tuple[float, float], ...] | None:
    made: list[tuple[float, float]] = []
    for pair in ((cells[0], cells[1]), (cells[2], cells[3])):
        if pair == NOTHING:
            continue
        if not all(re.fullmatch(r"[0-9]{1,9}", cell) for cell in pair):
            files.fault(
                files.name(path), line.number, f"want two frame numbers, or -1 -1 (got {' '.join(pair)[:60]!r})"
            )
            return None
        start, end = map(int, pair)
        if start >= end:
            files.fault(files.name(path), line.number, f"the interval {start} to {end} ends before it starts")
            return None
        made.append((float(start), float(end)))
    return tuple(made)


def _folders(files: Files) -> dict[str, Line]:
    """Where the test videos lie, by name, if the test list is there."""
    path = files.find(TEST_LIST)
    made: dict[str, Line] = {}
    for line in files.lines(path) if path else ():
        name = _stem(PurePosixPath(line.text).name)
        if name is None:
            files.fault(TEST_LIST, line.number, f"want Folder/Name.mp4 (got {line.text[:100]!r})")
        else:
            made[name] = line
    return made


def _lengths(files: Files, file: str, column: int, least: int) -> dict[str, int]:
    """Frames by name, from the mirrors that add them: `Folder/Name.mp4 ... N ...`."""
    path = files.find(file)
    made: dict[str, int] = {}
    for line in files.lines(path) if path else ():
        cells = line.text.split()
        name = _stem(PurePosixPath(cells[0]).name)
        if len(cells) < least or name is None or not re.fullmatch(r"[1-9][0-9]{0,8}", cells[column]):
            assert path is not None
            files.fault(
                files.name(path), line.number, f"want a video and its number of frames (got {line.text[:100]!r})"
            )
        elif made.setdefault(name, int(cells[column])) != int(cells[column]):
            assert path is not None
            files.fault(files.name(path), line.number, f"{name} has {cells[column]} frames here, {made[name]} above")
    return made


def _stem(file: str) -> str | None:
    return file.removesuffix(".mp4") if re.fullmatch(r"[A-Za-z0-9_]{1,100}\.mp4", file) else None

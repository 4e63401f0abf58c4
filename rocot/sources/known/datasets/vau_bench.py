"""VAU-Bench: questions, reasoning and one span a video, for videos of UCF-Crime, MSAD and ECVA."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rocot.core.task import Question
from rocot.core.truth import NORMAL
from rocot.sources.known.annotated import Annotated
from rocot.sources.known.dataset import Dataset
from rocot.sources.known.files import Files
from rocot.sources.known.literal import headed
from rocot.sources.known.texts import Texts

OFFICIAL_TRAIN, PART_OF_TRAIN = "train.csv", "ucf_subset_train.csv"
LISTS = {
    OFFICIAL_TRAIN: ("train", None),
    PART_OF_TRAIN: ("train", None),
    "val.csv": ("val", None),
    "test_ucf_crime.csv": ("test UCF-Crime", "ucf-crime"),
    "test_msad.csv": ("test MSAD", "msad"),
    "test_ecva.csv": ("test ECVA", "ecva"),
}
"""The native split of each file, and whose videos it lists; None where the names say it."""
PREFIXES = {"ucf": "ucf-crime", "msad": "msad", "ecva": "ecva"}
OPTIONS = ("Option 1", "Option 2", "Option 3", "Option 4")
QUESTION = ("Question", *OPTIONS, "Correct Option")
TEXTS = ("Key Object", "Description", "Reasoning")
COLUMNS = ("Video Name", *QUESTION, *TEXTS, "Anomaly Class", "Start Time", "End Time")
NOTHING = "-1"
"""Stands for a text, a class or a time that nobody gave."""
RENAMED = {
    "RoadAccidents": "Traffic_accident",
    "Burglary": "Stealing",
    "Shoplifting": "Stealing",
    "Normal_Videos_": NORMAL,
    "Normal_Videos": NORMAL,
}
"""What the names of UCF-Crime's videos begin with, where VAU-Bench calls the class otherwise."""

_NAME = re.compile(r"(?:(ucf|msad|ecva)_)?([A-Za-z0-9_]{1,100})\.mp4")
_OF_SOURCE = {
    "ucf-crime": re.compile(r"([A-Za-z]+|Normal_Videos_?)[0-9]+_x264"),
    "msad": re.compile(r"[A-Za-z_]+[0-9]+"),
    "ecva": re.compile(r"[0-9]{1,9}"),
}
_MSAD_SCENE = re.compile(r"[a-z_]+[0-9]+")
_SECONDS = re.compile(r"-?[0-9]{1,7}(\.[0-9]{1,6})?")
_ANSWER = re.compile(r"([A-D])(?:[.:)]\s*(.+))?")


@dataclass
class _Row:
    """A row while it is read, and what was decided on the way."""

    source: str
    name: str
    cells: dict[str, str]
    corrections: list[str] = field(default_factory=list)

    def has(self, column: str) -> bool:
        return self.cells[column] not in ("", NOTHING)


def read(files: Files, about: Dataset) -> Iterator[Annotated]:
    """The rows of the files that are there: train, val, then the three tests."""
    paths = {name: files.find(name) for name in LISTS}
    if not any(paths.values()):
        files.need("val.csv", *LISTS)
    if paths[OFFICIAL_TRAIN] is not None:
        twin = paths.pop(PART_OF_TRAIN)
        if twin is not None:
            files.note(
                files.name(twin), f"not read: its rows are the UCF-Crime part of {OFFICIAL_TRAIN}, which is there"
            )
    elif paths[PART_OF_TRAIN] is not None:
        del paths[OFFICIAL_TRAIN]
        files.note(PART_OF_TRAIN, "only the UCF-Crime part of the training list")
    for name, path in paths.items():
        if path is None:
            files.note(name, f"not in the folder, so there are no videos of it in the split {LISTS[name][0]}")
        else:
            yield from _rows(files, about, path, *LISTS[name])


def _rows(files: Files, about: Dataset, path: Path, split: str, source: str | None) -> Iterator[Annotated]:
    file = files.name(path)
    for line, cells in files.table(path, COLUMNS):
        row = _row(cells, source)
        if isinstance(row, str):
            files.fault(file, line, row)
            continue
        label = _label(row)
        intervals = _intervals(row, label) if label in about.classes or label == NORMAL else "no class of VAU-Bench"
        if isinstance(intervals, str):
            files.fault(file, line, f"{intervals} (got {_told(cells)})")
            continue
        question = _question(row)
        if isinstance(question, str):
            files.fault(file, line, question)
            continue
        texts = _texts(row)
        doubtful = label == NORMAL and bool(intervals)
        yield Annotated(
            id=cells["Video Name"].removesuffix(".mp4"),
            video=f"{row.source}/{_canonical(row, label)}",
            split=split,
            file=f"{row.name}.mp4",
            labels=None if doubtful or label is None else (label,),
            intervals=intervals,
            passages=texts.passages,
            questions=question,
            corrections=(*row.corrections, *texts.corrections),
            said=f"{file}:{line}",
        )


def _row(cells: dict[str, str], source: str | None) -> _Row | str:
    """The row, or what is wrong with its name."""
    name = cells["Video Name"]
    found = _NAME.fullmatch(name)
    if found is None:
        return f"want a name such as ucf_Abuse001_x264.mp4 (got {name[:100]!r})"
    whose = PREFIXES.get(found[1], source)
    if whose is None:
        return f"want ucf_, msad_ or ecva_ in front of the name (got {name[:100]!r})"
    if source not in (None, whose) or not _OF_SOURCE[whose].fullmatch(found[2]):
        return f"no name of a video of {source or whose} (got {name[:100]!r})"
    return _Row(whose, found[2], cells)


def _label(row: _Row) -> str | None:
    """The class column; where it holds -1, what the name of a video of UCF-Crime says."""
    label = row.cells["Anomaly Class"]
    if label != NOTHING:
        return label
    found = _OF_SOURCE["ucf-crime"].fullmatch(row.name)
    if row.source != "ucf-crime" or found is None:
        return None
    label = RENAMED.get(found[1], found[1])
    row.corrections.append("the class is -1 in the file, and taken from the video's name")
    return label


def _intervals(row: _Row, label: str | None) -> tuple[tuple[float, float], ...] | str | None:
    """The span, nothing for normal footage, None where it is unknown; or what is wrong with the times."""
    times = row.cells["Start Time"], row.cells["End Time"]
    if not all(_SECONDS.fullmatch(time) for time in times):
        return "want two times in seconds"
    start, end = map(float, times)
    if 0 <= start < end:
        if label == NORMAL:
            row.corrections.append(
                f"class Normal with an interval, {start:g} to {end:g} s: the label is left out, the interval kept"
            )
        return ((start, end),)
    if (start, end) == (0, 0) and label == NORMAL:
        return ()
    if (start, end) == (-1, -1) and label != NORMAL:
        row.corrections.append("times -1 and -1: abnormal, and not localised")
        return None
    return "want 0 and 0 for normal footage, a start before an end or -1 and -1 for other"


def _question(row: _Row) -> tuple[Question, ...] | str:
    """The question, if there is one; or what is wrong with it."""
    missing = [column for column in QUESTION if not row.has(column)]
    if missing:
        row.corrections.append(f"{', '.join(missing)}: -1 or empty in the file, so there is no question")
        return ()
    options = tuple(row.cells[column] for column in OPTIONS)
    found = _ANSWER.fullmatch(row.cells["Correct Option"])
    if found is None:
        return f"the correct option must be A to D (got {row.cells['Correct Option'][:100]!r})"
    answer = "ABCD".index(found[1])
    if found[2]:
        same = "the same" if found[2] == options[answer] else "another"
        row.corrections.append(f"the correct option is a letter and {same} text; the letter counts")
    return (Question(text=row.cells["Question"], options=options, answer=answer),)


def _texts(row: _Row) -> Texts:
    texts = Texts()
    for column in TEXTS:
        if not row.has(column):
            row.corrections.append(f"{column}: -1 or empty in the file")
            continue
        text = row.cells[column]
        if column == "Reasoning" and text.startswith("{"):
            plain = headed(text)
            how = "is a Python dict in the file, and text with headings here"
            unread = "begins as a Python dict and cannot be read as one of texts: kept as written"
            row.corrections.append(f"the reasoning {unread if plain is None else how}")
            text = plain or text
        texts.add(column.lower(), text)
    return texts


def _canonical(row: _Row, label: str | None) -> str:
    """The name in the video's own dataset. MSAD's lists write `MSAD_normal_mall4` for what VAU-Bench calls mall4."""
    if row.source == "msad" and label == NORMAL and _MSAD_SCENE.fullmatch(row.name):
        row.corrections.append(f"{row.name} is MSAD_normal_{row.name} in MSAD's lists")
        return f"MSAD_normal_{row.name}"
    return row.name


def _told(cells: dict[str, str]) -> str:
    return ", ".join(repr(cells[column][:40]) for column in ("Anomaly Class", "Start Time", "End Time"))

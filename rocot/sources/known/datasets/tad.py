"""TAD: two lists with the number of frames and the class; the test list with one interval a video."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rocot.core.truth import NORMAL
from rocot.sources.known.annotated import Annotated
from rocot.sources.known.dataset import Dataset
from rocot.sources.known.files import Files

_PATH = r"(?P<path>frames/(?P<folder>abnormal|normal)/(?P<name>(?:(?P<number>[0-9]{2})_)?[A-Za-z0-9_]{1,100})\.mp4)"
_FRAMES, _CLASS = r"(?P<frames>[1-9][0-9]{0,8})", r"(?P<class>[0-9])"


@dataclass(frozen=True)
class _List:
    split: str
    row: re.Pattern[str]
    want: str

    @property
    def file(self) -> str:
        return f"TAD_{self.split}.txt"


_LISTS = (
    _List("train", re.compile(rf"{_PATH} 0 {_FRAMES} {_CLASS}"), "frames/FOLDER/NAME.mp4 0 FRAMES CLASS"),
    _List(
        "test",
        re.compile(rf"{_PATH} {_FRAMES} {_CLASS} (?P<start>[0-9]{{1,9}}) (?P<end>[0-9]{{1,9}})"),
        "frames/FOLDER/NAME.mp4 FRAMES CLASS START END",
    ),
)


def read(files: Files, about: Dataset) -> Iterator[Annotated]:
    """The training videos, then the test videos, in the order of their lists."""
    for listed in _LISTS:
        path = files.need(listed.file)
        for line in files.lines(path):
            row = listed.row.fullmatch(line.text)
            fault = _fault(row, about) if row else f"want {listed.want}"
            if row is None or fault:
                files.fault(files.name(path), line.number, f"{fault} (got {line.text[:100]!r})")
            else:
                yield _annotated(row, about, listed.split, f"{files.name(path)}:{line.number}")


def _fault(row: re.Match[str], about: Dataset) -> str | None:
    label = about.codes.get(row["class"])
    if label is None:
        return f"{row['class']} is no class of TAD"
    if (row["folder"] == "normal") != (label == NORMAL) or int(row["number"] or 0) != int(row["class"]):
        return f"the class is {row['class']} ({label}), the path says otherwise"
    if "start" not in row.groupdict():
        return None
    start, end = int(row["start"]), int(row["end"])
    if label == NORMAL and (start, end) != (0, int(row["frames"])):
        return "want 0 and the number of frames as the interval of a normal video"
    return None if start < end else "the interval ends before it starts"


def _annotated(row: re.Match[str], about: Dataset, split: str, said: str) -> Annotated:
    """A normal video's interval is all of it: that nothing happens there is told by its class."""
    label = about.codes[row["class"]]
    intervals: tuple[tuple[float, float], ...] | None = ()
    if label != NORMAL:
        intervals = ((float(row["start"]), float(row["end"])),) if split == "test" else None
    return Annotated(
        id=row["name"],
        video=f"tad/{row['name']}",
        split=split,
        file=row["path"],
        labels=(label,),
        intervals=intervals,
        frames=int(row["frames"]),
        said=said,
    )

"""UCA: sentences and their times for the videos of UCF-Crime, as JSON or as text; JSON is read where both are there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated as Bound

from pydantic import Field

from rocot.core.truth import NORMAL
from rocot.sources.known.annotated import Annotated
from rocot.sources.known.dataset import Dataset
from rocot.sources.known.datasets.ucf_crime import label_of
from rocot.sources.known.files import Files
from rocot.sources.known.shapes import Shape, line_of, shaped, table_of
from rocot.sources.known.texts import Texts

LISTS = {"train": "UCFCrime_Train", "val": "UCFCrime_Val", "test": "UCFCrime_Test"}

_TIME = re.compile(r"(?:([0-9]{1,2}):)?([0-5]?[0-9]):([0-5]?[0-9](?:\.[0-9]{1,3})?)")
"""`M:SS.s`, `MM:SS.s` or `HH:MM:SS.s`: only the colons tell, since the long shape stands below an hour, too."""


class _Video(Shape):
    """What the JSON says of a video."""

    duration: float = Field(gt=0)
    timestamps: list[Bound[list[float], Field(min_length=2, max_length=2)]]
    sentences: list[str]


@dataclass(frozen=True)
class _List:
    """One of the files, while it is read."""

    files: Files
    about: Dataset
    path: Path
    split: str

    def fault(self, line: int, fault: str) -> None:
        self.files.fault(self.files.name(self.path), line, fault)


def read(files: Files, about: Dataset) -> Iterator[Annotated]:
    """The videos of the lists that are there, train, val, test, in the order of the files."""
    paths = {split: _list(files, stem) for split, stem in LISTS.items()}
    if not any(paths.values()):
        files.need("UCFCrime_Train.json", "UCFCrime_Train.txt")
    for split, path in paths.items():
        if path is None:
            files.note(LISTS[split], f"not in the folder, so there are no videos of the split {split}")
            continue
        form = _from_json if path.suffix == ".json" else _from_text
        yield from form(_List(files, about, path, split))


def _list(files: Files, stem: str) -> Path | None:
    # The repository also has a folder `txt_mask`, with other sentences under the same names.
    return files.find(f"json/{stem}.json", f"{stem}.json", f"txt/{stem}.txt", f"{stem}.txt")


def _from_json(part: _List) -> Iterator[Annotated]:
    for name, value in table_of(part.files, part.path).items():
        video = shaped(value, _Video)
        if isinstance(video, str):
            part.fault(line_of(part.files, part.path, name), f"{name[:100]!r}: {video}")
            continue
        if len(video.timestamps) != len(video.sentences):
            counts = f"{len(video.timestamps)} timestamps for {len(video.sentences)} sentences"
            part.fault(line_of(part.files, part.path, name), f"{name[:100]!r}: {counts}")
            continue
        texts = Texts(video.duration)
        for (start, end), sentence in zip(video.timestamps, video.sentences, strict=True):
            texts.add("sentence", sentence, (start, end))
        yield from _said(part, 0, name, texts)


def _from_text(part: _List) -> Iterator[Annotated]:
    """The text form has no durations, and the lines of one video may stand apart."""
    first: dict[str, int] = {}
    texts: dict[str, Texts] = {}
    for line in part.files.lines(part.path):
        head, mark, sentence = line.text.partition("##")
        cells = head.split()
        times = [_seconds(cell) for cell in cells[1:]]
        if not mark or len(cells) != 3 or times[0] is None or times[1] is None:
            wanted = "want Name_x264 start end ##sentence, times as MM:SS.s or HH:MM:SS.s"
            part.fault(line.number, f"{wanted} (got {line.text[:100]!r})")
            continue
        first.setdefault(cells[0], line.number)
        texts.setdefault(cells[0], Texts()).add("sentence", sentence, (times[0], times[1]))
    for name, number in first.items():
        yield from _said(part, number, name, texts[name])


def _said(part: _List, line: int, name: str, texts: Texts) -> Iterator[Annotated]:
    label = label_of(name, part.about)
    if label is None:
        part.fault(line or line_of(part.files, part.path, name), f"{name[:100]!r} is no name of a video of UCF-Crime")
        return
    file = part.files.name(part.path)
    yield Annotated(
        id=name,
        video=f"ucf-crime/{name}",
        split=part.split,
        file=f"{name}.mp4",
        labels=(label,),
        intervals=() if label == NORMAL else None,
        duration=texts.duration,
        passages=texts.passages,
        corrections=texts.corrections,
        said=f"{file}:{line}" if line else f"{file}: {name}",
    )


def _seconds(text: str) -> float | None:
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    hours, minutes, seconds = found.groups(default="0")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)

"""XD-Violence: two lists whose names hold the labels, and the frame intervals of the violent test videos."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rocot.core.span import Span
from rocot.core.truth import NORMAL
from rocot.sources.known.annotated import Annotated
from rocot.sources.known.dataset import Counting, Dataset
from rocot.sources.known.files import Files
from rocot.sources.manifest.entry import Passage

TRAIN = ("audio.list", "rgb.list", "train.list", "train.txt")
TEST = ("audio_test.list", "rgb_test.list", "test.list", "test.txt")
INTERVALS = "annotations.txt"
CLASSES = "annotations_multiclasses.txt"
LENGTHS = ("xd_train.json", "xd_val.json", "xd_test_800.json")

_TIME = r"[0-9]{1,2}-[0-9]{2}-[0-9]{2}"
_NAME = re.compile(rf"[^/\\\s]{{1,200}}__#(?:1|{_TIME}_{_TIME})_label_([A-Z0-9]{{1,2}}(?:-[A-Z0-9]{{1,2}}){{0,2}})")
_FEATURES = re.compile(r"__(?:vggish|[0-9])\.npy$|\.mp4$")
_OTHER_CROP = re.compile(r"__[1-9]\.npy$")
"""The authors' RGB features come in five crops a video; the first stands for it."""
_FRAME = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Listed:
    """A video of one of the lists."""

    file: str
    line: int
    name: str
    labels: tuple[str, ...]

    @property
    def normal(self) -> bool:
        """Whether its name says so."""
        return self.labels == (NORMAL,)


@dataclass(frozen=True)
class Row:
    """A violent test video in one of the two files of intervals."""

    file: str
    line: int
    name: str
    suffix: bool
    """Whether the name ends in .mp4 there."""
    intervals: tuple[tuple[float, float], ...]
    labels: tuple[str, ...] = ()
    """One an interval, in the file with classes."""

    @property
    def said(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}"


def read(files: Files, about: Dataset) -> Iterator[Annotated]:
    """The training videos, then the test videos, in the order of their lists."""
    train, test = files.need(*TRAIN), files.need(*TEST)
    localised = _rows(files, about, files.need(INTERVALS), classed=False)
    with_classes = files.find(CLASSES)
    classed = _rows(files, about, with_classes, classed=True) if with_classes else {}
    lengths = _lengths(files)
    for one in _listed(files, about, train):
        yield _annotated(one, "train", lengths)
    listed: set[str] = set()
    for one in _listed(files, about, test):
        listed.add(one.name)
        row = localised.get(one.name)
        if (row is None) != one.normal:
            what = "normal by its name, and has a row" if row else "violent by its name, and has no row"
            files.fault(one.file, one.line, f"{one.name} is {what} in {INTERVALS}")
        elif row is None:
            yield _annotated(one, "test", lengths)
        else:
            yield _localised(_annotated(one, "test", lengths), about.counting, row, classed.get(one.name))
    for row in (*localised.values(), *classed.values()):
        if row.name not in listed:
            files.fault(row.file, row.line, f"{row.name[:120]} is not in {files.name(test)}")


def labels_of(name: str, about: Dataset) -> tuple[str, ...] | None:
    """The labels that a video's name ends with (`_label_B2-G-0`); None where it is no name of XD-Violence."""
    found = _NAME.fullmatch(name)
    codes = [code for code in found[1].split("-") if code != "0"] if found else []
    if not codes or not set(codes) <= set(about.codes):
        return None
    labels = tuple(dict.fromkeys(about.codes[code] for code in codes))
    return labels if labels == (NORMAL,) or NORMAL not in labels else None


def _listed(files: Files, about: Dataset, path: Path) -> Iterator[Listed]:
    """Paths of features or of videos, or bare names."""
    for line in files.lines(path):
        if _OTHER_CROP.search(line.text):
            continue
        name = _FEATURES.sub("", line.text.rpartition("/")[2])
        labels = labels_of(name, about)
        if labels is None or not line.text.isprintable():
            got = f"(got {line.text[-120:]!r})"
            files.fault(files.name(path), line.number, f"want a name that ends in __#..._label_<codes> {got}")
        else:
            yield Listed(files.name(path), line.number, name, labels)


def _annotated(one: Listed, split: str, lengths: Mapping[str, int]) -> Annotated:
    return Annotated(
        id=one.name,
        video=f"xd-violence/{one.name}",
        split=split,
        file=f"{one.name}.mp4",
        labels=one.labels,
        intervals=() if one.normal else None,
        frames=lengths.get(one.name),
        said=f"{one.file}:{one.line}",
    )


def _localised(one: Annotated, counting: Counting, row: Row, classed: Row | None) -> Annotated:
    """The video with what the files of intervals add to it."""
    told = [f"the name in {INTERVALS} ends in .mp4: taken for the one in the list"] if row.suffix else []
    if classed and classed.intervals != row.intervals:
        told.append(f"{classed.said} cuts the intervals otherwise: those of {INTERVALS} count")
    strange = sorted(set(classed.labels) - set(one.labels or ())) if classed else []
    if classed and strange:
        told.append(f"{classed.said} says {', '.join(strange)}, which is not in the name: the name's label counts")
    return one.model_copy(
        update={
            "intervals": row.intervals,
            "corrections": tuple(told),
            "passages": _passages(classed, counting) if classed else (),
            "said": f"{one.said}, {row.said}",
        }
    )


def _passages(classed: Row, counting: Counting) -> tuple[Passage, ...]:
    assert counting.fps is not None
    made: list[Passage] = []
    for label, (start, end) in zip(classed.labels, classed.intervals, strict=True):
        span = Span(start=(start - counting.first) / counting.fps, end=(end - counting.first) / counting.fps)
        made.append(Passage(kind="class interval", text=label, span=span))
    return tuple(made)


def _rows(files: Files, about: Dataset, path: Path, *, classed: bool) -> dict[str, Row]:
    """By name: `name s e s e ...`; in the file with classes a code stands before each pair."""
    made: dict[str, Row] = {}
    file, step = files.name(path), 3 if classed else 2
    for line in files.lines(path):
        name, *cells = line.text.split()
        stem = name.removesuffix(".mp4")
        codes = cells[::step] if classed else []
        intervals = _intervals(cells[step - 2 :: step], cells[step - 1 :: step])
        if len(cells) % step or not intervals or not set(codes) <= set(about.codes):
            want = "name CODE s e CODE s e ..." if classed else "name s e s e ..."
            files.fault(file, line.number, f"want {want}, frames with s before e (got {line.text[:120]!r})")
        elif stem in made:
            files.fault(file, line.number, f"{stem[:120]} stands there twice: also {made[stem].said}")
        else:
            labels = tuple(about.codes[code] for code in codes)
            made[stem] = Row(file, line.number, stem, stem != name, intervals, labels)
    return made


def _intervals(starts: Sequence[str], ends: Sequence[str]) -> tuple[tuple[float, float], ...]:
    """Empty where a cell is no frame number, or an end is not after its start."""
    if not all(_FRAME.fullmatch(cell) for cell in (*starts, *ends)):
        return ()
    made = tuple((float(start), float(end)) for start, end in zip(starts, ends, strict=False))
    return made if all(start < end for start, end in made) else ()


def _lengths(files: Files) -> dict[str, int]:
    """Frames by name, from VERA's files; nothing else in them is looked at."""
    made: dict[str, int] = {}
    for path in filter(None, map(files.find, LENGTHS)):
        items = files.json(path)
        for number, item in enumerate(items if isinstance(items, list) else [None], 1):
            name = item.get("video", item.get("video_name")) if isinstance(item, dict) else None
            frames = item.get("length") if isinstance(item, dict) else None
            if isinstance(name, str) and type(frames) is int and 0 < frames < 10**9:
                made[name] = frames
            else:
                files.fault(files.name(path), 0, f"item {number}: want a video and its length in frames")
    return made

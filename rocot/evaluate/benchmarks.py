"""The benchmarks by name, and their cases: from the records of a dataset's official files, or from rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rocot.core.row import Row
from rocot.core.truth import NORMAL, Truth
from rocot.errors import ConfigError
from rocot.evaluate.case import Benchmark, Case, Frames
from rocot.sources.known.dataset import Dataset, known, taxonomy
from rocot.sources.known.files import Files
from rocot.sources.known.importing import annotated, manifest
from rocot.sources.manifest.entry import Entry
from rocot.sources.manifest.file import Manifest
from rocot.sources.names import printable


@dataclass(frozen=True)
class Suite:
    """A benchmark that rocot knows."""

    dataset: str
    split: str
    """Native name."""
    frame_measure: Frames | None = None
    vau_r1: bool = False


SUITES = {
    "vau-bench/ucf-crime": Suite("vau-bench", "test UCF-Crime", vau_r1=True),
    "vau-bench/msad": Suite("vau-bench", "test MSAD", vau_r1=True),
    "vau-bench/ecva": Suite("vau-bench", "test ECVA", vau_r1=True),
    "ucf-crime": Suite("ucf-crime", "test", "roc_auc"),
    "xd-violence": Suite("xd-violence", "test", "average_precision"),
    "msad": Suite("msad", "test", "roc_auc"),
    "shanghaitech": Suite("shanghaitech", "test", "roc_auc"),
}
"""By the name in `--on`."""
PROSE = ("key object", "description", "reasoning")
"""What VAU-Bench tells of a video."""


def suite(name: str) -> Suite:
    """The benchmark of that name. Raises ConfigError."""
    if name not in SUITES:
        raise ConfigError(f"--on {name[:80]}: no benchmark of that name; known are {', '.join(SUITES)}, release:SPLIT")
    return SUITES[name]


def from_annotations(name: str, files: Files) -> Benchmark:
    """The benchmark from the dataset's official files. Raises ConfigError."""
    return from_manifest(name, records(name, files))


def records(name: str, files: Files) -> Manifest:
    """The records of a benchmark's dataset, from its official files. Raises ConfigError."""
    about = known(suite(name).dataset)
    return manifest(about, files, annotated(about, files))


def from_manifest(name: str, made: Manifest) -> Benchmark:
    """The benchmark from what `rocot import` wrote. Raises ConfigError where that is of another dataset."""
    want = suite(name)
    if made.header.dataset != want.dataset:
        raise ConfigError(f"--on {name} wants a manifest of {want.dataset} (got one of {made.header.dataset})")
    about, entries = known(want.dataset), entries_of(name, made)
    return Benchmark(
        name=name,
        title=about.title if about.title.casefold() == name else f"{about.title}, {want.split}",
        cases=tuple(map(_case, entries)),
        classes=(NORMAL, *about.classes),
        common=_commons(about),
        frame_measure=want.frame_measure,
        vau_r1=want.vau_r1,
        notes=tuple(_notes(about, want, entries)),
    )


def entries_of(name: str, made: Manifest) -> list[Entry]:
    """The records that a benchmark's cases are made of, in their order. Raises ConfigError where there is none."""
    split = suite(name).split
    entries = [entry for entry in made.entries if entry.native_split == split]
    if not entries:
        raise ConfigError(f"--on {name}: no video of the split {split!r} in the annotations; is a file missing?")
    return entries


def _case(entry: Entry) -> Case:
    question = next((one for one in entry.questions if one.answer is not None and one.options), None)
    return Case(
        id=entry.id,
        video=entry.video,
        names=tuple(dict.fromkeys((entry.video, f"{entry.id}.mp4", entry.file))),
        truth=entry.truth,
        common=entry.common,
        question=question.text if question else "",
        options=question.options if question else (),
        answer=question.answer if question else None,
        reference=_reference(entry),
        frames=entry.frames,
        fps=entry.fps,
    )


def _reference(entry: Entry) -> str:
    """Class, key object, description and reasoning; empty where nobody described the video."""
    told = {passage.kind: passage.text for passage in entry.passages if passage.span is None}
    if "description" not in told:
        return ""
    named = {"class": ", ".join(entry.labels or ()), **{kind: told.get(kind, "") for kind in PROSE}}
    return "\n".join(f"{kind.capitalize()}: {text}" for kind, text in named.items() if text)


def _commons(about: Dataset) -> dict[str, str]:
    return {NORMAL: NORMAL, **{name: name for name in taxonomy()}, **about.classes}


def _notes(about: Dataset, want: Suite, entries: Sequence[Entry]) -> list[str]:
    official = about.split(want.split).videos
    notes = [] if len(entries) == official else [f"{len(entries)} of the {official} videos of the split are here"]
    loose = sum(entry.spans is None and entry.labels != (NORMAL,) for entry in entries)
    if loose:
        notes.append(f"{loose} anomalous videos are not localised and stand in no measure of spans")
    more = sum(len(entry.questions) > 1 for entry in entries)
    if more:
        notes.append(f"{more} videos have several questions; the first one with an answer is scored")
    return notes


def from_rows(rows: Iterable[Row], split: str) -> Benchmark:
    """A release's own clips of a split as cases, one a clip. Raises ConfigError where there is none."""
    cases: dict[str, Case] = {}
    classes: dict[str, None] = {NORMAL: None}
    common: dict[str, str] = {NORMAL: NORMAL, **{name: name for name in taxonomy()}}
    floors, release = (0.0, 0.0), ""
    splits: dict[str, None] = {}
    for row in rows:
        splits[row.split] = None
        if row.split != split or row.handed is not None or row.clip in cases:
            continue
        cases[row.clip] = _clip(row)
        if row.task != "qa":
            classes.update(dict.fromkeys(row.classes))
            common.update(row.in_common)
        floors, release = (row.tiou_floor, row.improved_floor), f"{row.provenance.release} {row.provenance.version}"
    if not cases:
        others = ", ".join(map(printable, sorted(splits.keys() - {split})))  # names that the release's author chose
        there = f"; it has {others}" if others else ""
        raise ConfigError(f"--on release:{split[:60]}: the release has no rows of that split{there}")
    return Benchmark(
        name=f"release:{split}",
        title=f"{release}, {split}",
        cases=tuple(cases.values()),
        classes=tuple(classes),
        common=common,
        tiou_floor=floors[0],
        improved_floor=floors[1],
    )


def _clip(row: Row) -> Case:
    asked = row.truth.choice in row.options
    true = row.truth.labels
    common = None if true is None else tuple({NORMAL: NORMAL, **row.in_common}.get(label, "") for label in true)
    return Case(
        id=row.clip,
        video=f"{row.source}/{row.video}",
        truth=Truth(labels=row.truth.labels, spans=row.truth.spans),
        common=None if common is None or "" in common else common,
        question=row.posed.text if row.posed else "",
        options=row.options if asked else (),
        answer=row.options.index(row.truth.choice or "") if asked else None,
    )

"""Validate texts that others wrote: a manifest's passages, held against the rules that need no more than a text.

VAU-Bench's reasoning has no reflection and no frames, so most rules of the gate have nothing to look at. What is left
is the form of a text, its language, leaks, persons, its times against the video, and its conclusion against the label.
"""

from collections.abc import Iterator
from math import ceil
from pathlib import Path

import pyarrow as pa

from rocot.core.answer import Answer, Reflection
from rocot.core.gate import Story, faults
from rocot.core.reflection import Fault
from rocot.core.truth import NORMAL, UNCLEAR
from rocot.release.report import Example, Findings, Histogram, Problem, Report
from rocot.release.shards import opened
from rocot.sources.manifest.entry import Entry, Passage
from rocot.sources.manifest.file import HEADER, Header, read

OF_ANY_TEXT = frozenset({
    "tag in text", "control characters", "too long", "other language", "repetition loop", "leak phrase",
    "identifying text",
})  # fmt: skip
OF_A_TIMED_TEXT = frozenset({"time outside clip"})
"""Where the length of the video is known."""
OF_A_REASONING = frozenset({"too short", "label contradicts reasoning"})
OF_A_PLACED_REASONING = frozenset({"times contradict spans"})
"""Where spans are known."""
REASONING = "reasoning"
"""The kind of passages that argue for a label."""
ENDLESS = 1e9
"""Seconds: the end of a video whose length nobody knows."""
MOST_SECONDS = 3600
"""Whoever wrote the text saw the video, not frames of it: a time is as near to a span as a second."""


def is_manifest(path: Path) -> bool:
    """Whether a file is what `rocot import` writes."""
    try:
        with opened(path) as file:
            return HEADER in (file.schema_arrow.metadata or {})
    except (pa.ArrowException, OSError):
        return False


def validate_passages(path: Path) -> Report:
    """The texts of a manifest. Nothing is altered. Raises ConfigError for a damaged manifest."""
    manifest = read(path)
    invalid, warnings = Findings(), Findings()
    texts = broken = 0
    for entry in manifest.entries:
        for number, passage in enumerate(entry.passages):
            texts += 1
            found = list(_faults(manifest.header, entry, passage))
            broken += any(fault.severity == "reject" for fault in found)
            for fault in found:
                counted = invalid if fault.severity == "reject" else warnings
                place = f"{entry.source}/{entry.id}, {passage.kind} {number + 1}"
                counted.add(fault.rule, Example(row=place, file=path.name, detail=fault.detail))
    nothing = Problem(where=path.name, what="has no texts: this dataset gives labels and times alone")
    return Report(
        path=str(path),
        kind="manifest",
        files=1,
        rows=texts,
        kept=0,
        invalid_rows=broken,
        problems=() if texts else (nothing,),
        notes=(f"texts of {manifest.header.title}, held against the rules that need no more than a text",),
        invalid=invalid.all(),
        faults=(),
        warnings=warnings.all(),
        outcomes={},
        not_kept={},
        graded_on={},
        left_out={},
        initial_tiou=Histogram().all(),
        revised_tiou=Histogram().all(),
    )


def _faults(header: Header, entry: Entry, passage: Passage) -> Iterator[Fault]:
    """The rules that one text breaks, of those that it can be held against."""
    argued = passage.kind.casefold() == REASONING and entry.labels is not None and len(entry.labels) == 1
    apply = OF_ANY_TEXT | (OF_A_TIMED_TEXT if entry.duration else frozenset())
    apply |= OF_A_REASONING if argued else frozenset()
    apply |= OF_A_PLACED_REASONING if argued and entry.spans else frozenset()
    label = entry.labels[0] if argued and entry.labels is not None else UNCLEAR
    for fault in faults(_story(header, entry, passage.text, label)):
        if fault.rule in apply:
            yield fault.model_copy(update={"detail": fault.detail.removeprefix("initial reasoning: ")})


def _story(header: Header, entry: Entry, text: str, label: str) -> Story:
    """A sample that says this one text wherever a sample says something."""
    spans = entry.spans if label not in {NORMAL, UNCLEAR} else ()
    said = Answer.model_construct(evidence=(), reasoning=text or " ", description=None, label=label, spans=spans)
    return Story(
        start=0.0,
        end=entry.duration or ENDLESS,
        frame_times=tuple(map(float, range(min(ceil(entry.duration or 1), MOST_SECONDS)))),
        classes=header.classes,
        initial=said,
        reflection=Reflection.model_construct(checks=(), critique=text or " ", verdict="keep"),
        revised=said,
    )

"""The result of an evaluation: what `--json` prints, and what table and plot are made of."""

from collections.abc import Iterable, Iterator

from rocot.core.record import Record
from rocot.evaluate.answered import Matched, match, unread
from rocot.evaluate.case import Benchmark
from rocot.evaluate.choosing import Choosing, choosing
from rocot.evaluate.frame_level import FrameLevel, frame_level
from rocot.evaluate.grounding import Grounding, grounding, vau_r1_grounding
from rocot.evaluate.naming import Classification, naming
from rocot.evaluate.prediction import Prediction
from rocot.evaluate.published import Reported, published
from rocot.evaluate.reflecting import Reflecting, reflecting
from rocot.evaluate.vau_eval import VauEval

TOLD = 20
"""Ids that are named."""


class VauR1(Record):
    """VAU-R1's own protocol, for numbers to compare with its paper's."""

    grounding: Grounding | None
    """Normals and missing predictions left out; one interval a video."""
    qa: Choosing | None
    """Missing predictions left out."""


class Result(Record):
    """Predictions held against a benchmark. A measure is null where no prediction gives what it needs."""

    benchmark: str
    title: str
    cases: int
    videos: int
    """Source videos; intervals are drawn over these."""
    predictions: int
    missing: int
    """Cases without a prediction: wrong, or IoU 0."""
    missing_ids: tuple[str, ...]
    """The first twenty."""
    unknown: int
    """Predictions of no case: in no measure."""
    unknown_ids: tuple[str, ...]
    """The first twenty."""
    unread: int
    """Predictions without a final answer: wrong, or IoU 0."""
    strange_labels: int
    """Final answers whose label the benchmark has not: wrong."""
    strange_choices: int
    """Final answers whose choice is no option: wrong."""
    notes: tuple[str, ...]
    grounding: Grounding | None
    qa: Choosing | None
    classification: Classification | None
    frame_level: FrameLevel | None
    reflection: Reflecting | None
    vau_r1: VauR1 | None
    vau_eval: VauEval | None = None
    """What a judge made of the texts; null where none was asked."""
    published: tuple[Reported, ...]
    """What others reported on the same benchmark, percent; not measured here."""


def evaluate(benchmark: Benchmark, predictions: Iterable[Prediction]) -> Result:
    """All measures that benchmark and predictions allow."""
    said = list(predictions)
    matched = match(benchmark, said)
    pairs = matched.pairs
    spanned = any(case.located for case in benchmark.cases) and matched.gives(_spans)
    asked = any(case.answer is not None for case in benchmark.cases) and matched.gives(_choices)
    frames = benchmark.frame_measure if matched.gives(_frames) else None
    known = benchmark.vau_r1 and (spanned or asked)
    labels, choices = unread(matched, benchmark)
    return Result(
        benchmark=benchmark.name,
        title=benchmark.title,
        cases=len(benchmark.cases),
        videos=len({case.video for case in benchmark.cases}),
        predictions=len(said),
        missing=len(matched.missing),
        missing_ids=matched.missing[:TOLD],
        unknown=len(matched.unknown),
        unknown_ids=matched.unknown[:TOLD],
        unread=sum(pair.said is not None and pair.said.final is None and pair.said.scores is None for pair in pairs),
        strange_labels=labels,
        strange_choices=choices,
        notes=(*benchmark.notes, *_notes(matched)),
        grounding=grounding(pairs) if spanned else None,
        qa=choosing(pairs) if asked else None,
        classification=naming(pairs, benchmark) if matched.gives(_labels) else None,
        frame_level=frame_level(pairs, benchmark, frames) if frames else None,
        reflection=reflecting(pairs, benchmark),
        vau_r1=VauR1(
            grounding=vau_r1_grounding(pairs) if spanned else None,
            qa=choosing(pairs, skip_missing=True) if asked else None,
        )
        if known
        else None,
        published=published(benchmark.name),
    )


def _notes(matched: Matched) -> Iterator[str]:
    several = len(matched.pairs) - len({pair.case.id for pair in matched.pairs})
    if several:
        yield f"{several} predictions are further ones of the same case, as of rollouts; each counts"


def _spans(said: Prediction) -> bool:
    return said.final is not None and said.final.spans is not None


def _choices(said: Prediction) -> bool:
    return said.final is not None and said.final.choice is not None


def _labels(said: Prediction) -> bool:
    return said.final is not None and (said.final.label is not None or said.final.spans is not None)


def _frames(said: Prediction) -> bool:
    return said.scores is not None or _labels(said)

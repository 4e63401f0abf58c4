"""Cases and what was predicted of them, side by side."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rocot.core.answer import Answer
from rocot.core.reply import label_meant, option_meant
from rocot.core.span import Span
from rocot.core.truth import NORMAL, UNCLEAR
from rocot.errors import ReplyError
from rocot.evaluate.case import Benchmark, Case
from rocot.evaluate.prediction import Conclusion, Prediction

UNNAMED = ""
"""The label of an answer that gives none: abnormal where it has spans, and of no class."""


@dataclass(frozen=True)
class Answered:
    """A case, and what was predicted of it: None where nothing was."""

    case: Case
    said: Prediction | None

    @property
    def final(self) -> Conclusion | None:
        """The answer that counts."""
        return None if self.said is None else self.said.final

    @property
    def first(self) -> Conclusion | None:
        """The one before reflection."""
        return None if self.said is None else self.said.first


@dataclass(frozen=True)
class Matched:
    """Every case at least once, and the predictions that belong to none."""

    pairs: tuple[Answered, ...]
    missing: tuple[str, ...]
    """Ids of cases without a prediction."""
    unknown: tuple[str, ...]
    """Ids of predictions without a case."""

    def gives(self, what: Callable[[Prediction], bool]) -> bool:
        """Whether any prediction gives that, or there is none at all: then nothing was given, which counts as such."""
        said = [pair.said for pair in self.pairs if pair.said is not None]
        return not said or any(map(what, said))


def match(benchmark: Benchmark, predictions: Iterable[Prediction]) -> Matched:
    """Each prediction beside its case. A case may have several, of several rollouts."""
    by_name = _named(benchmark.cases)
    found: dict[str, list[Prediction]] = {}
    unknown = []
    for said in predictions:
        case = by_name.get(said.id)
        if case is None:
            unknown.append(said.id)
        else:
            found.setdefault(case.id, []).append(said)
    pairs = [Answered(case, said) for case in benchmark.cases for said in found.get(case.id, [None])]
    return Matched(tuple(pairs), tuple(case.id for case in benchmark.cases if case.id not in found), tuple(unknown))


def _named(cases: Sequence[Case]) -> Mapping[str, Case]:
    """Cases by all their names; an id goes before another's other name."""
    return {**{name: case for case in cases for name in case.names}, **{case.id: case for case in cases}}


def answer(said: Conclusion, benchmark: Benchmark) -> Answer:
    """The label and the spans, as `core.score` grades them.

    Without a label, spans alone tell normal from abnormal. A label that the benchmark has not settles nothing: it is
    wrong, as `Unclear` is.
    """
    label = UNNAMED if said.spans or said.spans is None else NORMAL
    if said.label is not None:
        label = _label(said.label, benchmark) or UNCLEAR
    return Answer(evidence=(), reasoning="-", label=label, spans=spans(said))


def chosen(said: Conclusion, case: Case) -> str | None:
    """The option that was chosen; None where none was, or none that there is."""
    try:
        return None if said.choice is None else option_meant(said.choice, case.options)
    except ReplyError:
        return None  # no option is the finding: it counts as wrong, and `unread` tells of it


def spans(said: Conclusion) -> tuple[Span, ...] | None:
    """The predicted spans; None where none were given."""
    return None if said.spans is None else tuple(Span(start=start, end=end) for start, end in said.spans)


def unread(matched: Matched, benchmark: Benchmark) -> tuple[int, int]:
    """How many final answers have a label, and a choice, that the benchmark has not; both count as wrong."""
    labels = choices = 0
    for pair in matched.pairs:
        if pair.final is None:
            continue
        labels += pair.final.label is not None and _label(pair.final.label, benchmark) is None
        choices += bool(pair.case.options) and pair.final.choice is not None and chosen(pair.final, pair.case) is None
    return labels, choices


def _label(label: str, benchmark: Benchmark) -> str | None:
    try:
        return label_meant(label, benchmark.names)
    except ReplyError:
        return None  # no label is the finding, and `unread` tells of it

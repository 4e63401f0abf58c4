"""What happened: classification, normal against abnormal and by class. Accuracy = right / n, graded by `core.score`.

A missing prediction is wrong. Of several true labels any will do. Where no answer gives a label, nothing is told by
class: spans name none. By class, an answer that says `Normal` and names a span is wrong. In the common taxonomy, a
label that has no class in it is wrong. Beside each stands what saying the commonest true answer each time would score.
"""

from collections import Counter
from collections.abc import Sequence

from rocot.core.answer import Answer
from rocot.core.record import Record
from rocot.core.score import abnormal_right, common_right, label_right
from rocot.core.truth import NORMAL
from rocot.evaluate.answered import Answered, answer
from rocot.evaluate.case import Benchmark, Case
from rocot.measures.resample import Estimate, by_video, estimates, ratio


class Naming(Record):
    """A share of right answers; 0 to 1."""

    cases: int
    accuracy: Estimate
    commonest: float | None
    """What the commonest true answer, said each time, would score on the same cases; None where there are none."""


class Classification(Record):
    """Three ways to look at labels."""

    unanswered: int
    """Cases without a final label or spans: wrong."""
    binary: Naming
    """Normal against abnormal, by the label; by the spans where there is no label."""
    native: Naming | None
    """By class, in the benchmark's own words; null where no answer gives a label."""
    common: Naming | None
    """By class, in the common taxonomy; null likewise."""


def naming(pairs: Sequence[Answered], benchmark: Benchmark) -> Classification:
    """Over all cases whose truth says."""
    graded: dict[str, list[tuple[str, bool]]] = {"binary": [], "native": [], "common": []}
    true: dict[str, Counter[tuple[str, ...]]] = {name: Counter() for name in graded}
    unanswered = 0
    for pair in pairs:
        case, said = pair.case, None
        if pair.final is not None and (pair.final.label is not None or pair.final.spans is not None):
            said = answer(pair.final, benchmark)
        unanswered += said is None
        for name, (want, right) in _graded(case, said, benchmark).items():
            graded[name].append((case.video, right))
            true[name][want] += 1
    finals = [pair.final for pair in pairs if pair.final is not None]
    found = {name: _naming(lines, true[name]) for name, lines in graded.items()}
    if finals and all(final.label is None for final in finals):
        return Classification(unanswered=unanswered, binary=found["binary"], native=None, common=None)
    return Classification(unanswered=unanswered, **found)


def _graded(case: Case, said: Answer | None, benchmark: Benchmark) -> dict[str, tuple[tuple[str, ...], bool]]:
    """What was wanted and whether it came, by the way of looking; without those on which the truth is silent."""
    truth = case.truth
    found: dict[str, tuple[tuple[str, ...], bool]] = {}
    if truth.normal is not None:
        want = (NORMAL,) if truth.normal else ("abnormal",)
        found["binary"] = want, said is not None and bool(abnormal_right(said, truth))
    if truth.labels is not None:
        found["native"] = truth.labels, said is not None and bool(label_right(said, truth))
    if case.common is not None:
        right = said is not None and bool(common_right(said, truth, benchmark.common))
        found["common"] = case.common, right
    return found


def _naming(lines: Sequence[tuple[str, bool]], true: Counter[tuple[str, ...]]) -> Naming:
    sums = by_video([(video, (1.0, float(right))) for video, right in lines], 2)
    found = estimates(sums, {"accuracy": lambda sums: ratio(sums[:, 1], sums[:, 0])})
    singly = Counter(label for labels, count in true.items() for label in dict.fromkeys(labels) for _ in range(count))
    return Naming(cases=len(lines), commonest=max(singly.values()) / len(lines) if singly else None, **found)

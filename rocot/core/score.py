"""Every metric, so that the judge, the report, the rewards and the evaluation cannot disagree."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from rocot.core.answer import Answer
from rocot.core.reflection import Outcome, Scores
from rocot.core.span import Span, both_and_either
from rocot.core.truth import NORMAL, UNCLEAR, Truth

NO_CLASSES: Mapping[str, str] = MappingProxyType({})


def tiou(first: Sequence[Span], second: Sequence[Span]) -> float:
    """Temporal IoU of two interval sets: seconds in both over seconds in either, 0 to 1.

    tIoU(∅, ∅) = 1: to find nothing where nothing is, is right. One empty set gives 0.
    """
    if not first and not second:
        return 1.0
    both, either = both_and_either(first, second)
    return both / either


def label_right(answer: Answer, truth: Truth) -> bool | None:
    """Whether the label is one of the true ones; where only spans are known, whether normal and abnormal agree.

    Of a question with options, whether the right one was chosen. An answer that abstains is wrong. None where nothing
    is known. A normal clip with a predicted span is wrong, whatever its label says.
    """
    if truth.choice is not None:
        return answer.label == truth.choice
    if truth.normal is None:
        return None
    if answer.abstained:
        return False
    if truth.normal:
        return answer.label == NORMAL and not answer.spans
    if truth.labels is None:
        return answer.label != NORMAL
    return answer.label in truth.labels


def common_right(answer: Answer, truth: Truth, common: Mapping[str, str]) -> bool | None:
    """As `label_right`, with both labels in the common taxonomy, where datasets that differ in detail agree.

    `common` gives the common class of a label, "" for none. Of several true labels any will do. None for questions with
    options, and where the answer's label or a true one has no common class.
    """
    if truth.choice is not None or truth.labels is None:
        return None
    true = {common.get(label, "") for label in truth.labels}
    said = UNCLEAR if answer.abstained else common.get(answer.label, "")
    if not said or "" in true:
        return None
    return said in true and not (truth.normal and answer.spans)


def answer_tiou(answer: Answer, truth: Truth) -> float | None:
    """tIoU of the answer's spans with the true ones; None where either is not localised."""
    return None if truth.spans is None or answer.spans is None else tiou(answer.spans, truth.spans)


def right(answer: Answer, truth: Truth, floor: float) -> bool | None:
    """Label right and, where spans are known, tIoU >= floor (0 to 1). None where nothing is known."""
    return _right(label_right(answer, truth), answer_tiou(answer, truth), floor)


def _right(named: bool | None, located: float | None, floor: float) -> bool | None:
    return named if named is None or located is None else named and located >= floor


def outcome(initial: bool | None, revised: bool | None) -> Outcome:
    """The cell of the flip matrix."""
    if initial is None or revised is None:
        return "ungraded"
    if revised:
        return "confirmed" if initial else "corrected"
    return "corrupted" if initial else "unresolved"


def abnormal_right(answer: Answer, truth: Truth) -> bool | None:
    """Whether normal and abnormal agree, by the label and by nothing else; abstaining never does.

    None where nothing is known, and for questions with options.
    """
    if truth.normal is None or truth.choice is not None:
        return None
    return not answer.abstained and answer.normal == truth.normal


def boundary_errors(answer: Answer, truth: Truth) -> tuple[float | None, float | None]:
    """How far the first start and the last end lie from the true ones, seconds, negative where they are early.

    Each is predicted less true, over the hull of either set of spans. None where one of the two has no span.
    """
    if not answer.spans or not truth.spans:
        return None, None
    start = min(span.start for span in answer.spans) - min(span.start for span in truth.spans)
    return start, max(span.end for span in answer.spans) - max(span.end for span in truth.spans)


def scores(  # noqa: PLR0913, PLR0917 - two answers, and what they are held against
    initial: Answer, revised: Answer, truth: Truth, floor: float, gain: float, common: Mapping[str, str] = NO_CLASSES
) -> Scores:
    """Both answers against the truth; `common` is the common class of each label that has one.

    `floor` is the least tIoU that counts as right, `gain` the least that the second answer's tIoU may exceed the
    first one's by to count as improved: delta tIoU = tIoU(revised) - tIoU(initial) >= gain.
    """
    before = _graded(initial, truth, common)
    after = before if revised.same_as(initial) else _graded(revised, truth, common)
    delta = None if before.tiou is None or after.tiou is None else after.tiou - before.tiou
    return Scores(
        initial_right=_right(before.named, before.tiou, floor),
        revised_right=_right(after.named, after.tiou, floor),
        initial_label_right=before.named,
        revised_label_right=after.named,
        initial_common_right=before.common,
        revised_common_right=after.common,
        initial_tiou=before.tiou,
        revised_tiou=after.tiou,
        delta_tiou=delta,
        improved=None if delta is None else delta >= gain,
        initial_abnormal_right=before.abnormal,
        revised_abnormal_right=after.abnormal,
        initial_start_error=before.start_error,
        initial_end_error=before.end_error,
        revised_start_error=after.start_error,
        revised_end_error=after.end_error,
    )


class _Graded(NamedTuple):
    """One answer against the truth: all of it hangs on what the answer concludes, not on its words."""

    named: bool | None
    common: bool | None
    tiou: float | None
    abnormal: bool | None
    start_error: float | None
    end_error: float | None


def _graded(answer: Answer, truth: Truth, common: Mapping[str, str]) -> _Graded:
    return _Graded(
        label_right(answer, truth),
        common_right(answer, truth, common),
        answer_tiou(answer, truth),
        abnormal_right(answer, truth),
        *boundary_errors(answer, truth),
    )

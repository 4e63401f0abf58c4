"""Rewards of a reflecting student: pure, from two graded answers to a number.

What is our own choice is made so that a deliberately wrong first answer never pays: see `sandbagging`. The rewards of
SRPO (arXiv 2506.01713) and VAU-R1 (arXiv 2505.23504) are here for comparison.
"""

from collections.abc import Callable, Mapping
from itertools import product
from math import exp
from types import MappingProxyType

from rocot.core.answer import Answer
from rocot.core.attempts import Attempts
from rocot.core.record import Record
from rocot.core.score import answer_tiou, label_right, right
from rocot.core.truth import NORMAL, UNCLEAR, Truth


class Marks(Record):
    """A completion against the truth. An answer that cannot be read is wrong, with a tIoU of 0."""

    strict: bool
    """Whether its form is kept to the letter."""
    first_label: bool | None
    """Whether the first answer's label or choice is right; None where the truth is unknown, or there is no first."""
    final_label: bool | None
    first_tiou: float | None
    """0 to 1; None where nobody localised it, and for tasks without spans."""
    final_tiou: float | None
    first_right: bool | None
    """Label right and tIoU at least the floor, as the judge has it."""
    final_right: bool | None
    reflected: bool
    """Whether there is a reflection that can be read."""
    first_length: int
    """Characters up to the end of the first answer."""
    length: int
    """Characters in all."""


def marked(said: Attempts, truth: Truth, floor: float, *, located: bool, single: bool = False) -> Marks:
    """Grades a completion.

    `floor` is the least tIoU of a right answer, 0 to 1; `located` says that the task asks for spans; `single` that the
    form has no first answer.
    """
    known = truth.choice is not None or truth.normal is not None

    def label(answer_there: bool, found: bool | None) -> bool | None:
        return found if answer_there or not known else False

    def share(answer_there: bool, found: float | None) -> float | None:
        return found if answer_there or not located or truth.spans is None else 0.0

    first, final = said.first, said.final
    final_label = label(final is not None, None if final is None else label_right(final, truth))
    final_right = label(final is not None, None if final is None else right(final, truth, floor))
    final_tiou = share(final is not None, None if final is None else answer_tiou(final, truth))
    whole = not single
    return Marks(
        strict=said.strict,
        first_label=label(first is not None, None if first is None else label_right(first, truth)) if whole else None,
        final_label=final_label,
        first_tiou=share(first is not None, None if first is None else answer_tiou(first, truth)) if whole else None,
        final_tiou=final_tiou,
        first_right=label(first is not None, None if first is None else right(first, truth, floor)) if whole else None,
        final_right=final_right,
        reflected=said.reflection is not None,
        first_length=said.first_length,
        length=said.length,
    )


def strict_format(marks: Marks) -> float:
    """1 where the tags are those of the form, closed, in order, with nothing outside them, and all can be read."""
    return float(marks.strict)


def first_accuracy(marks: Marks) -> float | None:
    """1 where the first answer's label or choice is right, else 0."""
    return None if marks.first_label is None else float(marks.first_label)


def final_accuracy(marks: Marks) -> float | None:
    """1 where the final answer's label or choice is right, else 0."""
    return None if marks.final_label is None else float(marks.final_label)


def first_right(marks: Marks) -> float | None:
    """1 where the first answer is right as the judge has it: label, and tIoU at least the floor; else 0."""
    return None if marks.first_right is None else float(marks.first_right)


def first_quality(marks: Marks) -> float | None:
    """q1 = label right times tIoU (1 where no span is known), of the first answer, 0 to 1."""
    return _quality(marks.first_label, marks.first_tiou)


def first_tiou(marks: Marks) -> float | None:
    """tIoU of the first answer's interval set with the true one, 0 to 1."""
    return marks.first_tiou


def final_tiou(marks: Marks) -> float | None:
    """tIoU of the final answer's interval set with the true one, 0 to 1."""
    return marks.final_tiou


def effectiveness(marks: Marks) -> float | None:
    """What the reflection brought about: right, right 0.5; wrong, right 0.5; wrong, wrong 0; right, wrong -0.5.

    There is no bonus for mending over having been right, as a student would learn to be wrong first (arXiv 2606.27922
    pays none either). Our choice of numbers.
    """
    if marks.first_right is None or marks.final_right is None:
        return None
    if marks.final_right:
        return 0.5
    return -0.5 if marks.first_right else 0.0


def anti_corruption(marks: Marks) -> float | None:
    """-max(0, q1 - q2), q = label right times tIoU (1 where no span is known): what a revision spoils, -1 to 0.

    Unlike `effectiveness` it knows no floor: a span that was good and is made worse costs in proportion. Our choice.
    """
    before, after = _quality(marks.first_label, marks.first_tiou), _quality(marks.final_label, marks.final_tiou)
    return None if before is None or after is None else -max(0.0, before - after)


def _quality(label: bool | None, share: float | None) -> float | None:
    return None if label is None else label * (1.0 if share is None else share)


def length_shape(marks: Marks) -> float:
    """f_len = exp(-(|L - T| / (T_max - T))^2), T = 2 and T_max = 2.5 times the first answer's length; 0 to 1.

    SRPO (arXiv 2506.01713), the length term of its reward, here in characters. 0 where there is no first answer.
    """
    if not marks.first_length:
        return 0.0
    target, most = 2.0 * marks.first_length, 2.5 * marks.first_length
    return exp(-((abs(marks.length - target) / (most - target)) ** 2))


def srpo(marks: Marks) -> float | None:
    """R = 0.5 format + 0.5 accuracy of the first answer + I_eff + 0.25 I_ref + 0.1 f_len (arXiv 2506.01713).

    I_eff = +0.5 wrong then right, +0.25 right then right, 0 wrong then wrong, -0.25 right then wrong. I_ref = 1 where
    there is a reflection that can be read. For comparison: its I_eff by itself pays a wrong first answer more than a
    right one.
    """
    if marks.first_label is None or marks.final_label is None:
        return None
    gain = {(False, True): 0.5, (True, True): 0.25, (False, False): 0.0, (True, False): -0.25}
    effect = gain[marks.first_label, marks.final_label]
    return 0.5 * marks.strict + 0.5 * marks.first_label + effect + 0.25 * marks.reflected + 0.1 * length_shape(marks)


def vau_r1(marks: Marks) -> float | None:
    """R = format + accuracy + tIoU, equal weights, of the final answer (arXiv 2505.23504); 0 to 3.

    tIoU is left out where nothing is localised. For comparison: it looks at no first answer, so reflecting is worth
    nothing by itself.
    """
    if marks.final_label is None:
        return None
    return float(marks.strict) + float(marks.final_label) + (marks.final_tiou or 0.0)


def ava(said: Answer | None, again: str | None) -> float | None:
    """+0.5 where the video reads as normal without the predicted segment; -0.2 where a normal one does not, trimmed.

    Else 0: the counterfactual of AVA-GRPO (Vad-R1, arXiv 2505.19877), which cuts the segment, or trims the video that
    an answer calls normal, and asks again.

    `said` is the final answer, None where it cannot be read; `again` is the label that the same student gives of what
    is left: the frames outside the spans, or of a normal answer those of the trimmed clip. None where nothing was
    left, or it could not be read: then nobody knows. An answer that abstains is paid nothing. It is in no recipe of
    training, since it needs the student itself and not its completion alone: see docs/train.md.
    """
    if said is None or said.abstained:
        return 0.0
    if again is None or again == UNCLEAR:
        return None
    normal = again == NORMAL
    if said.normal:
        return 0.0 if normal else -0.2
    return 0.5 if normal else 0.0


REWARDS: Mapping[str, Callable[[Marks], float | None]] = MappingProxyType(
    {
        reward.__name__: reward
        for reward in (
            strict_format,
            first_accuracy,
            first_right,
            first_quality,
            final_accuracy,
            first_tiou,
            final_tiou,
            effectiveness,
            anti_corruption,
            length_shape,
            srpo,
            vau_r1,
        )
    }
)
"""By name, as a training recipe has them."""

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "strict_format": 0.5,
        "first_right": 0.5,
        "first_quality": 0.25,
        "final_accuracy": 1.0,
        "final_tiou": 1.0,
        "effectiveness": 1.0,
        "anti_corruption": 0.25,
    }
)
"""The default: our choice. A right first answer is worth just what spoiling it costs: 0.5 of `first_right` against the
step of `effectiveness`, 0.25 of `first_quality` against `anti_corruption`. So right then wrong earns what wrong then
wrong does. More for the latter, which `effectiveness` alone would pay, rewards a student that foresees a wrong end for
being wrong from the beginning; no weights can have both."""


def total(marks: Marks, weights: Mapping[str, float]) -> float:
    """The weighted sum; what does not apply counts as 0."""
    return sum(weight * (REWARDS[name](marks) or 0.0) for name, weight in weights.items() if name in REWARDS)


class Case(Record):
    """Two completions that differ in the first answer alone, of which the worse one earns more."""

    better: Marks
    worse: Marks
    gain: float
    """What the worse one earns more."""


def sandbagging(weights: Mapping[str, float], *, located: bool, floor: float = 0.5) -> tuple[Case, ...]:
    """Every case in which a worse first answer earns more, the final answer and the lengths being the same.

    Cases are label right or wrong by tIoU 0, 0.25, just below the floor, the floor, 0.75, 1 (`located`) for either
    answer. Where there is none, no policy gains in expectation by spoiling its first answers: its reward is a mean over
    such pairs.
    """
    shares = sorted({0.0, 0.25, max(0.0, floor - 0.01), floor, 0.75, 1.0})
    grid: tuple[tuple[bool, float | None], ...] = tuple(product((False, True), shares if located else (None,)))
    found = []
    for (label, share), (other, less), (last, end) in product(grid, repeat=3):
        better, worse = _case(label, share, last, end, floor), _case(other, less, last, end, floor)
        if other > label or (share is not None and less is not None and less > share) or better == worse:
            continue
        gain = total(worse, weights) - total(better, weights)
        if gain > 1e-9:
            found.append(Case(better=better, worse=worse, gain=gain))
    return tuple(found)


def _case(first: bool, first_share: float | None, final: bool, final_share: float | None, floor: float) -> Marks:
    return Marks(
        strict=True,
        first_label=first,
        final_label=final,
        first_tiou=first_share,
        final_tiou=final_share,
        first_right=first and (first_share is None or first_share >= floor),
        final_right=final and (final_share is None or final_share >= floor),
        reflected=True,
        first_length=100,
        length=200,
    )

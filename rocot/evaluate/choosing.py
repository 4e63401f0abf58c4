"""Questions with options: accuracy = right / n, beside what comes of it without a look at the video.

VAU-Bench's questions give much away: on ECVA the longest option is right in 76.9 %. So the blind baselines stand beside
every accuracy, and the gain over the better one is told with its interval, drawn over the same videos (paired).
"""

from collections.abc import Mapping, Sequence

from rocot.core.blind import Blind, Choice, blind, longest
from rocot.core.record import Record
from rocot.evaluate.answered import Answered, chosen
from rocot.measures.resample import Estimate, Measure, by_video, estimates, ratio


class Choosing(Record):
    """How often the right option was chosen; 0 to 1."""

    questions: int
    """Cases with a question whose right option is known; in VAU-R1's protocol those with a prediction."""
    unanswered: int
    """Those without a readable choice: wrong. In VAU-R1's protocol those without any, which are left out."""
    accuracy: Estimate
    blind: Blind
    """The baselines on the same questions."""
    over_longest: Estimate
    """Accuracy less that of the longest option."""
    over_first: Estimate
    """Accuracy less that of always A."""


def choosing(pairs: Sequence[Answered], *, skip_missing: bool = False) -> Choosing:
    """Over all questions; `skip_missing` leaves those without a prediction out, as VAU-R1's scorer does."""
    lines: list[tuple[str, tuple[float, ...]]] = []
    questions: list[Choice] = []
    unanswered = 0
    for pair in pairs:
        case = pair.case
        if case.answer is None:
            continue
        said = None if pair.final is None else chosen(pair.final, case)
        if skip_missing and (pair.final is None or pair.final.choice is None):
            unanswered += 1
            continue
        unanswered += said is None and not skip_missing  # there, what is no option is wrong and stays among the others
        questions.append(Choice(options=case.options, answer=case.answer))
        right = said == case.options[case.answer]
        lines.append((case.video, (1.0, right, longest(case.options) == case.answer, case.answer == 0)))
    found = estimates(by_video(lines, 4), _MEASURES)
    return Choosing(questions=len(questions), unanswered=unanswered, blind=blind(questions), **found)


_MEASURES: Mapping[str, Measure] = {
    "accuracy": lambda sums: ratio(sums[:, 1], sums[:, 0]),
    "over_longest": lambda sums: ratio(sums[:, 1] - sums[:, 2], sums[:, 0]),
    "over_first": lambda sums: ratio(sums[:, 1] - sums[:, 3], sums[:, 0]),
}

"""Blind baselines: what multiple-choice questions give away to who sees no video.

An accuracy says little without them: of VAU-Bench's test questions on ECVA, the longest option is right in 76.9 %.
"""

from collections import Counter
from collections.abc import Iterable

from pydantic import Field

from rocot.core.record import Record


class Choice(Record):
    """The part of a question that can be answered blindly."""

    options: tuple[str, ...] = Field(min_length=1)
    answer: int = Field(ge=0)
    """Index of the right option."""


class Blind(Record):
    """Accuracies without a look at the video, 0 to 1; None where there are no questions."""

    questions: int
    chance: float | None
    """Of guessing: one over the number of options, mean."""
    always_first: float | None
    """Of saying A each time."""
    commonest: float | None
    """Of saying each time the letter that is most often right here; of equals the first."""
    letter: str | None
    """That letter."""
    longest: float | None
    """Of the option with the most characters; of equals the first."""


def blind(choices: Iterable[Choice]) -> Blind:
    """The baselines of some questions. They stream."""
    answers, chance, longest = Counter[int](), 0.0, 0
    for choice in choices:
        answers[choice.answer] += 1
        chance += 1 / len(choice.options)
        lengths = [len(option) for option in choice.options]
        longest += lengths.index(max(lengths)) == choice.answer
    total = answers.total()
    if not total:
        return Blind(questions=0, chance=None, always_first=None, commonest=None, letter=None, longest=None)
    often = min(answers, key=lambda index: (-answers[index], index))
    return Blind(
        questions=total,
        chance=chance / total,
        always_first=answers[0] / total,
        commonest=answers[often] / total,
        letter=letter(often),
        longest=longest / total,
    )


def letter(index: int) -> str:
    """A, B, ... of an option; its number where there are more than letters."""
    return chr(ord("A") + index) if index < 26 else str(index + 1)

"""Blind baselines: what multiple-choice questions give away to who sees no video.

An accuracy says little without them: of VAU-Bench's test questions on ECVA, the longest option is right in 76.9 %.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pydantic import Field

from rocot.core.record import Record
from rocot.core.task import letter


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
    guesses = Guesses()
    for choice in choices:
        guesses.add(choice)
    return guesses.all()


@dataclass
class Guesses:
    """Counts what would have been right, one question after the other."""

    answers: Counter[int] = field(default_factory=Counter)
    chance: float = 0.0
    longest: int = 0

    def add(self, choice: Choice) -> None:
        """One more."""
        self.answers[choice.answer] += 1
        self.chance += 1 / len(choice.options)
        self.longest += longest(choice.options) == choice.answer

    def all(self) -> Blind:
        """As it stands."""
        answers, total = self.answers, self.answers.total()
        if not total:
            return Blind(questions=0, chance=None, always_first=None, commonest=None, letter=None, longest=None)
        often = min(answers, key=lambda index: (-answers[index], index))
        return Blind(
            questions=total,
            chance=self.chance / total,
            always_first=answers[0] / total,
            commonest=answers[often] / total,
            letter=letter(often),
            longest=self.longest / total,
        )


def longest(options: Sequence[str]) -> int:
    """Index of the option with the most characters; of equals the first."""
    lengths = [len(option) for option in options]
    return lengths.index(max(lengths))

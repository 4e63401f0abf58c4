"""What the gate's rules look at, and what they have in common."""

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from string import ascii_lowercase, ascii_uppercase
from typing import Literal, TypeAlias

from pydantic import Field

from rocot.core.answer import Answer, Reflection
from rocot.core.checks import Opinion, Review
from rocot.core.cited import Cited, citations
from rocot.core.record import Record
from rocot.core.task import Task
from rocot.core.truth import Truth

SLACK = 0.05
"""Seconds. Times are written with two decimals, or one; rounding is no fault."""

LONGEST_READ = 50_000
"""Characters of a text that are searched for times: ten times the longest that a teacher may write."""


AHEAD = 24
"""Characters. `having been informed` is a pattern's longest way to its first key."""
_WORD_START = re.compile(r"\b\w")
_SHAPE = bytes(
    ord("a") if chr(code) in ascii_lowercase else ord("A") if chr(code) in ascii_uppercase else ord(" ")
    for code in range(256)
)
_LETTERS = bytes(code if chr(code) in ascii_lowercase else ord(" ") for code in range(256))
"""Keeps a to z, and makes spaces of all other bytes."""


class Limits(Record):
    """The thresholds of rules that have one."""

    least_words: int = Field(default=3, ge=1)
    """Of a reasoning and of a critique."""
    most_words: int = Field(default=2000, ge=1)
    """Of any text."""
    language: Literal["en", "any"] = "en"
    """What the texts are written in; `any` looks at none."""


class Story(Record):
    """What the rules look at: the part of a sample that the judge's items and the published rows share."""

    start: float
    """Seconds of the source video."""
    end: float
    """Seconds of the source video."""
    frame_times: tuple[float, ...]
    """Seconds of the source video."""
    relook_times: tuple[float, ...] = ()
    """Of the frames that only the reflection and the revision saw, seconds of the source video."""
    classes: tuple[str, ...]
    task: Task = "grounding"
    initial: Answer
    reflection: Reflection
    revised: Answer
    truth: Truth = Truth()
    """What is known of the clip."""
    reanswer: Opinion | None = None
    """On the frames of the revised spans; None where nobody was asked."""
    counterfactual: Opinion | None = None
    """On the frames that the revised spans leave; None where nobody was asked."""
    review: Review | None = None
    """Of the reflection; None where nobody was asked."""
    limits: Limits = Limits()

    @property
    def answers(self) -> tuple[tuple[str, Answer], tuple[str, Answer]]:
        """Both answers by name."""
        return ("initial", self.initial), ("revised", self.revised)

    @cached_property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """Everything that was written, each with the name of its place."""
        found = []
        for name, answer in self.answers:
            found.append((f"{name} reasoning", answer.reasoning))
            if answer.description is not None:
                found.append((f"{name} description", answer.description))
            found += [(f"{name} evidence", part.observation) for part in answer.evidence]
        found.append(("critique", self.reflection.critique))
        for check in self.reflection.checks:
            found += [("check", check.claim), ("check", check.finding)]
        return tuple(found)

    @property
    def told(self) -> tuple[tuple[str, str], ...]:
        """The texts that every sample has, whatever the form of its replies, each with the name of its place."""
        return (
            ("initial reasoning", self.initial.reasoning),
            ("critique", self.reflection.critique),
            ("revised reasoning", self.revised.reasoning),
        )

    @cached_property
    def whole(self) -> str:
        """All texts in one, each from a line of its own; of an endless one, its first part."""
        return "\n".join(text[:LONGEST_READ] for _, text in self.texts)

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Every run of ASCII letters in the texts, in lower case: to tell at once that no pattern can be there."""
        return frozenset(self.whole.lower().encode("utf-8", "replace").translate(_LETTERS).decode("ascii").split())

    @cached_property
    def shape(self) -> bytes:
        """The texts with `a` for each small ASCII letter, `A` for each capital, a space for each other byte."""
        return self.whole.encode("utf-8", "replace").translate(_SHAPE)

    def find(self, pattern: re.Pattern[str], keys: frozenset[str], heads: frozenset[str] = frozenset()) -> str | None:
        """Where a pattern stands in any text, and what it found there.

        What it finds begins with a word, and holds one of the keys, which begins no more than `AHEAD` behind; or it
        begins with one of the heads, and then counts where a key is in any text.
        """
        here = keys & self.vocabulary
        here |= heads if here else here
        for place, text in self.texts if here else ():
            # Beyond ASCII two letters may match that are spelt otherwise.
            match = (_near if text.isascii() else _anywhere)(pattern, text[:LONGEST_READ], here)
            if match is not None:
                return f"{place}: {match[0]!r}"
        return None

    @property
    def marked(self) -> Iterator[tuple[str, float, float]]:
        """The times that evidence and checks name in fields of their own, seconds, each with its place."""
        for name, answer in self.answers:
            yield from ((f"{name} evidence", part.start, part.end) for part in answer.evidence)
        yield from (("check", check.start, check.end) for check in self.reflection.checks)

    @cached_property
    def cited(self) -> tuple[tuple[str, Cited], ...]:
        """The times that the texts point at, each with its place; of an endless text, those in its first part."""
        return tuple((place, time) for place, text in self.texts for time in self.citations(text))

    def citations(self, text: str) -> tuple[Cited, ...]:
        """The times that a text of the sample points at, in its first part."""
        found = self._citations.get(text)
        if found is None:
            found = self._citations[text] = tuple(citations(text[:LONGEST_READ]))
        return found

    @cached_property
    def _citations(self) -> dict[str, tuple[Cited, ...]]:
        return {}

    def outside(self, start: float, end: float, slack: float = SLACK) -> bool:
        """Whether a stretch reaches out of the clip."""
        return start < self.start - slack or end > self.end + slack

    @cached_property
    def interval(self) -> float:
        """The sampling interval, clip over frames, seconds, and what rounding may add to it."""
        return (self.end - self.start) / max(len(self.frame_times), 1) + SLACK

    def unseen(self, place: str, start: float, end: float) -> bool:
        """Whether no frame lies in the stretch, or within one sampling interval (clip over frames) of it.

        A place of the initial answer could not see the frames of the closer look.
        """
        interval = self.interval
        seen = self.frame_times if place.startswith("initial") else (*self.frame_times, *self.relook_times)
        return not any(start - interval <= time <= end + interval for time in seen)

    def tell(self, place: str, start: float, end: float) -> str:
        """Where a time lies against the clip."""
        stretch = f"{start:g} s" if start == end else f"{start:g}-{end:g} s"
        return f"{place}: {stretch}, clip {self.start:g}-{self.end:g} s"


def _anywhere(pattern: re.Pattern[str], text: str, _: frozenset[str]) -> re.Match[str] | None:
    return pattern.search(text)


def _near(pattern: re.Pattern[str], text: str, keys: frozenset[str]) -> re.Match[str] | None:
    """As `search`, which tries a long pattern at every character: at the words that a key can be reached from."""
    lowered, starts = text.lower(), set[int]()
    for key in keys:
        at = lowered.find(key)
        while at >= 0:
            starts.update(word.start() for word in _WORD_START.finditer(text, max(0, at - AHEAD), at + 1))
            at = lowered.find(key, at + 1)
    found = (pattern.match(text, start) for start in sorted(starts))
    return next((match for match in found if match is not None), None)


Rule: TypeAlias = Callable[[Story], str | None]
"""Says what is wrong with a sample, None where nothing is."""

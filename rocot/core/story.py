"""What the gate's rules look at, and what they have in common."""

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from string import ascii_lowercase
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

    def find(self, pattern: re.Pattern[str], keys: frozenset[str]) -> str | None:
        """Where a pattern stands in any text, and what it found there. What it finds holds one of the keys."""
        if keys.isdisjoint(self.vocabulary):
            return None
        found = ((place, pattern.search(text[:LONGEST_READ])) for place, text in self.texts)
        return next((f"{place}: {match[0]!r}" for place, match in found if match is not None), None)

    @property
    def marked(self) -> Iterator[tuple[str, float, float]]:
        """The times that evidence and checks name in fields of their own, seconds, each with its place."""
        for name, answer in self.answers:
            yield from ((f"{name} evidence", part.start, part.end) for part in answer.evidence)
        yield from (("check", check.start, check.end) for check in self.reflection.checks)

    @cached_property
    def cited(self) -> tuple[tuple[str, Cited], ...]:
        """The times that the texts point at, each with its place; of an endless text, those in its first part."""
        return tuple((place, time) for place, text in self.texts for time in citations(text[:LONGEST_READ]))

    def outside(self, start: float, end: float, slack: float = SLACK) -> bool:
        """Whether a stretch reaches out of the clip."""
        return start < self.start - slack or end > self.end + slack

    @property
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


Rule: TypeAlias = Callable[[Story], str | None]
"""Says what is wrong with a sample, None where nothing is."""

"""What the gate's rules look at, and what they have in common."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Generic, Literal, TypeAlias, TypeVar

from pydantic import Field

from rocot.core.answer import Answer, Reflection
from rocot.core.checks import Opinion, Review
from rocot.core.cited import Cited, citations
from rocot.core.record import Record
from rocot.core.rules.words import sentences
from rocot.core.task import Task
from rocot.core.truth import Truth

SLACK = 0.05
"""Seconds. Times are written with two decimals, or one; rounding is no fault."""

LONGEST_READ = 50_000
"""Characters of a text that are searched for times: ten times the longest that a teacher may write."""

Owner = TypeVar("Owner")
Value = TypeVar("Value")

AHEAD = 24
"""Characters. `having been informed` is a pattern's longest way to its first key."""
_WORD_START = re.compile(r"\b\w")
_KINDS = {**dict.fromkeys(ascii_lowercase, "a"), **dict.fromkeys(ascii_uppercase, "A"), **dict.fromkeys(digits, "0")}
_SHAPE = bytes(ord({**_KINDS, "_": "_"}.get(chr(code), " ")) for code in range(256))
_LETTERS = bytes(code if chr(code) in ascii_lowercase else ord(" ") for code in range(256))
"""Keeps a to z, and makes spaces of all other bytes."""


@dataclass(frozen=True)
class Phrases:
    """A long pattern, and words by which to tell at once where it cannot be."""

    pattern: re.Pattern[str]
    """What it finds begins with a word."""
    keys: frozenset[str]
    """What it finds holds one of these, which begins no more than `AHEAD` behind, or begins with a head or a stem."""
    heads: frozenset[str] = frozenset()
    stems: frozenset[str] = frozenset()
    """As heads, of words that go on. They count where a key or a head is in any text."""

    def anywhere(self, text: str) -> re.Match[str] | None:
        """The first of them; the pattern is tried at every character."""
        return self.pattern.search(text[:LONGEST_READ])

    def near(self, text: str, lowered: str, keys: frozenset[str], heads: frozenset[str]) -> re.Match[str] | None:
        """The first of them, tried where one can begin that has one of these keys or heads, or a stem; of ASCII."""
        starts = set[int]()
        for key in keys:
            for at in _places(key, lowered):
                starts.update(word.start() for word in _WORD_START.finditer(text, max(0, at - AHEAD), at + 1))
        for head in heads | self.stems:
            starts.update(at for at in _places(head, lowered) if at == 0 or not _inner(lowered[at - 1]))
        found = (self.pattern.match(text, start) for start in sorted(starts))
        return next((match for match in found if match is not None), None)


def _inner(letter: str) -> bool:
    """Whether a word goes on behind it."""
    return letter.isalnum() or letter == "_"


def _places(word: str, text: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


class Lazily(Generic[Owner, Value]):
    """A property that is worked out once, as `functools.cached_property`, whose lock took 5 % of all judging (3.11)."""

    def __init__(self, make: Callable[[Owner], Value]) -> None:
        """`make` says what it is."""
        self._make, self._name, self.__doc__ = make, make.__name__, make.__doc__

    def __get__(self, owner: Owner, kind: type[Owner]) -> Value:
        """Looked for here once: from then on it stands in the owner itself."""
        value = vars(owner)[self._name] = self._make(owner)
        return value


class Limits(Record):
    """The thresholds of rules that have one."""

    least_words: int = Field(default=3, ge=1)
    """Of a reasoning and of a critique."""
    most_words: int = Field(default=2000, ge=1)
    """Of any text."""
    language: Literal["en", "any"] = "en"
    """What the texts are written in; `any` looks at none."""


_UNKNOWN, _LIMITS = Truth(), Limits()


@dataclass(frozen=True, eq=False)
class Story:
    """What the rules look at: the part of a sample that the judge's items and the published rows share.

    No record: what it is made of has been validated, and its fields are looked up 200 times a sample.
    """

    start: float
    """Seconds of the source video."""
    end: float
    """Seconds of the source video."""
    frame_times: tuple[float, ...]
    """Seconds of the source video."""
    classes: tuple[str, ...]
    initial: Answer
    reflection: Reflection
    revised: Answer
    relook_times: tuple[float, ...] = ()
    """Of the frames that only the reflection and the revision saw, seconds of the source video."""
    task: Task = "grounding"
    truth: Truth = _UNKNOWN
    """What is known of the clip."""
    reanswer: Opinion | None = None
    """On the frames of the revised spans; None where nobody was asked."""
    counterfactual: Opinion | None = None
    """On the frames that the revised spans leave; None where nobody was asked."""
    review: Review | None = None
    """Of the reflection; None where nobody was asked."""
    limits: Limits = _LIMITS
    _citations: dict[str, tuple[Cited, ...]] = field(default_factory=dict, init=False)
    _sentences: dict[str, list[str]] = field(default_factory=dict, init=False)

    @property
    def answers(self) -> tuple[tuple[str, Answer], tuple[str, Answer]]:
        """Both answers by name."""
        return ("initial", self.initial), ("revised", self.revised)

    @Lazily
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

    @Lazily
    def distinct(self) -> tuple[tuple[str, str], ...]:
        """As `texts`, each of them once, at its first place: an answer that stands is often told in the same words."""
        first: dict[str, str] = {}
        for place, text in self.texts:
            first.setdefault(text, place)
        return tuple((place, text) for text, place in first.items())

    @property
    def told(self) -> tuple[tuple[str, str], ...]:
        """The texts that every sample has, whatever the form of its replies, each with the name of its place."""
        return (
            ("initial reasoning", self.initial.reasoning),
            ("critique", self.reflection.critique),
            ("revised reasoning", self.revised.reasoning),
        )

    @Lazily
    def whole(self) -> str:
        """All texts in one, each from a line of its own; of an endless one, its first part."""
        if len(self.distinct) == len(self.texts):
            return self.once
        return "\n".join([text[:LONGEST_READ] for _, text in self.texts])

    @Lazily
    def once(self) -> str:
        """As `whole`, of the distinct texts."""
        return "\n".join([text[:LONGEST_READ] for _, text in self.distinct])

    @property
    def in_full(self) -> bool:
        """Whether `once` holds the distinct texts to their ends."""
        return len(self.once) < LONGEST_READ

    @Lazily
    def lowered(self) -> str:
        """The distinct texts, as `once`, in lower case."""
        return self.once.lower()

    @Lazily
    def vocabulary(self) -> frozenset[str]:
        """Every run of ASCII letters in the texts, in lower case: to tell at once that no pattern can be there."""
        return frozenset(self.lowered.encode("utf-8", "replace").translate(_LETTERS).decode("ascii").split())

    @Lazily
    def shape(self) -> bytes:
        """The texts with `a` for each small ASCII letter, `A` for each capital, `0` for each digit, and underscores.

        There is a space for each other byte.
        """
        return self.once.encode("utf-8", "replace").translate(_SHAPE)

    def find(self, phrases: Phrases) -> str | None:
        """Where one of the phrases stands in any text, and what it is."""
        keys, heads = phrases.keys & self.vocabulary, phrases.heads & self.vocabulary
        if not (keys or heads) or (self.once.isascii() and phrases.near(self.once, self.lowered, keys, heads) is None):
            return None
        for place, text in self.distinct:
            # Beyond ASCII two letters may match that are spelt otherwise.
            if text.isascii():
                read = text[:LONGEST_READ]
                match = phrases.near(read, read.lower(), keys, heads)
            else:
                match = phrases.anywhere(text)
            if match is not None:
                return f"{place}: {match[0]!r}"
        return None

    @Lazily
    def marked(self) -> list[tuple[str, float, float]]:
        """The times that evidence and checks name in fields of their own, seconds, each with its place."""
        named = [
            (f"{name} evidence", part.start, part.end) for name, answer in self.answers for part in answer.evidence
        ]
        return named + [("check", check.start, check.end) for check in self.reflection.checks]

    @Lazily
    def cited(self) -> tuple[tuple[str, Cited], ...]:
        """The times that the texts point at, each with its place; of an endless text, those in its first part."""
        return tuple((place, time) for place, text in self.texts for time in self.citations(text))

    @Lazily
    def first_times(self) -> list[tuple[float, float]]:
        """Starts and ends of all that the first answer names: the times that it cites, its evidence, its spans."""
        cited = [(time.start, time.end) for place, time in self.cited if place.startswith("initial")]
        marked = [(part.start, part.end) for part in self.initial.evidence]
        return cited + marked + [(span.start, span.end) for span in self.initial.spans or ()]

    @Lazily
    def reflected_times(self) -> list[tuple[float, float]]:
        """Starts and ends of all that the reflection names."""
        cited = [(time.start, time.end) for place, time in self.cited if place in {"critique", "check"}]
        return cited + [(check.start, check.end) for check in self.reflection.checks]

    def citations(self, text: str) -> tuple[Cited, ...]:
        """The times that a text of the sample points at, in its first part."""
        found = self._citations.get(text)
        if found is None:
            found = self._citations[text] = tuple(citations(text[:LONGEST_READ]))
        return found

    def sentences(self, text: str) -> list[str]:
        """The sentences of a text of the sample, in its first part."""
        found = self._sentences.get(text)
        if found is None:
            found = self._sentences[text] = sentences(text[:LONGEST_READ])
        return found

    def outside(self, start: float, end: float, slack: float = SLACK) -> bool:
        """Whether a stretch reaches out of the clip."""
        return start < self.start - slack or end > self.end + slack

    @Lazily
    def interval(self) -> float:
        """The sampling interval, clip over frames, seconds, and what rounding may add to it."""
        return (self.end - self.start) / max(len(self.frame_times), 1) + SLACK

    def unseen(self, place: str, start: float, end: float) -> bool:
        """Whether no frame lies in the stretch, or within one sampling interval (clip over frames) of it.

        A place of the initial answer could not see the frames of the closer look.
        """
        seen = self._seen_first if place.startswith("initial") else self._seen
        after = bisect_left(seen, start - self.interval)
        return after == len(seen) or seen[after] > end + self.interval

    @Lazily
    def _seen_first(self) -> list[float]:
        return sorted(self.frame_times)

    @Lazily
    def _seen(self) -> list[float]:
        return sorted((*self.frame_times, *self.relook_times)) if self.relook_times else self._seen_first

    def tell(self, place: str, start: float, end: float) -> str:
        """Where a time lies against the clip."""
        stretch = f"{start:g} s" if start == end else f"{start:g}-{end:g} s"
        return f"{place}: {stretch}, clip {self.start:g}-{self.end:g} s"


Rule: TypeAlias = Callable[[Story], str | None]
"""Says what is wrong with a sample, None where nothing is."""

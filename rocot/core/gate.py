"""The gate: small pure rules that a sample must keep, whatever the truth says of it.

Each rule has a name to count by and a docstring; it returns what is wrong, or None.
"""

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TypeAlias

from rocot.core.answer import Answer, Reflection
from rocot.core.cited import Cited, citations
from rocot.core.record import Record
from rocot.core.reflection import Fault
from rocot.core.reply import clean
from rocot.core.span import union
from rocot.core.truth import NORMAL

EDITION = 1
"""Part of the judge's identity: raise it when a rule changes, and stored samples are judged again."""

SLACK = 0.05
"""Seconds. Times are written with two decimals, or one; rounding is no fault."""

LONGEST_READ = 50_000
"""Characters of a text that are searched for times: ten times the longest that a teacher may write."""


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
    initial: Answer
    reflection: Reflection
    revised: Answer

    @property
    def answers(self) -> tuple[tuple[str, Answer], tuple[str, Answer]]:
        """Both answers by name."""
        return ("initial", self.initial), ("revised", self.revised)

    @property
    def texts(self) -> Iterator[tuple[str, str]]:
        """Everything that was written, each with the name of its place."""
        for name, answer in self.answers:
            yield f"{name} reasoning", answer.reasoning
            yield from ((f"{name} evidence", part.observation) for part in answer.evidence)
        yield "critique", self.reflection.critique
        for check in self.reflection.checks:
            yield "check", check.claim
            yield "check", check.finding

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

    def unseen(self, place: str, start: float, end: float) -> bool:
        """Whether no frame lies in the stretch, or within one sampling interval (clip over frames) of it.

        A place of the initial answer could not see the frames of the closer look.
        """
        interval = (self.end - self.start) / max(len(self.frame_times), 1) + SLACK
        seen = self.frame_times if place.startswith("initial") else (*self.frame_times, *self.relook_times)
        return not any(start - interval <= time <= end + interval for time in seen)

    def tell(self, place: str, start: float, end: float) -> str:
        """Where a time lies against the clip."""
        stretch = f"{start:g} s" if start == end else f"{start:g}-{end:g} s"
        return f"{place}: {stretch}, clip {self.start:g}-{self.end:g} s"


Rule: TypeAlias = Callable[[Story], str | None]


def span_outside_clip(story: Story) -> str | None:
    """A predicted span must lie within the clip."""
    for name, answer in story.answers:
        for span in answer.spans:
            if story.outside(span.start, span.end):
                return story.tell(f"{name} span", span.start, span.end)
    return None


def spans_out_of_order(story: Story) -> str | None:
    """Spans are ascending and apart: one stretch is told once."""
    for name, answer in story.answers:
        if answer.spans != union(answer.spans):
            return f"{name} spans " + ", ".join(f"{span.start:g}-{span.end:g}" for span in answer.spans) + " s"
    return None


def unknown_label(story: Story) -> str | None:
    """A label is one of the clip's classes."""
    for name, answer in story.answers:
        if answer.label not in (*story.classes, NORMAL):
            return f"{name} label {answer.label[:60]!r} is none of {', '.join(story.classes)}"
    return None


def label_contradicts_spans(story: Story) -> str | None:
    """A normal answer has no span; an abnormal one has at least one."""
    for name, answer in story.answers:
        if (answer.label == NORMAL) == bool(answer.spans):
            return f"{name} answer says {answer.label} with {len(answer.spans)} spans"
    return None


def evidence_outside_clip(story: Story) -> str | None:
    """What was seen or checked lies within the clip, and ends no sooner than it starts."""
    for place, start, end in story.marked:
        if story.outside(start, end) or end < start:
            return story.tell(place, start, end)
    return None


def evidence_unseen(story: Story) -> str | None:
    """What was seen or checked has a frame within one sampling interval."""
    for place, start, end in story.marked:
        if start <= end and not story.outside(start, end) and story.unseen(place, start, end):
            return f"{story.tell(place, start, end)}, no frame near it"
    return None


def time_outside_clip(story: Story) -> str | None:
    """No text cites a time outside the clip."""
    for place, time in story.cited:
        if story.outside(time.start, time.end, max(time.slack, SLACK)):
            return f"{story.tell(place, time.start, time.end)} ({time.text!r})"
    return None


def time_unseen(story: Story) -> str | None:
    """No text cites a time that has no frame within one sampling interval."""
    for place, time in story.cited:
        slack = max(time.slack, SLACK)
        inside = not story.outside(time.start, time.end, slack)
        if inside and story.unseen(place, time.start - slack, time.end + slack):
            return f"{story.tell(place, time.start, time.end)}, no frame near it ({time.text!r})"
    return None


def silent_change(story: Story) -> str | None:
    """A reflection that says keep leaves the answer as it was."""
    if story.reflection.verdict == "keep" and not story.initial.same_as(story.revised):
        return "the reflection says keep, the revised answer differs"
    return None


_TAG = re.compile(
    r"</?\s*(?:think|answer|glue|reflection|verdict|reasoning|image|video|tool_call|tool_response)\s*/?>"
    r"|<\|[^|<>\n]{1,40}\|>|\[/?INST\]",
    re.IGNORECASE,
)


def tag_in_text(story: Story) -> str | None:
    """No text holds the tags of a reply or of a chat template: a student's parser would take them for its own."""
    for place, text in story.texts:
        found = _TAG.search(text)
        if found:
            return f"{place}: {found[0]}"
    return None


def control_characters(story: Story) -> str | None:
    """No text holds control characters but tab and newline, or lone surrogates."""
    for place, text in story.texts:
        if clean(text) != text:
            return place
    return None


RULES: dict[str, Rule] = {
    rule.__name__.replace("_", " "): rule
    for rule in (
        span_outside_clip,
        spans_out_of_order,
        unknown_label,
        label_contradicts_spans,
        evidence_outside_clip,
        evidence_unseen,
        time_outside_clip,
        time_unseen,
        silent_change,
        tag_in_text,
        control_characters,
    )
}


def faults(story: Story) -> tuple[Fault, ...]:
    """Every rule that the sample breaks."""
    found = ((name, rule(story)) for name, rule in RULES.items())
    return tuple(Fault(rule=name, detail=detail) for name, detail in found if detail is not None)

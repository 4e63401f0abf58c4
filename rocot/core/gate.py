"""The gate: small pure rules that a sample must keep, whatever the truth says of it.

Each rule has a name to count by and a docstring; it returns what is wrong, or None.
"""

from collections.abc import Callable
from typing import TypeAlias

from rocot.core.answer import Answer, Reflection
from rocot.core.record import Record
from rocot.core.reflection import Fault
from rocot.core.truth import NORMAL

SLACK = 0.05
"""Seconds. Times are written with two decimals, or one; rounding is no fault."""


class Story(Record):
    """What the rules look at: the part of a sample that the judge's items and the published rows share."""

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

    @property
    def answers(self) -> tuple[tuple[str, Answer], tuple[str, Answer]]:
        """Both answers by name."""
        return ("initial", self.initial), ("revised", self.revised)


Rule: TypeAlias = Callable[[Story], str | None]


def span_outside_clip(story: Story) -> str | None:
    """A predicted span must lie within the clip."""
    for name, answer in story.answers:
        for span in answer.spans:
            if span.start < story.start - SLACK or span.end > story.end + SLACK:
                return f"{name} span {span.start:g}-{span.end:g} s, clip {story.start:g}-{story.end:g} s"
    return None


def label_contradicts_spans(story: Story) -> str | None:
    """A normal answer has no span; an abnormal one has at least one."""
    for name, answer in story.answers:
        if (answer.label == NORMAL) == bool(answer.spans):
            return f"{name} answer says {answer.label} with {len(answer.spans)} spans"
    return None


def silent_change(story: Story) -> str | None:
    """A reflection that says keep leaves the answer as it was."""
    if story.reflection.verdict == "keep" and not story.initial.same_as(story.revised):
        return "the reflection says keep, the revised answer differs"
    return None


RULES: dict[str, Rule] = {
    rule.__name__.replace("_", " "): rule for rule in (span_outside_clip, label_contradicts_spans, silent_change)
}


def faults(story: Story) -> tuple[Fault, ...]:
    """Every rule that the sample breaks."""
    found = ((name, rule(story)) for name, rule in RULES.items())
    return tuple(Fault(rule=name, detail=detail) for name, detail in found if detail is not None)

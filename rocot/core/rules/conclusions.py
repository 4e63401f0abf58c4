"""Rules of what an answer concludes, and of how the revised answer follows from the reflection."""

from rocot.core.story import Story
from rocot.core.truth import NORMAL


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


def silent_change(story: Story) -> str | None:
    """A reflection that says keep leaves the answer as it was."""
    if story.reflection.verdict == "keep" and not story.initial.same_as(story.revised):
        return "the reflection says keep, the revised answer differs"
    return None

"""Rules of place: what an answer names lies within the clip, and near a frame that was seen."""

from rocot.core.span import apart
from rocot.core.story import SLACK, Story


def span_outside_clip(story: Story) -> str | None:
    """A predicted span must lie within the clip."""
    for name, answer in story.answers:
        for span in answer.spans or ():
            if story.outside(span.start, span.end):
                return story.tell(f"{name} span", span.start, span.end)
    return None


def spans_out_of_order(story: Story) -> str | None:
    """Spans are ascending and apart: one stretch is told once."""
    for name, answer in story.answers:
        if not apart(answer.spans or ()):
            return f"{name} spans " + ", ".join(f"{span.start:g}-{span.end:g}" for span in answer.spans or ()) + " s"
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


def unseen(story: Story) -> str | None:
    """Every true span has a frame that shows it; where none does, the sample cannot be fair to its teacher."""
    seen = (*story.frame_times, *story.relook_times)
    for span in story.truth.spans or ():
        if not any(span.start - SLACK <= time <= span.end + SLACK for time in seen):
            return f"no frame shows the true span {span.start:g}-{span.end:g} s"
    return None

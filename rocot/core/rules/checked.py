"""Rules of what further calls found: they look at nothing where the check is off, had nothing to ask, or abstains."""

from rocot.core.checks import countered, reanswered, reviewed
from rocot.core.story import Story
from rocot.core.truth import NORMAL


def blind_reanswer_disagrees(story: Story) -> str | None:
    """The frames behind the revised answer lead one who sees nothing else to an anomaly, or to none, as it says."""
    if reanswered(story.reanswer, story.revised) != "disagrees":
        return None
    assert story.reanswer is not None
    where = "the whole clip's frames" if story.revised.normal else "the frames of the revised spans"
    return f"the revised answer says {story.revised.label}, a fresh look at {where} {story.reanswer.label}"


def counterfactual_still_abnormal(story: Story) -> str | None:
    """The clip reads as normal without what the revised answer calls an anomaly; a normal clip does when trimmed."""
    if countered(story.counterfactual) != "disagrees":
        return None
    assert story.counterfactual is not None
    left = "the middle half of the clip" if story.revised.label == NORMAL else "the clip without the revised spans"
    return f"a fresh look at {left} says {story.counterfactual.label}"


def critic_finds_no_error(story: Story) -> str | None:
    """At least one of the errors that the reflection names is real, by what a critic makes of them."""
    if reviewed(story.review) != "disagrees":
        return None
    assert story.review is not None
    point = next(point for point in story.review.points if point.verdict == "not real")
    return f"of {len(story.review.points)} named, none is real: {point.error[:80]!r}"

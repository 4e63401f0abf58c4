"""What further calls say of a sample before it is judged, and what that comes to. Most of it is told by `null`: off."""

from typing import Literal, TypeAlias

from pydantic import Field

from rocot.core.answer import Answer, Evidence
from rocot.core.record import Record
from rocot.core.truth import NORMAL

Finding: TypeAlias = Literal["agrees", "in part", "disagrees", "abstains", "unchecked"]
"""What a check came to. An abstention holds nothing against a sample, nor does a check that had nothing to look at."""

Unchecked: TypeAlias = Literal["answer unclear", "no span", "no frame there", "no frame left", "no error named"]
"""Why nobody was asked: the revised answer leaves the question open; it is abnormal and names no span; its spans hold
no frame; nothing is left without them; the reflection names no error."""


class Opinion(Record):
    """What somebody makes of some frames who knows nothing of what was said before."""

    evidence: tuple[Evidence, ...]
    """What was seen, and when; empty where the reply came as tagged text."""
    reasoning: str = Field(min_length=1)
    """How the evidence was weighed."""
    label: str | None
    """One of the clip's classes; null where the frames do not settle it."""


class Point(Record):
    """One error that a reflection names, judged."""

    error: str
    """What the reflection says is wrong."""
    reason: str
    """Why the error is there, or is not."""
    verdict: Literal["real", "not real", "cannot tell"]
    """Whether it is there: `real`, `not real` or `cannot tell`."""


class Review(Record):
    """What a critic makes of a reflection."""

    points: tuple[Point, ...]
    """One for each error that the reflection names."""


def reanswered(opinion: Opinion | None, answer: Answer) -> Finding:
    """Whether the frames behind an answer lead another to it: to its label; in part: to another anomaly."""
    if opinion is None:
        return "unchecked"
    if opinion.label is None:
        return "abstains"
    if opinion.label == answer.label:
        return "agrees"
    return "disagrees" if NORMAL in {opinion.label, answer.label} else "in part"


def countered(opinion: Opinion | None) -> Finding:
    """Whether the frames that do not show the anomaly read as normal."""
    if opinion is None:
        return "unchecked"
    if opinion.label is None:
        return "abstains"
    return "agrees" if opinion.label == NORMAL else "disagrees"


def reviewed(review: Review | None) -> Finding:
    """Whether the errors that a reflection names are real: all that could be told, some (in part), none."""
    if review is None:
        return "unchecked"
    told = {point.verdict for point in review.points} - {"cannot tell"}
    if len(told) != 1:
        return "in part" if told else "abstains"
    return "agrees" if "real" in told else "disagrees"

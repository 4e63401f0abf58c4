"""What a teacher says: an answer, and a reflection on one. These are also the shapes that a reply must have."""

from typing import Literal

from pydantic import Field

from rocot.core.record import Record
from rocot.core.span import Span
from rocot.core.truth import NORMAL, UNCLEAR


class Evidence(Record):
    """One thing that was seen, and when."""

    start: float = Field(ge=0)
    """Seconds of the source video."""
    end: float = Field(ge=0)
    """Seconds of the source video; equal to `start` for a single frame."""
    observation: str
    """What was seen."""


class Answer(Record):
    """Reasoning and its conclusion: the initial reasoning, and the revised one."""

    evidence: tuple[Evidence, ...]
    """What was seen, and when; empty where the reply came as tagged text."""
    reasoning: str = Field(min_length=1)
    """How the evidence was weighed."""
    description: str | None = None
    """What happens, in order; null but for open reasoning."""
    label: str
    """One of the clip's classes; of a question, the text of the option that was chosen; `Unclear` where the frames
    were said not to settle it."""
    spans: tuple[Span, ...] | None
    """Where the anomaly is, seconds of the source video; empty for normal footage, null where none are asked for."""

    @property
    def normal(self) -> bool:
        """Whether the answer calls the footage normal."""
        return self.label == NORMAL

    @property
    def abstained(self) -> bool:
        """Whether the answer leaves the question open."""
        return self.label == UNCLEAR

    def same_as(self, other: "Answer") -> bool:
        """Whether both conclude the same, whatever their words."""
        return self.label == other.label and self.spans == other.spans


class Check(Record):
    """One claim of the first answer, held against the frames."""

    claim: str
    """What the answer said."""
    finding: str
    """What the frames show."""
    start: float = Field(ge=0)
    """Seconds of the source video."""
    end: float = Field(ge=0)
    """Seconds of the source video."""
    holds: bool
    """Whether the claim stands."""


class Reflection(Record):
    """The self-reflection: which claims were checked, what came of it, and whether the answer should stand."""

    checks: tuple[Check, ...]
    """The claims that were checked; empty where the reply came as tagged text."""
    critique: str = Field(min_length=1)
    """What the checks come to, and what the answer passed over."""
    verdict: Literal["keep", "revise"]
    """Whether label and spans should stand."""

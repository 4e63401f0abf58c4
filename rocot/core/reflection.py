"""The items of the flow. Each stage adds fields to the one before; nothing is ever changed in place.

Clip -> Framed -> Reasoned -> (Relooked ->) Reflected -> Revised -> (Reanswered -> Countered -> Criticised ->) Judged
"""

from collections.abc import Iterable
from typing import Literal, Protocol, Self

from pydantic import Field

from rocot.core.answer import Answer, Reflection
from rocot.core.checks import Opinion, Review, Unchecked
from rocot.core.clip import Clip
from rocot.core.record import Record
from rocot.core.truth import GradedOn, Truth

Outcome = Literal["confirmed", "corrected", "unresolved", "corrupted", "ungraded"]
"""confirmed = right then right, corrected = wrong then right, unresolved = wrong then wrong,
corrupted = right then wrong, ungraded = no truth to grade on."""


REJECTED = ", rejected"
"""Behind the outcome that a sample is counted by, where a broken rule keeps it out of training."""
NOBODY = "nobody"
"""In the place of a clip's id, where no other clip could be found."""


class Frame(Record):
    """One sampled frame. Its pixels lie in the frame cache under its digest."""

    time: float = Field(ge=0)
    """True presentation time, seconds of the source video."""
    digest: str
    """sha256 of the JPEG."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""


class Said(Record):
    """What a teacher said, word for word, and where it came from."""

    text: str
    """The reply's text as it came, but for characters that no store can hold."""
    model: str
    """As the recipe names it."""
    prompt: str
    """Digest of the prompt templates behind it."""
    call: str
    """Key of the recorded call."""


class About(Protocol):
    """What a question is about, as far as who asks it has to know."""

    @property
    def id(self) -> str:
        """The clip's, or another name; calls about the same one go to the same server."""

    @property
    def key(self) -> str:
        """The name of the sample in the store."""

    @property
    def shown(self) -> tuple[Frame, ...]:
        """Every frame that an ask about it holds; none where it is told of in words alone."""


class Framed(Clip):
    """A clip and the frames that stand for it."""

    frames: tuple[Frame, ...] = Field(min_length=1)
    reader: str
    """Which reader decoded them."""
    lost: tuple[float, ...] = ()
    """Times at which a damaged file has no frame that is surely right, seconds of the source video."""
    rollout: int = Field(default=0, ge=0)

    @property
    def shown(self) -> tuple[Frame, ...]:
        """Every frame that an ask about the item holds."""
        return self.frames

    @property
    def interval(self) -> float:
        """The sampling interval: the clip over the frames that were wanted of it, seconds."""
        return (self.end - self.start) / (len(self.frames) + len(self.lost))

    @property
    def key(self) -> str:
        """The clip's id and the rollout's number."""
        return f"{self.id}#{self.rollout}"

    def fanned(self, rollout: int) -> Self:
        """The same frames, for another rollout."""
        return self if rollout == self.rollout else self.model_copy(update={"rollout": rollout})


class Reasoned(Framed):
    """With the initial reasoning."""

    question: str
    """What was asked, as rendered, without the frames."""
    initial: Answer
    initial_said: Said


class Relooked(Reasoned):
    """With the frames of a second, closer look at the spans that the initial answer named."""

    relook: tuple[Frame, ...] = ()
    """Ascending, none of them among `frames`; empty where the recipe has no relook or the answer no span."""
    relook_lost: tuple[float, ...] = ()
    """As `lost`, of these frames."""

    @property
    def shown(self) -> tuple[Frame, ...]:
        """Those of the first look, and those of the second."""
        return *self.frames, *self.relook


class Reflected(Relooked):
    """With the self-reflection on the initial reasoning."""

    reflection: Reflection
    reflection_said: Said
    handed: str = Field(default="", exclude_if=lambda handed: not handed)
    """In a control, id of the other clip whose truth the reflection was handed; empty for all others, and then left out
    of the record."""


class Revised(Reflected):
    """With the revised reasoning."""

    revised: Answer
    revised_said: Said


class Looked(Record):
    """A blind look: frames of the clip, and what somebody made of them who knew nothing else."""

    frames: tuple[Frame, ...] = ()
    """All that was shown, ascending."""
    unchecked: Unchecked | None = None
    """Why nobody was asked."""
    opinion: Opinion | None = None
    said: Said | None = None


class Reviewed(Record):
    """A critic's look at the reflection."""

    unchecked: Unchecked | None = None
    """Why nobody was asked."""
    review: Review | None = None
    said: Said | None = None


class Reanswered(Revised):
    """With a fresh answer from the frames of the revised spans alone."""

    reanswer: Looked | None = None
    """None where the recipe does not ask for it."""


class Countered(Reanswered):
    """With a fresh answer from the frames that the revised spans leave."""

    counterfactual: Looked | None = None
    """None where the recipe does not ask for it."""


class Criticised(Countered):
    """With a critic's review of the reflection: a revised item with all the checks that the recipe asks for."""

    critic: Reviewed | None = None
    """None where the recipe does not ask for it."""


class Scores(Record):
    """How both answers compare with the truth; None where the truth does not reach so far."""

    initial_right: bool | None
    """Label right and, where spans are known, tIoU at or above the floor."""
    revised_right: bool | None
    """As `initial_right`, of the revised answer."""
    initial_label_right: bool | None
    """Whether the label is one of the true ones; of normal footage, whether it is called normal without a span."""
    revised_label_right: bool | None
    """As `initial_label_right`, of the revised answer."""
    initial_common_right: bool | None
    """As `initial_label_right`, with both labels in the common taxonomy; null where either has no class in it, and for
    questions."""
    revised_common_right: bool | None
    """As `initial_common_right`, of the revised answer."""
    initial_tiou: float | None
    """IoU of interval sets in time, 0 to 1."""
    revised_tiou: float | None
    """IoU of interval sets in time, 0 to 1."""
    delta_tiou: float | None
    """The revised answer's tIoU less the initial one's, -1 to 1."""
    improved: bool | None
    """Whether `delta_tiou` is at or above the least gain that the recipe counts."""
    initial_abnormal_right: bool | None
    """Whether the answer tells normal from abnormal, whatever its label and spans."""
    revised_abnormal_right: bool | None
    """As `initial_abnormal_right`, of the revised answer."""
    initial_start_error: float | None
    """Seconds from the first true start to the first predicted one, negative where it is early; null where one of
    them has no span."""
    initial_end_error: float | None
    """Seconds from the last true end to the last predicted one, negative where it is early."""
    revised_start_error: float | None
    """As `initial_start_error`, of the revised answer."""
    revised_end_error: float | None
    """As `initial_end_error`, of the revised answer."""


class Fault(Record):
    """A rule of the gate that a sample breaks."""

    rule: str
    """Its name, to count by."""
    severity: Literal["reject", "warn"]
    """What the recipe's gate makes of it: `reject` keeps the sample out of training, `warn` is counted."""
    detail: str
    """Where and how."""


def rejected(faults: Iterable[Fault]) -> bool:
    """Whether any of the broken rules keeps the sample out of training."""
    return any(fault.severity == "reject" for fault in faults)


class Judged(Criticised):
    """With its grades: the end of the flow."""

    truth: Truth
    """Within the clip's window."""
    graded_on: GradedOn
    scores: Scores
    outcome: Outcome
    faults: tuple[Fault, ...]
    """The gate's rules that it breaks."""

    @property
    def counted_as(self) -> str:
        """`corrected`, or `corrected, rejected` where a broken rule keeps it out of training; see `told_by`."""
        return self.outcome + REJECTED * rejected(self.faults)


def told_by(counted_as: str) -> tuple[str, bool]:
    """The outcome that a judged sample is counted by, and whether a broken rule keeps it out of training."""
    return counted_as.removesuffix(REJECTED), counted_as.endswith(REJECTED)

"""Counterfactual: a fresh answer from what is left of a clip without the revised spans (AVA-GRPO, arXiv 2505.19877)."""

from dataclasses import dataclass

from rocot.core.checks import Unchecked
from rocot.core.record import Json
from rocot.core.reflection import Countered, Frame, Revised
from rocot.stages.blind import Blind

TRIMMED = 0.25
"""Of a clip that is called normal, this share is cut off at each end."""


@dataclass(frozen=True)
class Counterfactual:
    """Asks one who knows nothing of the answer what the frames show that it does not stand on.

    Of an abnormal answer's clip the frames of the first look are left that lie outside its spans, each a sampling
    interval longer at both ends. Of a normal one's, those of its middle: it must stay normal when it is trimmed.
    The gap is not told: to say that something was taken out says that there was something.
    """

    blind: Blind
    name: str = "counterfactual"
    output: type[Countered] = Countered

    @property
    def identity(self) -> Json:
        """The prompts that are used, and who answers how."""
        return self.blind.identity

    def context(self, item: Revised, /) -> Json:
        """Nothing besides the answer."""
        return None

    async def __call__(self, item: Revised, /) -> Countered:
        stands = item.revised.normal or bool(item.revised.spans)
        frames = [frame for frame in item.frames if _left(item, frame)] if stands else []
        why: Unchecked = "no frame left" if stands else "no span"
        looked = await self.blind(item, frames, self.name, "answer unclear" if item.revised.abstained else why)
        return Countered(**dict(item), counterfactual=looked)


def _left(item: Revised, frame: Frame) -> bool:
    """Whether a frame is shown."""
    if item.revised.normal:
        cut = TRIMMED * (item.end - item.start)
        return item.start + cut <= frame.time <= item.end - cut
    pad = item.interval
    return not any(span.start - pad <= frame.time <= span.end + pad for span in item.revised.spans or ())

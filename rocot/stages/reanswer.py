"""Reanswer: a fresh answer from the frames of the revised spans alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from rocot.core.checks import Unchecked
from rocot.core.record import Json
from rocot.core.reflection import Frame, Reanswered, Revised
from rocot.core.sampling import within
from rocot.recipe import FramesRecipe
from rocot.stages.blind import Blind
from rocot.stages.sample_frames import taken_in_parts
from rocot.video.protocol import Samples


@dataclass(frozen=True)
class Reanswer:
    """Asks one who knows nothing of the answer what the frames behind it show.

    An abnormal answer stands on its spans, each a sampling interval longer at both ends, since no answer can name
    bounds more closely (see `Relook`). A normal one stands on the whole clip: the frames of the first look.
    """

    blind: Blind
    count: int
    """Frames of an abnormal answer's spans."""
    recipe: FramesRecipe
    frames: Samples
    name: str = "reanswer"
    output: type[Reanswered] = Reanswered

    @property
    def identity(self) -> Json:
        """The prompts that are used, who answers how, and the number of frames."""
        return {**self.blind.identity, "frames": self.count}

    def context(self, item: Revised, /) -> Json:
        """Nothing besides the answer."""
        return None

    async def __call__(self, item: Revised, /) -> Reanswered:
        frames = await self._behind(item)
        why: Unchecked = "no frame there" if item.revised.spans else "no span"
        looked = await self.blind(item, frames, self.name, "answer unclear" if item.revised.abstained else why)
        return Reanswered(**dict(item), reanswer=looked)

    async def _behind(self, item: Revised) -> Sequence[Frame]:
        if item.revised.normal:
            return item.frames
        times = within(item.revised.spans or (), self.count, start=item.start, end=item.end, pad=item.interval)
        return (await taken_in_parts(self.recipe, self.frames, item, times)).frames if times else ()

"""Relook: the second, closer look at the spans that the first answer named. A part of the reflection."""

from dataclasses import dataclass

from rocot.core.record import Json
from rocot.core.reflection import Reasoned, Relooked
from rocot.core.sampling import within
from rocot.recipe import FramesRecipe
from rocot.stages.sample_frames import taken_in_parts
from rocot.video.protocol import Samples


@dataclass(frozen=True)
class Relook:
    """Has more frames read from the spans of the first answer, a sampling interval wider at both ends.

    An event that a frame shows and the one before does not began somewhere between them: its true bounds lie within
    one interval of those that an answer can name.
    """

    recipe: FramesRecipe
    frames: Samples

    @property
    def identity(self) -> Json:
        """The number of frames; all else about them is that of the first look, which every stage hangs on."""
        return self.recipe.relook

    async def __call__(self, item: Reasoned, /) -> Relooked:
        spans = item.initial.spans or ()
        times = within(spans, self.recipe.relook, start=item.start, end=item.end, pad=item.interval)
        if not times:
            return Relooked(**dict(item))
        found = await taken_in_parts(self.recipe, self.frames, item, times)
        known = {round(frame.time, 4) for frame in item.frames}  # two calls may come to a time by other sums
        fresh = tuple(frame for frame in found.frames if round(frame.time, 4) not in known)
        return Relooked(**dict(item), relook=fresh, relook_lost=found.lost)

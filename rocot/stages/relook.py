"""Relook: the second, closer look at the spans that the first answer named. A part of the reflection."""

from collections.abc import Sequence
from dataclasses import dataclass

from rocot.core.record import Json
from rocot.core.reflection import Reasoned, Relooked
from rocot.core.sampling import within
from rocot.errors import VideoError
from rocot.recipe import FramesRecipe
from rocot.stages.sample_frames import IN_PARTS, taken
from rocot.video.protocol import Sampled, Samples


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
        asked = len(item.frames) + len(item.lost)
        pad = (item.end - item.start) / asked
        times = within(item.initial.spans or (), self.recipe.relook, start=item.start, end=item.end, pad=pad)
        if not times:
            return Relooked(**dict(item))
        found = await self._taken(item, times)
        known = {round(frame.time, 4) for frame in item.frames}  # two calls may come to a time by other sums
        fresh = tuple(frame for frame in found.frames if round(frame.time, 4) not in known)
        return Relooked(**dict(item), relook=fresh, relook_lost=found.lost)

    async def _taken(self, item: Reasoned, times: Sequence[float]) -> Sampled:
        try:
            return await taken(self.recipe, self.frames, item, times)
        except VideoError as error:
            if self.recipe.damaged == "fail" or error.reason not in IN_PARTS:
                raise
            return Sampled((), tuple(times))  # the first look is whole enough, or there would be no answer

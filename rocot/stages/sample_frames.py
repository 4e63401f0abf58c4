"""SampleFrames: a clip becomes frames at known times."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from rocot.core.clip import Clip
from rocot.core.motion import AROUND, Packets, by_motion
from rocot.core.record import Json
from rocot.core.reflection import Framed
from rocot.core.sampling import at_rate, interval, uniform
from rocot.errors import VideoError
from rocot.recipe import FramesRecipe
from rocot.video.protocol import Sampled, Samples

_LATER = ("fps", "snap", "damaged")
"""Settings that are younger than the first runs: they enter the identity where they are not what all did before."""

IN_PARTS = ("damaged", "bad timestamps")
"""Reasons of a VideoError that a recipe with `damaged = "partial"` gets over."""


@dataclass(frozen=True)
class SampleFrames:
    """Picks the times by the recipe's policy and has the frames read."""

    recipe: FramesRecipe
    frames: Samples
    name: str = "sample frames"
    output: type[Framed] = Framed

    @property
    def identity(self) -> Json:
        """The frames section of the recipe, but for the relook, which is the reflection's."""
        said = self.recipe.model_dump(mode="json", exclude={"relook"})
        fields = FramesRecipe.model_fields
        return {name: value for name, value in said.items() if name not in _LATER or value != fields[name].default}

    def context(self, item: Clip, /) -> Json:
        """Nothing besides the clip."""
        return None

    async def __call__(self, item: Clip, /) -> Framed:
        found = await taken(self.recipe, self.frames, item, await self._times(item))
        return Framed(**dict(item), frames=found.frames, lost=found.lost, reader=self.recipe.reader)

    async def _times(self, clip: Clip) -> Sequence[float]:
        start, end, count = clip.start, clip.end, self.recipe.count
        if self.recipe.policy == "motion":
            return await asyncio.to_thread(by_motion, await self._packets(clip), start, end, count)
        if self.recipe.fps is not None:
            return at_rate(start, end, self.recipe.fps, count)
        return uniform(start, end, count)

    async def _packets(self, clip: Clip) -> Packets:
        try:
            return await self.frames.packets(clip, margin=AROUND)
        except VideoError as error:
            if self.recipe.damaged == "fail" or error.reason not in IN_PARTS:
                raise
            return Packets((), (), ())  # what is left of the file is looked at evenly


async def taken(recipe: FramesRecipe, frames: Samples, clip: Clip, times: Sequence[float]) -> Sampled:
    """The frames at these times of a clip, as near to them and as whole as the recipe wants. Raises VideoError."""
    tolerance = recipe.snap * interval(times, clip.start, clip.end)
    return await frames.sample(clip, times, tolerance=tolerance, salvage=recipe.damaged == "partial")


async def taken_in_parts(recipe: FramesRecipe, frames: Samples, clip: Clip, times: Sequence[float]) -> Sampled:
    """As `taken`, of a further look: where the recipe takes damaged files it may come to nothing. Raises VideoError."""
    try:
        return await taken(recipe, frames, clip, times)
    except VideoError as error:
        if recipe.damaged == "fail" or error.reason not in IN_PARTS:
            raise
        return Sampled((), tuple(times))  # the first look is whole enough, or there would be no answer

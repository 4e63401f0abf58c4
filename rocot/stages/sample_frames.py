"""SampleFrames: a clip becomes frames at known times."""

from dataclasses import dataclass

from rocot.core.clip import Clip
from rocot.core.record import Json
from rocot.core.reflection import Framed
from rocot.core.sampling import uniform
from rocot.recipe import FramesRecipe
from rocot.video.protocol import Samples


@dataclass(frozen=True)
class SampleFrames:
    """Picks the times by the recipe's policy and has the frames read."""

    recipe: FramesRecipe
    frames: Samples
    name: str = "sample frames"
    output: type[Framed] = Framed

    @property
    def identity(self) -> Json:
        """The whole frames section of the recipe."""
        return self.recipe.model_dump(mode="json")

    def context(self, item: Clip, /) -> Json:
        """Nothing besides the clip."""
        return None

    async def __call__(self, item: Clip, /) -> Framed:
        frames = await self.frames.sample(item, uniform(item.start, item.end, self.recipe.count))
        return Framed(**dict(item), frames=frames, reader=self.recipe.reader)

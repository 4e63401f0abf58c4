"""Tools that say what they are and do nothing: a plan is printed with them, and told from another."""

from collections.abc import Sequence
from dataclasses import dataclass

from rocot.assets import Prompts, load_prompts
from rocot.core.clip import Clip
from rocot.core.motion import Packets
from rocot.core.prompt import Ask, Sampling
from rocot.core.record import Json
from rocot.core.reflection import About
from rocot.core.truth import Truth
from rocot.recipe import Recipe, TeacherRecipe
from rocot.sources.protocol import TruthOf
from rocot.sources.shuffled import Shuffled
from rocot.teacher.protocol import Compose, Parse, Reply, identity_of
from rocot.tools import Tools
from rocot.tools.roster import repair_of, sampling_of
from rocot.video.protocol import Sampled


def _no_truth(clip: Clip) -> Truth:
    raise NotImplementedError("a described plan is not run")


def described(recipe: Recipe, truth: TruthOf = _no_truth, shuffled: Shuffled | None = None) -> Tools:
    """Tools that say what they are and do nothing: enough to build a plan, print it and compare its fingerprints.

    Raises ConfigError for a prompt that cannot be read.
    """
    prompts = load_prompts(recipe.prompts.folder, recipe.task.kind)
    return Tools(
        frames=_NoFrames(),
        teacher=_Described(recipe.asked["teacher"], prompts),
        reflector=_Described(recipe.asked["reflector"], prompts),
        reviser=_Described(recipe.asked["reviser"], prompts),
        checker=_Described(recipe.asked.get("checker", recipe.teacher), prompts),
        prompts=prompts,
        truth=truth,
        shuffled=shuffled or Shuffled(),
    )


@dataclass(frozen=True)
class _Described:
    """A teacher that only says who it is, in the words of `Asker`."""

    who: TeacherRecipe
    prompts: Prompts

    @property
    def model(self) -> str:
        return self.who.name

    @property
    def sampling(self) -> Sampling:
        return sampling_of(self.who)

    @property
    def identity(self) -> Json:
        return identity_of(self.model, self.sampling, self.who.speaks, repair_of(self.who, self.prompts))

    async def ask(self, compose: Compose, item: About, stage: str, parse: Parse) -> tuple[Ask, Reply]:
        raise NotImplementedError("a described plan is not run")


class _NoFrames:
    async def sample(
        self, clip: Clip, times: Sequence[float], *, tolerance: float = 0.0, salvage: bool = False
    ) -> Sampled:
        raise NotImplementedError("a described plan is not run")

    async def packets(self, clip: Clip, margin: float) -> Packets:
        raise NotImplementedError("a described plan is not run")

"""A run of the whole flow without a server, over clips whose replies are the clean samples of `tests.styles`."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from rocot.assets import load_prompts
from rocot.core.clip import Clip
from rocot.core.motion import Packets
from rocot.core.prompt import Ask, Picture, Sampling
from rocot.core.reflection import About, Frame, Judged
from rocot.core.truth import Truth
from rocot.engine.job import Job
from rocot.engine.progress import Tally
from rocot.engine.runner import run
from rocot.engine.stage import Plan
from rocot.engine.stop import Stop
from rocot.engine.store import Store
from rocot.flow import reflection
from rocot.recipe import FramesRecipe, Recipe, Release, Scenes
from rocot.teacher.asker import Asker
from rocot.teacher.completion import spelt
from rocot.teacher.fleet import Fleet
from rocot.teacher.protocol import Raw, Usage
from rocot.teacher.scripted import ScriptedTeacher
from rocot.tools import Tools
from rocot.video.protocol import Sampled
from tests.builders import Sample
from tests.styles import clean_samples

RECIPE = Recipe(release=Release(name="bench"), sources=(Scenes(kind="scenes"),), frames=FramesRecipe(count=16))


@cache
def samples() -> tuple[Sample, ...]:
    """Three hundred, of all styles and kinds."""
    return tuple(sample for _, sample in clean_samples(300))


def sample_of(number: int) -> Sample:
    """That of a clip of the run."""
    return samples()[number % 300]


class Fluent(ScriptedTeacher):
    """Says what the clip's sample says; the clip's number stands in the digests of its frames."""

    async def send(self, ask: Ask, pictures: Mapping[str, bytes]) -> Raw:
        """The first answer, the reflection or the revised answer."""
        first = next(part for turn in ask.turns for part in turn.parts if isinstance(part, Picture))
        sample = sample_of(int(first.digest[:32], 16))
        answer = sample.initial if len(ask.turns) == 2 else sample.revised
        text = (sample.reflection if ask.shape == "reflection" else answer).model_dump_json(exclude_none=True)
        return Raw(body=spelt(text, self.model, Usage(4000, len(text) // 4)))


class Nowhere:
    """Frames whose pixels nobody looks at."""

    async def sample(
        self, clip: Clip, times: Sequence[float], *, tolerance: float = 0.0, salvage: bool = False
    ) -> Sampled:
        """As many as there are times."""
        names = [f"{int(clip.video):032x}{index:032x}" for index in range(len(times))]
        pairs = zip(times, names, strict=True)
        return Sampled(tuple(Frame(time=time, digest=name, width=320, height=240) for time, name in pairs))

    async def packets(self, clip: Clip, margin: float) -> Packets:
        """None: the recipe samples evenly."""
        raise NotImplementedError

    async def load(self, item: About, /) -> Mapping[str, bytes]:
        """One empty picture a frame."""
        return {frame.digest: b"" for frame in item.shown}


@cache
def clips() -> tuple[Clip, ...]:
    """Those of the samples."""
    return tuple(
        Clip.model_construct(**{name: getattr(sample.framed, name) for name in Clip.model_fields})
        for sample in samples()
    )


def listing(items: int) -> Iterator[Clip]:
    """So many clips."""
    for number in range(items):
        yield clips()[number % 300].model_copy(update={"id": f"bench/{number:06d}", "video": str(number)})


def truth(clip: Clip) -> Truth:
    """That of the clip's sample."""
    return sample_of(int(clip.video)).truth


def plan(store: Store, recipe: Recipe, items: int) -> Plan[Judged]:
    """The flow over so many clips."""
    frames, teacher = Nowhere(), Fluent()
    asker = Asker(Fleet([teacher]), store, frames, sampling=Sampling(seed=0))
    tools = Tools(frames, asker, asker, asker, asker, load_prompts(), truth)
    return reflection(recipe, listing(items), tools)


async def judge(folder: Path, items: int, recipe: Recipe, job: Job[Judged]) -> Tally:
    """Runs it in a folder."""
    with Store(folder) as store:
        flow, tally = plan(store, recipe, items), Tally()
        await store.add_recipe(flow.fingerprint, recipe.model_dump_json())
        await run(flow, store, job, tally, Stop())
    return tally

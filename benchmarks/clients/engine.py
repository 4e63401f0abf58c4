"""rocot's engine making the same calls: flow and judge, run store, frame cache."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.clients.work import CLASSES, DISTINCT_CLIPS, FRAMES, IN_FLIGHT, LENGTH, Clock, arguments, jpegs, tell
from rocot.assets import load_prompts
from rocot.core.clip import Clip
from rocot.core.motion import Packets
from rocot.core.prompt import Ask, Sampling
from rocot.core.reflection import Frame
from rocot.core.truth import Truth
from rocot.engine.blobs import Blobs
from rocot.engine.job import Job
from rocot.engine.progress import Tally
from rocot.engine.runner import run
from rocot.engine.stop import Stop
from rocot.engine.store import Store
from rocot.flow import reflection
from rocot.recipe import FramesRecipe, Recipe, Release, Scenes
from rocot.teacher.asker import Asker
from rocot.teacher.fleet import Fleet
from rocot.teacher.openai import OpenAITeacher
from rocot.teacher.pace import FIRST
from rocot.teacher.protocol import Raw
from rocot.tools import Tools
from rocot.video.av_reader import AvReader
from rocot.video.frames import Frames
from rocot.video.protocol import Look, Sampled

RECIPE = Recipe(release=Release(name="bench"), sources=(Scenes(kind="scenes"),), frames=FramesRecipe(count=FRAMES))


class Timed(OpenAITeacher):
    """Notes when the first call leaves."""

    first: Clock | None = None

    async def send(self, ask: Ask, pictures: Mapping[str, bytes]) -> Raw:
        """As its parent."""
        self.first = self.first or Clock.now()
        return await super().send(ask, pictures)


class Prepared:
    """Frames that were decoded before the clock starts: decoding is measured elsewhere."""

    def __init__(self, blobs: Blobs, clips: int) -> None:
        self._digests = [[blobs.put(jpeg) for jpeg in jpegs(clip)] for clip in range(min(clips, DISTINCT_CLIPS))]

    async def sample(
        self, clip: Clip, times: Sequence[float], *, tolerance: float = 0.0, salvage: bool = False
    ) -> Sampled:
        """The frames of a clip."""
        digests = self._digests[int(clip.start / LENGTH) % DISTINCT_CLIPS]
        pairs = zip(times, digests, strict=True)
        return Sampled(tuple(Frame(time=time, digest=digest, width=320, height=240) for time, digest in pairs))

    async def packets(self, clip: Clip, margin: float) -> Packets:
        """None: the recipe samples evenly."""
        raise NotImplementedError


def listing(clips: int) -> Iterator[Clip]:
    """So many windows of one video. Each has times of its own: two clips that ask the same are asked once."""
    return (
        Clip(
            id=f"bench/{number:06d}",
            source="bench",
            video="long",
            split="train",
            mark="m",
            start=number * LENGTH,
            end=(number + 1) * LENGTH,
            duration=clips * LENGTH,
            classes=CLASSES,
        )
        for number in range(clips)
    )


async def main() -> None:
    """One run over all clips."""
    url, clips, folder, started = arguments()
    blobs = Blobs(Path(folder) / "frames")
    before = Clock.now()
    prepared = Prepared(blobs, clips)
    aside = Clock.now().since(before)
    frames = Frames(AvReader(), blobs, Look(height=448, quality=85), threads=os.cpu_count() or 1)
    teacher = Timed("openai:m", base_url=url, api_key=None, connections=IN_FLIGHT)
    with Store(Path(folder) / "run") as store:
        begun, tally = Clock.now(), Tally()
        asker = Asker(Fleet([teacher], most=IN_FLIGHT, first=FIRST), store, frames, sampling=Sampling(seed=0))
        tools = Tools(
            prepared, asker, asker, asker, asker, load_prompts(), lambda _: Truth(labels=("Normal",), spans=())
        )
        await run(reflection(RECIPE, listing(clips), tools), store, Job("train", IN_FLIGHT), tally, Stop())
        assert tally.stages["judge"].done == clips, tally
        assert teacher.first is not None
        tell(clips, begun, teacher.first.since(Clock(started, 0)).since(aside))
    await teacher.close()
    frames.close()


if __name__ == "__main__":
    asyncio.run(main())

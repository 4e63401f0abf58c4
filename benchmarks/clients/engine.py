"""rocot's engine making the same calls: flow and judge, run store, frame cache."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from benchmarks.clients.prepared import Prepared, listing
from benchmarks.clients.work import DISTINCT_CLIPS, FRAMES, IN_FLIGHT, Clock, arguments, jpegs, tell
from rocot.assets import load_prompts
from rocot.core.prompt import Ask, Sampling
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
from rocot.video.protocol import Look

RECIPE = Recipe(release=Release(name="bench"), sources=(Scenes(kind="scenes"),), frames=FramesRecipe(count=FRAMES))


class Timed(OpenAITeacher):
    """Notes when the first call leaves, and when the last answer has come."""

    first: Clock | None = None
    last: Clock | None = None

    async def send(self, ask: Ask, pictures: Mapping[str, bytes]) -> Raw:
        """As its parent."""
        self.first = self.first or Clock.now()
        raw = await super().send(ask, pictures)
        self.last = Clock.now()
        return raw


async def main() -> None:
    """One run over all clips."""
    url, clips, folder, started = arguments()
    blobs = Blobs(Path(folder) / "frames")
    before = Clock.now()
    prepared = Prepared([[blobs.put(jpeg) for jpeg in jpegs(clip)] for clip in range(min(clips, DISTINCT_CLIPS))])
    aside = Clock.now().since(before)
    frames = Frames(AvReader(), blobs, Look(height=448, quality=85), threads=os.cpu_count() or 1)
    teacher = Timed("openai:m", base_url=url, api_key=None, connections=IN_FLIGHT)
    with Store(Path(folder) / "run") as store:
        begun, tally = Clock.now(), Tally()
        asker = Asker(Fleet([teacher], most=IN_FLIGHT, first=FIRST), store, frames, sampling=Sampling(seed=0))
        tools = Tools(
            prepared, asker, asker, asker, asker, load_prompts(), lambda _: Truth(labels=("Normal",), spans=())
        )
        await run(reflection(RECIPE, listing(clips, "bench"), tools), store, Job("train", IN_FLIGHT), tally, Stop())
        assert tally.stages["judge"].done == clips, tally
        assert teacher.first is not None
        assert teacher.last is not None
        tell(clips, begun, teacher.first.since(Clock(started, 0)).since(aside), teacher.last)
    await teacher.close()
    frames.close()


if __name__ == "__main__":
    asyncio.run(main())

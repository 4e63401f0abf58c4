"""rocot's engine on the same rows: its run store and frame cache, and its first stages or the whole flow."""

import asyncio
import json
import os
from collections.abc import Iterable

from benchmarks.clients.prepared import Prepared, listing
from benchmarks.clients.task import IN_FLIGHT, MODEL, Task
from benchmarks.clients.work import FRAMES
from rocot.assets import load_prompts
from rocot.core.clip import Clip
from rocot.core.prompt import Sampling
from rocot.core.record import Item
from rocot.core.truth import Truth
from rocot.engine.blobs import Blobs
from rocot.engine.job import Job
from rocot.engine.outcome import Outcome
from rocot.engine.progress import Tally
from rocot.engine.runner import run
from rocot.engine.stage import Plan, start
from rocot.engine.stop import Stop
from rocot.engine.store import Store
from rocot.flow import reflection
from rocot.recipe import FramesRecipe, Recipe, Release, Scenes
from rocot.stages.reason import Reason
from rocot.stages.sample_frames import SampleFrames
from rocot.teacher.asker import Asker
from rocot.teacher.fleet import Fleet
from rocot.teacher.openai import OpenAITeacher
from rocot.teacher.pace import FIRST
from rocot.tools import Tools
from rocot.video.av_reader import AvReader
from rocot.video.frames import Frames
from rocot.video.protocol import Look

RECIPE = Recipe(release=Release(name="peers"), sources=(Scenes(kind="scenes"),), frames=FramesRecipe(count=FRAMES))


def plan(asks: int, clips: Iterable[Clip], asker: Asker, prepared: Prepared) -> Plan[Item]:
    """One ask, or the whole flow, which has three and a judge."""
    if asks == 1:
        framed = start(clips).then(SampleFrames(RECIPE.frames, prepared)).fan_out(1)
        return framed.then(Reason(load_prompts(), asker))
    normal = Truth(labels=("Normal",), spans=())
    return reflection(RECIPE, clips, Tools(prepared, asker, asker, asker, asker, load_prompts(), lambda _: normal))


def ends(store: Store, stage: str) -> dict[int, Outcome]:
    """What came of each row in the end: of the last ask, or of one that it was lost at."""
    found: dict[int, Outcome] = {}
    seq = 0
    while outcomes := store.outcomes_after(seq):
        seq = outcomes[-1].seq
        found |= {int(end.clip.rpartition("/")[2]): end for end in outcomes if end.stage == stage or end.kind != "done"}
    return found


async def main() -> None:
    """One run over all rows."""
    task = Task.given()
    digests = [[path.stem for path in frames] for frames in task.frames]  # their files are named by them
    blobs = Blobs(task.frames[0][0].parents[1])
    frames = Frames(AvReader(), blobs, Look(height=448, quality=85), threads=os.cpu_count() or 1)
    teacher = OpenAITeacher(f"openai:{MODEL}", base_url=task.url, api_key=None, connections=IN_FLIGHT)
    stage, said = ("reason", "initial_said") if task.asks == 1 else ("revise", "revised_said")
    with Store(task.folder / "run") as store:
        asker = Asker(Fleet([teacher], most=IN_FLIGHT, first=FIRST), store, frames, sampling=Sampling(seed=0))
        asked = plan(task.asks, listing(task.rows, "peers"), asker, Prepared(digests))
        await run(asked, store, Job("train", IN_FLIGHT), Tally(), Stop())
        found = ends(store, stage)
    await teacher.close()
    frames.close()
    kept = [(row, json.loads(end.payload)[said]["text"]) for row, end in found.items() if end.kind == "done"]
    task.tell(kept, [(row, end.reason) for row, end in found.items() if end.kind != "done"])


if __name__ == "__main__":
    asyncio.run(main())

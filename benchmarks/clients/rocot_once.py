"""rocot's engine making one call a row: its first stages, its run store, its frame cache."""

import asyncio
import json
import os

from benchmarks.clients.prepared import Prepared, listing
from benchmarks.clients.task import IN_FLIGHT, MODEL, Task
from benchmarks.clients.work import FRAMES
from rocot.assets import load_prompts
from rocot.core.prompt import Sampling
from rocot.engine.blobs import Blobs
from rocot.engine.job import Job
from rocot.engine.outcome import Outcome
from rocot.engine.progress import Tally
from rocot.engine.runner import run
from rocot.engine.stage import start
from rocot.engine.stop import Stop
from rocot.engine.store import Store
from rocot.recipe import FramesRecipe
from rocot.stages.reason import Reason
from rocot.stages.sample_frames import SampleFrames
from rocot.teacher.asker import Asker
from rocot.teacher.fleet import Fleet
from rocot.teacher.openai import OpenAITeacher
from rocot.teacher.pace import FIRST
from rocot.video.av_reader import AvReader
from rocot.video.frames import Frames
from rocot.video.protocol import Look


def last(store: Store) -> dict[int, Outcome]:
    """What came of each row in the end."""
    ends: dict[int, Outcome] = {}
    seq = 0
    while found := store.outcomes_after(seq):
        seq = found[-1].seq
        ends |= {int(outcome.clip.rpartition("/")[2]): outcome for outcome in found if outcome.stage == "reason"}
    return ends


async def main() -> None:
    """One run over all rows."""
    task = Task.given()
    digests = [[path.stem for path in frames] for frames in task.frames]  # their files are named by them
    blobs = Blobs(task.frames[0][0].parents[1])
    frames = Frames(AvReader(), blobs, Look(height=448, quality=85), threads=os.cpu_count() or 1)
    teacher = OpenAITeacher(f"openai:{MODEL}", base_url=task.url, api_key=None, connections=IN_FLIGHT)
    with Store(task.folder / "run") as store:
        asker = Asker(Fleet([teacher], most=IN_FLIGHT, first=FIRST), store, frames, sampling=Sampling(seed=0))
        plan = (
            start(listing(task.rows, "peers"))
            .then(SampleFrames(FramesRecipe(count=FRAMES), Prepared(digests)))
            .fan_out(1)
            .then(Reason(load_prompts(), asker))
        )
        await run(plan, store, Job("train", IN_FLIGHT), Tally(), Stop())
        ends = last(store)
    await teacher.close()
    frames.close()
    kept = [(row, json.loads(end.payload)["initial_said"]["text"]) for row, end in ends.items() if end.kind == "done"]
    task.tell(kept, [(row, end.reason) for row, end in ends.items() if end.kind != "done"])


if __name__ == "__main__":
    asyncio.run(main())

"""What judging costs: the pure rules, and whole runs that are judged again after their gate has changed.

    python -m benchmarks.judge                         the rules; runs of 2,000 and 10,000 items
    python -m benchmarks.judge --items 20000 100000    other sizes

A run is made in this process, without a server: frames that lie nowhere, and replies of the clean samples of
tests/styles.py, five styles in turn. Then `rocot.engine.runner.run` goes over it with another `gate.tiou`, as `rocot
generate` does: each clip is listed, its stored stages are read, checked and grown, the judge grades and goes through
its rules, and what it says is stored. No call is made. With `--processes 2` two of these share the run, as two calls of
`rocot generate` do. Each figure comes from fresh processes; seconds for 100,000 items are scaled from the items that
were judged. CPU is user and system time, threads included, of all processes together.
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

from rocot.assets import load_prompts
from rocot.core.clip import Clip
from rocot.core.gate import Gate, Story, faults
from rocot.core.motion import Packets
from rocot.core.prompt import Ask, Picture, Sampling
from rocot.core.reflection import Frame, Framed
from rocot.core.truth import Truth
from rocot.engine.job import Job
from rocot.engine.progress import Tally
from rocot.engine.runner import run
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

ROOT = Path(__file__).parents[1]
MANY = 100_000
AIM = 60
"""Seconds for so many."""
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

    async def load(self, item: Framed, /) -> Mapping[str, bytes]:
        """One empty picture a frame."""
        return {frame.digest: b"" for frame in item.shown}


def listing(items: int) -> Iterator[Clip]:
    """So many clips."""
    for number in range(items):
        clip = Clip.model_construct(**{name: getattr(sample_of(number).framed, name) for name in Clip.model_fields})
        yield clip.model_copy(update={"id": f"bench/{number:06d}", "video": str(number)})


def truth(clip: Clip) -> Truth:
    """That of the clip's sample."""
    return sample_of(int(clip.video)).truth


async def judge(folder: Path, items: int, gate: Gate) -> int:
    """Runs the flow over so many clips, and says how often a teacher was asked."""
    frames, teacher, recipe = Nowhere(), Fluent(), RECIPE.model_copy(update={"gate": gate})
    with Store(folder) as store:
        asker = Asker(Fleet([teacher]), store, frames, sampling=Sampling(seed=0))
        tools = Tools(frames, asker, asker, asker, asker, load_prompts(), truth)
        plan = reflection(recipe, listing(items), tools)
        await store.add_recipe(plan.fingerprint, recipe.model_dump_json())
        tally = Tally()
        await run(plan, store, Job("train", 64), tally, Stop())
        assert tally.stages["judge"].done == items, tally
        return tally.spent.attempts


def rules() -> None:
    """The pure rules alone, over the samples again and again."""
    stories = [
        Story(
            start=sample.framed.start,
            end=sample.framed.end,
            frame_times=tuple(frame.time for frame in sample.framed.frames),
            classes=sample.framed.classes,
            initial=sample.initial,
            reflection=sample.reflection,
            revised=sample.revised,
            truth=sample.truth,
        )
        for sample in samples()
    ]
    begun, cpu = time.perf_counter(), time.process_time()
    for _ in range(5):
        for story in stories:
            faults(story.model_copy())
    tell(time.perf_counter() - begun, time.process_time() - cpu, 5 * len(stories))


@dataclass(frozen=True)
class Figures:
    """What one process took, or several that shared a run."""

    seconds: float
    cpu: float
    """Seconds."""
    items: int
    peak: float
    """MB, of the largest process."""


def tell(seconds: float, cpu: float, items: int) -> None:
    """Prints the figures of this process, for the one that started it."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    json.dump(asdict(Figures(seconds, cpu, items, peak)), sys.stdout)


def fresh(*words: str, processes: int = 1) -> Figures:
    """One part, in processes of their own."""
    command = [sys.executable, "-m", "benchmarks.judge", *words]
    begun = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(processes)]
    told = [Figures(**json.loads(process.communicate()[0])) for process in begun]
    assert not any(process.returncode for process in begun)
    return Figures(
        max(one.seconds for one in told), sum(one.cpu for one in told), told[0].items, max(one.peak for one in told)
    )


def show(name: str, took: Figures) -> None:
    """One row."""
    scale = MANY / took.items
    speed = took.items / took.seconds
    print(f"{name:40}{speed:9.0f}{took.seconds * scale:15.0f}{took.cpu * scale:15.0f}{took.peak:9.0f}", flush=True)


def _together(*words: str, processes: int) -> Figures:
    """Processes that share no run: their items add up."""
    took = fresh(*words, processes=processes)
    return replace(took, items=took.items * processes)


def main() -> None:
    """Measures everything and prints one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="+", default=[2000, 10_000])
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--part", help="what one process does: rules, make or judge")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--tiou", type=float, default=0.5)
    given = parser.parse_args()
    count = given.items[0]
    if given.part == "rules":
        rules()
    elif given.part == "make":
        begun, cpu = time.perf_counter(), time.process_time()
        asyncio.run(judge(given.folder, count, Gate()))
        tell(time.perf_counter() - begun, time.process_time() - cpu, count)
    elif given.part == "judge":
        begun, cpu = time.perf_counter(), time.process_time()
        asked = asyncio.run(judge(given.folder, count, Gate(tiou=given.tiou)))
        assert asked == 0
        tell(time.perf_counter() - begun, time.process_time() - cpu, count)
    else:
        print(f"{'':40}{'items/s':>9}{'s for 100,000':>15}{'CPU s for them':>15}{'peak MB':>9}")
        for processes in given.processes:
            show(f"the rules alone, processes: {processes}", _together("--part", "rules", processes=processes))
        (ROOT / "build").mkdir(exist_ok=True)
        for items in given.items:
            with tempfile.TemporaryDirectory(prefix="benchmark-", dir=ROOT / "build") as scratch:
                place = "--items", str(items), "--folder", f"{scratch}/run"
                fresh("--part", "make", *place)
                for number, processes in enumerate(given.processes):
                    took = fresh("--part", "judge", *place, "--tiou", f"0.{6 + number}", processes=processes)
                    show(f"{items:,} judged again, processes: {processes}", took)
        print(f"  aim: {MANY:,} items in {AIM} s at most, and flat memory")


if __name__ == "__main__":
    main()

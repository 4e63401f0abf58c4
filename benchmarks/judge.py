"""What judging costs: the pure rules, and whole runs that are judged again after their gate has changed.

    python -m benchmarks.judge                         the rules; runs of 2,000 and 10,000 items
    python -m benchmarks.judge --items 40000 100000    other sizes

A run of 300 items is made without a server: frames that lie nowhere, and replies of the clean samples of
tests/styles.py, five styles in turn; `benchmarks.filling` writes its rows again under other names. Then
`rocot.engine.runner.run` goes over all of it with another `gate.tiou`, as `rocot generate` does: each clip is listed,
its stored stages are read, checked and grown, the judge grades and goes through its rules, and what it says is stored.
No call is made. With two processes the run starts one beside itself, as `rocot generate` does on two cores; with one it
does not. Each figure comes from fresh processes, whose start and imports count where they are the run's own; seconds
for 100,000 items are scaled from the items that were judged. CPU is user and system time, threads and processes beside
included; the peaks are that of the run's own process and that of the largest beside it.
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.filling import fill
from rocot.core.gate import Gate, Story, faults_of
from rocot.core.reflection import Judged
from rocot.engine.job import Job
from rocot.engine.press import TURN
from tests.flowing import RECIPE, judge, samples

ROOT = Path(__file__).parents[1]
COMMAND = sys.executable, "-m", "benchmarks.judge"
MANY = 100_000
AIM = 60
"""Seconds for so many."""


def rules() -> None:
    """The pure rules alone, over the samples again and again, as many together as a run puts through."""
    gate = Gate()
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
            limits=gate,
        )
        for sample in samples()
    ]
    begun, cpu = time.perf_counter(), time.process_time()
    for _ in range(5):
        for start in range(0, len(stories), TURN):
            faults_of([replace(story) for story in stories[start : start + TURN]], gate)
    tell(time.perf_counter() - begun, time.process_time() - cpu, 5 * len(stories))


def whole_run(folder: Path, items: int, gate: Gate, beside: int) -> int:
    """Runs the flow over so many clips, tells what it took, and says how often a teacher was asked."""
    samples()
    begun, cpu = time.perf_counter(), time.process_time()
    job: Job[Judged] = Job("train", 64, beside=beside)
    tally = asyncio.run(judge(folder, items, RECIPE.model_copy(update={"gate": gate}), job))
    assert tally.stages["judge"].done == items, tally
    others = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = time.process_time() - cpu + others.ru_utime + others.ru_stime
    tell(time.perf_counter() - begun, cpu, items)
    return tally.spent.attempts


@dataclass(frozen=True)
class Figures:
    """What one process took, or several that shared a run."""

    seconds: float
    cpu: float
    """Seconds."""
    items: int
    peak: float
    """MB, of the process itself."""
    beside: float
    """MB, of the largest process beside it; 0 for none."""


def tell(seconds: float, cpu: float, items: int) -> None:
    """Prints the figures of this process, for the one that started it."""
    peak, beside = (
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    json.dump(asdict(Figures(seconds, cpu, items, peak, beside)), sys.stdout)


def fresh(*words: str, processes: int = 1) -> Figures:
    """One part, in processes of their own."""
    begun = [
        subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(processes)
    ]
    told = [Figures(**json.loads(process.communicate()[0])) for process in begun]
    assert not any(process.returncode for process in begun)
    return Figures(
        max(one.seconds for one in told),
        sum(one.cpu for one in told),
        told[0].items,
        max(one.peak for one in told),
        max(one.beside for one in told),
    )


def show(name: str, took: Figures) -> None:
    """One row."""
    print(
        f"{name:40}{took.seconds:9.1f}{took.items / took.seconds:9.0f}{took.seconds * MANY / took.items:15.0f}"
        f"{took.cpu * 1000 / took.items:15.2f}{took.peak:9.0f}{took.beside:11.0f}",
        flush=True,
    )


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
        fill(given.folder, count)
    elif given.part == "judge":
        assert whole_run(given.folder, count, Gate(tiou=given.tiou), given.processes[0] - 1) == 0
    else:
        heads = (
            ("s", 9),
            ("items/s", 9),
            ("s for 100,000", 15),
            ("CPU ms an item", 15),
            ("peak MB", 9),
            ("beside MB", 11),
        )
        print(" " * 40 + "".join(f"{head:>{width}}" for head, width in heads))
        for processes in given.processes:
            show(f"the rules alone, processes: {processes}", _together("--part", "rules", processes=processes))
        (ROOT / "build").mkdir(exist_ok=True)
        for items in given.items:
            with tempfile.TemporaryDirectory(prefix="benchmark-", dir=ROOT / "build") as scratch:
                place = "--items", str(items), "--folder", f"{scratch}/run"
                begun = time.perf_counter()
                subprocess.run([*COMMAND, "--part", "make", *place], check=True, cwd=ROOT)
                print(f"{f'{items:,} stored':40}{time.perf_counter() - begun:9.1f}", flush=True)
                for number, processes in enumerate(given.processes):
                    words = "--part", "judge", *place, "--tiou", f"0.{6 + number}", "--processes", str(processes)
                    took = fresh(*words)
                    show(f"{items:,} judged again, processes: {processes}", took)
        print(f"  aim: {MANY:,} items in {AIM} s at most, and flat memory")


if __name__ == "__main__":
    main()

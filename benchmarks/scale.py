"""A run of a million clips in 64 parts: planned, listed, gone over again, asked about, merged and exported.

    python -m benchmarks.scale             1,000,000 clips; up to 15 GB of disk below build/
    python -m benchmarks.scale --quick     a fiftieth of it
    python -m benchmarks.scale --export 0  exports all rows, and not 50,000 of them

Most of the clips are finished: `benchmarks.scaling` tells how they are made. 20,000 are asked about live, of the
scripted teacher, through the whole command: films are decoded, replies are stored, parsed and judged. Each line is a
process of its own; CPU counts its children, peak memory is that of all its processes at once (PSS), or of its own where
it has none. *Listing* goes over the manifest, opens each file and cuts windows. *Resume scan* is what `rocot generate`
does first on a finished run: each clip is listed, the bytes of its stored stages are read and held, with its truth,
against their seals, and nothing is asked. Rows are clips; a clip has one row of a release. The parts are removed once
they are merged.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial
from itertools import islice
from pathlib import Path

from benchmarks.measure import adopt, run
from benchmarks.scaling import SOURCE, TRUTH, WINDOWS, Filling, Size, lay
from benchmarks.templates import templates
from rocot.cli.runs import reading
from rocot.core.part import Part
from rocot.core.reflection import Judged
from rocot.engine.aside import processes
from rocot.engine.job import Job
from rocot.engine.progress import Tally
from rocot.engine.runner import run as run_flow
from rocot.engine.stop import Stop
from rocot.engine.store import Store
from rocot.flow import reflection
from rocot.machine import Machine, default_cache
from rocot.recipe_file import load_recipe
from rocot.release.export import export
from rocot.release.gather import Samples, gathered
from rocot.sources.truths import Truths
from rocot.tools.described import described
from rocot.tools.listed import listing

ROOT = Path(__file__).parents[1]
SIZE = Size(clips=1_000_000, live=20_000, parts=64)
LIMIT = 7200.0
"""Seconds that a step may take."""


def main() -> None:
    """Measures everything, and prints one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a fiftieth")
    parser.add_argument("--clips", type=int, default=SIZE.clips)
    parser.add_argument("--live", type=int, default=SIZE.live)
    parser.add_argument("--parts", type=int, default=SIZE.parts)
    parser.add_argument("--resume", type=int, default=0, help="clips to go over again; 0 for all")
    parser.add_argument("--export", type=int, default=50_000, help="rows to export; 0 for all")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    by = 50 if asked.quick else 1
    size = Size(asked.clips // by, asked.live // by, asked.parts)
    if asked.step == "resume":
        resume(asked.folder, asked.resume)
    elif asked.step == "list":
        list_all(asked.folder)
    elif asked.step == "export":
        export_some(asked.folder, asked.export)
    else:
        (ROOT / "build").mkdir(exist_ok=True)
        adopt()
        with tempfile.TemporaryDirectory(prefix="benchmark-", dir=ROOT / "build") as scratch:
            Scale(Path(scratch), size, asked.resume, asked.export or size.clips).measure()


class Scale:
    """One run of the benchmark, in a folder of its own."""

    def __init__(self, folder: Path, size: Size, resume: int, exported: int) -> None:
        self.folder, self.size = folder, size
        self.resumed, self.exported = resume or size.clips, min(exported, size.clips)
        self.begun = time.monotonic()
        self.most = 0
        """Bytes on the disk, at most."""

    def measure(self) -> None:
        """All steps, in their order."""
        size, parts = self.size, [f"runs/{SOURCE}-part-{n}-of-{self.size.parts}" for n in range(1, self.size.parts + 1)]
        merged = f"runs/{SOURCE}"
        before = time.monotonic()
        lay(self.folder, size)
        print(f"{size.clips:,} clips of {size.videos:,} videos, {size.live:,} to be asked about; laid out in", end=" ")
        print(f"{time.monotonic() - before:.0f} s\n{'':34}{'rows':>10}{'s':>8}{'rows/s':>9}{'CPU s':>8}{'peak MB':>9}")
        self.step("plan", size.clips, "rocot", "plan", "--recipe", "recipe.toml", "--parts", str(size.parts))
        self.own("listing", size.clips, "list")
        self.fill()
        first = f"1/{size.parts}"
        self.step("asked live, in part 1", size.live, "rocot", "generate", "--recipe", "recipe.toml", "--part", first)
        self.step(f"merge of {size.parts} parts", size.clips, "rocot", "merge", *parts, "--out", merged)
        self.weigh()  # now it is the most: all is there twice
        for part in parts:
            shutil.rmtree(self.folder / part)
        self.step("status", size.clips, "rocot", "status", merged)
        self.own("resume scan", self.resumed, "resume", "--resume", str(self.resumed))
        self.own("export", self.exported, "export", "--export", str(self.exported))
        self.weigh()
        print(f"\n{self.most / 1e9:.2f} GB of disk at most, {(time.monotonic() - self.begun) / 60:.1f} min in all")

    def weigh(self) -> None:
        """Looks at all files, each once however many names it has."""
        files = [path.stat() for path in self.folder.rglob("*") if path.is_file()]
        self.most = max(self.most, sum({(file.st_dev, file.st_ino): file.st_size for file in files}.values()))

    def own(self, name: str, rows: int, step: str, *words: str) -> None:
        """A step of this module."""
        self.step(name, rows, "benchmarks.scale", "--step", step, "--folder", str(self.folder), *words)

    def step(self, name: str, rows: int, module: str, *words: str) -> None:
        """Runs it, and prints its row."""
        environment = os.environ | {"PYTHONPATH": str(ROOT), "ROCOT_CACHE": str(self.folder / "cache")}
        took = run(
            [sys.executable, "-m", module, *words],
            cwd=self.folder,
            environment=environment,
            log=self.folder / "log.txt",
            limit=LIMIT,
        )
        if took.code != 0:
            sys.exit(f"{name} ended with {took.code}:\n{(self.folder / 'log.txt').read_text()[-2000:]}")
        self.tell(name, rows, took.wall, took.cpu, took.peak_mb)

    def tell(self, name: str, rows: int, wall: float, cpu: float, peak: float) -> None:
        """One row."""
        print(f"{name:34}{rows:10,}{wall:8.1f}{rows / wall:9,.0f}{cpu:8.1f}{peak:9.0f}", flush=True)

    def fill(self) -> None:
        """The finished clips, in as many processes as there are cores."""
        command = [sys.executable, "-m", "rocot", "generate", "--recipe", "recipe.toml", "--run", "runs/model"]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "ROCOT_CACHE": str(self.folder / "cache")}
        words = ("--limit", str(WINDOWS))
        subprocess.run([*command, *words], check=True, cwd=self.folder, env=environment, capture_output=True)
        before, spent = time.monotonic(), _children()
        numbers = range(1, self.size.parts + 1)
        with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
            pool.map(partial(_fill, self.folder, self.size), numbers, chunksize=1)
            pool.close()
            pool.join()
        rows, wall = self.size.clips - self.size.live, time.monotonic() - before
        self.tell(f"filled ({os.cpu_count()} processes)", rows, wall, _children() - spent, 0)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _fill(folder: Path, size: Size, number: int) -> None:
    part, said = Part(number=number, of=size.parts), load_recipe(str(folder / "recipe.toml"))
    steps = tuple(reflection(said, (), described(said, Truths())))
    recipe, made = templates(folder / "runs" / "model", steps, TRUTH)
    asyncio.run(Filling(folder / "runs" / f"{SOURCE}{part.suffix}", part, recipe, made).begin(size))


def list_all(folder: Path) -> None:
    """Goes over all clips and does nothing with them."""
    recipe = load_recipe(str(folder / "recipe.toml"))
    machine = Machine(run=folder / "none", cache=default_cache())
    print(sum(1 for _ in listing(recipe, machine, "train", Truths(), print)))


def resume(folder: Path, clips: int) -> None:
    """Goes over a finished run as `rocot generate` does before it asks: nothing is left to ask."""
    recipe, truths, tally = load_recipe(str(folder / "recipe.toml")), Truths(), Tally()
    machine = Machine(run=folder / "runs" / SOURCE, cache=default_cache())
    found = listing(recipe, machine, "train", truths, print)
    plan = reflection(recipe, found, described(recipe, truths))
    job: Job[Judged] = Job("train", 64, limit=clips, beside=processes())
    with Store(machine.run) as store:
        asyncio.run(run_flow(plan, store, job, tally, Stop()))
    assert (tally.ended, tally.spent.attempts) == (clips, 0), tally


def export_some(folder: Path, rows: int) -> None:
    """Exports the first rows of the run, with the attempts of as many, in one process; all of them in several."""
    with reading(folder / "runs" / SOURCE) as opened:
        samples = gathered(opened.store, tuple(opened.plan), "train", ())
        assert samples.stored is not None
        some = samples
        if rows < samples.stored.clips("train"):
            some = Samples("train", islice(samples.ends, rows), islice(samples.attempts, 3 * rows))
        done = export(opened.folder, opened.recipe, opened.plan.fingerprint, some)
    print(json.dumps(done.entry.outcomes))


if __name__ == "__main__":
    main()

"""The whole flow over many clips and a slow teacher: what runs beside what, and what memory it takes."""

import asyncio
import threading
import time
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

import pytest

from rocot.assets import load_prompts
from rocot.core.clip import Clip
from rocot.core.motion import Packets
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
from rocot.teacher.protocol import Raw
from rocot.teacher.scripted import ScriptedTeacher
from rocot.tools import Tools
from rocot.video.frames import Frames
from rocot.video.mark import mark_of
from rocot.video.protocol import Facts, Look, Still, Taken

WORKERS, DECODERS, FRAMES, SIZE = 48, 3, 8, 15_000
MEGABYTE = 1_000_000


class Bystanders:
    """Blobs and a reader that note who calls them, and which calls they ran beside."""

    name = "bystander"

    def __init__(self, blobs: Blobs) -> None:
        self.blobs = blobs
        self.loop = threading.get_ident()
        self.lock = threading.Lock()
        self.on_loop: list[str] = []
        self.calls = self.reads = self.most_reads = self.beside = 0

    def put(self, data: bytes, /) -> str:
        self.note("put")
        return self.blobs.put(data)

    def get(self, digest: str, /) -> bytes | None:
        self.note("get")
        return self.blobs.get(digest)

    def note(self, what: str) -> None:
        if threading.get_ident() == self.loop:
            self.on_loop.append(what)

    def probe(self, path: Path, *, salvage: bool = False) -> Facts:
        raise NotImplementedError

    def read(
        self, path: Path, times: Sequence[float], look: Look, *, tolerance: float = 0.0, salvage: bool = False
    ) -> Taken:
        self.note("read")
        with self.lock:
            self.reads += 1
            self.most_reads = max(self.most_reads, self.reads)
            self.beside += self.calls > 0
        time.sleep(0.002)
        with self.lock:
            self.reads -= 1
        return Taken(tuple(Still(moment, Random(moment).randbytes(SIZE), 160, 120) for moment in times))

    def packets(self, path: Path, start: float, end: float) -> Packets:
        raise NotImplementedError


class Slow(ScriptedTeacher):
    """A teacher beside which all else is quick, on a busy machine too; it notes its calls in flight."""

    def __init__(self, aside: Bystanders) -> None:
        super().__init__(latency=0.25)
        self.aside = aside
        self.most = 0

    async def send(self, ask: Ask, pictures: Mapping[str, bytes]) -> Raw:
        self.aside.calls += 1
        self.most = max(self.most, self.aside.calls)
        try:
            return await super().send(ask, pictures)
        finally:
            self.aside.calls -= 1


def windows(path: Path, count: int) -> Iterator[Clip]:
    mark = mark_of(path)
    for number in range(count):
        yield Clip(
            id=f"long/{number:05d}",
            source="long",
            video="long",
            split="train",
            path=str(path),
            mark=mark,
            start=number * 10,
            end=number * 10 + 10,
            duration=count * 10,
            classes=("Normal", "Fighting"),
        )


async def through(folder: Path, clips: int) -> tuple[Bystanders, Slow, Tally]:
    video = folder / "long.mp4"
    video.write_bytes(b"any content")
    aside = Bystanders(Blobs(folder / "cache", quota=20 * MEGABYTE))
    teacher = Slow(aside)
    recipe = Recipe(
        release=Release(name="slow"), sources=(Scenes(kind="scenes"),), frames=FramesRecipe(count=FRAMES, relook=2)
    )
    frames = Frames(aside, aside, Look(height=448, quality=85), DECODERS)
    tally = Tally()
    with Store(folder / "run") as store:
        asker = Asker(Fleet([teacher], most=WORKERS, first=WORKERS), store, frames, sampling=Sampling())
        tools = Tools(frames, asker, asker, asker, asker, load_prompts(), lambda _: Truth())
        await run(reflection(recipe, windows(video, clips), tools), store, Job("train", WORKERS), tally, Stop())
    frames.close()
    return aside, teacher, tally


async def test_decoding_runs_beside_the_calls_and_never_on_the_event_loop(tmp_path: Path) -> None:
    aside, teacher, tally = await through(tmp_path, 150)
    assert tally.stages["judge"].done == 150
    assert aside.on_loop == []
    assert aside.most_reads == DECODERS
    assert aside.beside >= 100  # reads that ran while a call was in flight
    assert WORKERS // 2 <= teacher.most <= WORKERS


@pytest.mark.slow
async def test_memory_stays_flat_over_a_thousand_clips_and_a_cache_that_forgets(tmp_path: Path) -> None:
    """120 MB of frames pass through a cache of 20 MB."""
    peaks = []
    for clips in (200, 1000):
        folder = tmp_path / str(clips)
        folder.mkdir()
        tracemalloc.start()
        _, _, tally = await through(folder, clips)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert tally.stages["judge"].done == clips
        assert not asyncio.all_tasks() - {asyncio.current_task()}
    assert peaks[1] - peaks[0] < 6 * MEGABYTE

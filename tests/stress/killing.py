"""A run of the real command that is killed again and again, and what it left behind."""

import asyncio
import contextlib
import hashlib
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import apsw
import numpy as np
import pyarrow.parquet as pq

from rocot.engine.reader import FILE
from rocot.release.manifest import read_manifest
from tests.contracts.numbered import Luma, film
from tests.servers.chat import ChatServer
from tests.warm.command import warm

ROOT = Path(__file__).parents[2]
RECIPE = """
[release]
name = "killed"

[[sources]]
kind = "folder"
name = "yard"
videos = "videos"
annotations = "spans.csv"
classes = ["Fighting", "Robbery"]

[windows]
length = 1.0
overlap = 0.0

[frames]
count = 4
height = 48

[teacher]
model = "openai:scripted"
seed = 7
"""


class Fused(ChatServer):
    """Ends one of its clients some time after so many more requests."""

    processes: list[asyncio.subprocess.Process]
    fuse = 0
    delay = 0.0
    pause = 0.0
    """Seconds that each reply takes at least from an end on, until the next fuse is lit: so that no other client is
    done before the one that ends has ended, however busy the machine."""
    signal = signal.SIGKILL

    def reply(self, body: bytes) -> bytes | str:
        self.fuse -= 1
        if self.fuse == 0:
            asyncio.get_running_loop().call_later(self.delay, self.end)
        return super().reply(body)

    def end(self) -> None:
        alive = [process for process in self.processes if process.returncode is None]
        if alive:
            alive[self.counts.total() % len(alive)].send_signal(self.signal)
            self.latency = max(self.latency, self.pause)


def _moved(by: int, luma: Luma) -> Luma:
    """The same picture, its pixels so many columns further."""
    return np.roll(luma, by, axis=1)


@dataclass
class Bench:
    """A folder with a video, a recipe and its runs."""

    folder: Path
    clips: int
    """In all videos together."""
    workers: int
    output: list[str] = field(default_factory=list)
    videos: int = 1

    def __post_init__(self) -> None:
        (self.folder / "videos").mkdir()
        names = ["long", *(f"long{number}" for number in range(1, self.videos))]
        for number, name in enumerate(names):
            # Pictures of their own, so that no two videos are asked about in the same words.
            stamps, tick = range(self.clips // self.videos * 4), Fraction(1, 4)
            path = self.folder / "videos" / f"{name}.mp4"
            film(path, stamps=stamps, tick=tick, turn=partial(_moved, 3 * number))
        spans = "".join(f"{name}.mp4,Fighting,{'10,30' if self.videos == 1 else '1,2'}\n" for name in names)
        (self.folder / "spans.csv").write_text("path,label,start,end\n" + spans)
        (self.folder / "recipe.toml").write_text(RECIPE)

    async def start(self, server: ChatServer, run: str, *words: str, **environment: str) -> asyncio.subprocess.Process:
        """`rocot generate` as a user runs it."""
        command = [*warm(), "rocot", "generate", "--recipe", "recipe.toml", "--run", run]
        return await asyncio.create_subprocess_exec(
            *command,
            *("--base-url", server.base_url, "--workers", str(self.workers), *words),
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(ROOT), "ROCOT_CACHE": str(self.folder / "cache")} | environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def finished(self, server: ChatServer, run: str) -> None:
        """A run that nobody disturbs."""
        process = await self.start(server, run)
        output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()

    async def killed(self, server: Fused, run: str, dice: Random, most_requests: int) -> bool:
        """One life of a run; whether it was cut short by SIGKILL."""
        server.fuse, server.delay = dice.randint(1, most_requests), dice.choice([0.0, dice.uniform(0, 0.03)])
        process = await self.start(server, run)
        server.processes = [process]
        output, _ = await process.communicate()
        self.output.append(output.decode(errors="replace"))
        assert process.returncode in (0, -signal.SIGKILL), self.output[-1]
        return process.returncode != 0

    async def ended(  # noqa: PLR0913, PLR0917  # a run, and how it is disturbed
        self,
        server: Fused,
        run: str,
        dice: Random,
        ends: int,
        most_requests: int,
        sharing: Sequence[Sequence[str]] = ((), ()),
    ) -> int:
        """A run of two processes, one of which is ended and begun again, so often; how often that was.

        `sharing` are the further words of each process, where there are more than two or each does its own part.
        """
        done = 0
        server.processes = []

        def light() -> None:
            server.fuse, server.delay = dice.randint(1, most_requests), dice.choice([0.0, dice.uniform(0, 0.03)])

        latency, server.pause = server.latency, 1.0

        async def lives(*words: str) -> None:
            nonlocal done
            ended = True
            while ended:
                process = await self.start(server, run, *words)
                server.processes.append(process)
                output, _ = await process.communicate()
                server.processes.remove(process)
                self.output.append(output.decode(errors="replace"))
                ended = process.returncode in (-signal.SIGKILL, -signal.SIGTERM, 128 + signal.SIGTERM)
                assert ended or process.returncode == 0, self.output[-1]
                done += ended
                server.latency = latency
                if ended and done < ends:
                    light()

        light()
        await asyncio.gather(*(lives(*words) for words in sharing))
        return done

    async def told(self, *words: str) -> tuple[int | None, str]:
        """Any other command; its exit code and what it said."""
        process = await self.begun(*words)
        output, _ = await process.communicate()
        return process.returncode, output.decode(errors="replace")

    async def begun(self, *words: str) -> asyncio.subprocess.Process:
        """The same, still running."""
        return await asyncio.create_subprocess_exec(
            *(*warm(), "rocot", *words),
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(ROOT), "ROCOT_CACHE": str(self.folder / "cache")},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    def answered(self, run: str) -> list[tuple[str, bytes]]:
        """Call and body of every whole reply in a run's store."""
        return [
            (str(call), bytes(body)) for call, body in self._rows(run, "call, body", "WHERE kind = 'ok' ORDER BY 1")
        ]

    def attempts(self, run: str) -> int:
        """How many attempts a run's store holds."""
        return len(self._rows(run, "seq"))

    def _rows(self, run: str, columns: str, rest: str = "") -> list[Any]:
        connection = apsw.Connection(str(self.folder / run / FILE), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            return list(connection.execute(f"SELECT {columns} FROM attempt {rest}"))
        finally:
            connection.close()

    def shards(self, run: str) -> Sequence[Path]:
        """The Parquet files of a run's release."""
        return sorted((self.folder / run / "release" / "data").glob("*.parquet"))

    def digests(self, run: str) -> list[str]:
        """sha256 of every file that two equal runs must agree on, the manifest last."""
        release = self.folder / run / "release"
        made = read_manifest(release)
        assert made is not None
        names = [*(file.path for file in made.listed), "manifest.json"]
        return [hashlib.sha256((release / name).read_bytes()).hexdigest() for name in names]

    def ids(self, run: str) -> list[str]:
        """The ids of a run's rows."""
        return [
            str(name) for path in self.shards(run) for name in pq.read_table(path, columns=["id"])["id"].to_pylist()
        ]


async def survive(folder: Path, *, clips: int, kills: int, workers: int, seed: int) -> str:
    """Kills a run so often, lets it end, and holds it against one that nobody disturbed. What came of it, in words."""
    bench, dice = Bench(folder, clips, workers), Random(seed)
    calls = 3 * clips
    async with Fused(latency=0.01) as server:
        done = 0
        kept: list[tuple[str, bytes]] = []
        while done < kills:
            assert await bench.killed(server, "killed", dice, max(2, int(1.4 * calls / kills))), "it ended too soon"
            done += 1
            if (folder / "killed" / FILE).exists():
                now = bench.answered("killed")
                assert set(kept) <= set(now), f"kill {done} lost a reply that was on disk"
                kept = now
        server.fuse = 0
        await bench.finished(server, "killed")
        assert len(server.counts) == calls, "every call was made, and no other"
        repaid, requests = server.repeated, server.counts.total()
        await bench.finished(server, "killed")
        assert server.counts.total() == requests, "a second run asks nothing"
    async with ChatServer() as calm:
        await bench.finished(calm, "calm")
        assert (len(calm.counts), calm.repeated) == (calls, 0)
    assert repaid <= done * workers, f"{repaid} calls were paid again after {done} kills of {workers} in flight"
    assert repaid == requests - len(bench.answered("killed")), "only what was in flight"
    _same(bench, clips)
    return f"{done} kills over {calls} calls, {workers} in flight: 0 lost, 0 duplicates, {repaid} paid again"


async def survive_together(  # noqa: PLR0913  # all by name
    folder: Path, *, clips: int, ends: int, workers: int, by: signal.Signals, seed: int
) -> str:
    """The same of a run of two processes, one of which is ended each time. What came of it, as a row of a table."""
    bench, dice = Bench(folder, clips, workers), Random(seed)
    calls = 3 * clips
    async with Fused(latency=0.03) as server:
        server.signal = by
        done = await bench.ended(server, "killed", dice, ends, max(2, int(0.6 * calls / ends)))
        assert done >= ends, "it ended too soon"
        server.fuse = 0
        await bench.finished(server, "killed")
        assert len(server.counts) == calls, "every call was made, and no other"
        repaid, requests = server.repeated, server.counts.total()
    async with ChatServer() as calm:
        await bench.finished(calm, "calm")
    allowed = done * workers if by == signal.SIGKILL else 0
    assert repaid <= allowed, f"{repaid} calls were paid again"
    assert repaid == requests - len(bench.answered("killed")), "only what was in flight"
    _same(bench, clips)
    return f"| {done} {by.name}, 2 processes | {calls} | {workers} each | 0 | 0 | {repaid} | {allowed} |"


async def survive_in_parts(  # noqa: PLR0913  # all by name
    folder: Path, *, videos: int, clips: int, parts: int, kills: int, workers: int, seed: int
) -> str:
    """Kills the parts of a run while they go on side by side, then their merge, and holds what is united against a run
    of one machine that nobody disturbed. What came of it, as a row of a table."""
    bench, dice, calls = Bench(folder, clips, workers, videos=videos), Random(seed), 3 * clips
    sharing = [("--part", f"{number}/{parts}") for number in range(1, parts + 1)]
    async with Fused(latency=0.03) as server:
        done = await bench.ended(server, "killed", dice, kills, max(2, int(0.6 * calls / kills)), sharing)
        assert done >= kills, "it ended too soon"
        server.fuse = 0
        assert len(server.counts) == calls, "every call was made, and no other"
        repaid = server.repeated
    names = [f"killed-part-{number}-of-{parts}" for number in range(1, parts + 1)]
    merging = ("merge", *names, "--out", "killed")
    cut_short = 0
    for _ in range(4):
        process = await bench.begun(*merging)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), dice.uniform(0.2, 1.2))
        if process.returncode is None:
            process.kill()
            await process.wait()
            cut_short += 1
    code, said = await bench.told(*merging)
    assert code == 0, said
    assert bench.attempts("killed") == sum(map(bench.attempts, names)), "all that was paid is carried over"
    code, said = await bench.told("export", "killed")
    assert code == 0, said
    async with ChatServer() as calm:
        await bench.finished(calm, "calm")
    assert repaid <= done * workers, f"{repaid} calls were paid again after {done} kills of {workers} in flight"
    _same(bench, clips)
    ended = f"{done} SIGKILL, {parts} parts; {cut_short} of their merge"
    return f"| {ended} | {calls} | {workers} each | 0 | 0 | {repaid} | {done * workers} |"


def _same(bench: Bench, clips: int) -> None:
    """Holds what a disturbed run left against a calm one."""
    assert bench.answered("killed") == bench.answered("calm"), "one reply a call, and the same"
    assert len(bench.ids("killed")) == len(set(bench.ids("killed"))) == clips
    assert bench.digests("killed") == bench.digests("calm")

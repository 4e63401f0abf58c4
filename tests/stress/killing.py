"""A run of the real command that is killed again and again, and what it left behind."""

import asyncio
import hashlib
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import apsw
import pyarrow.parquet as pq

from rocot.engine.reader import FILE
from rocot.release.manifest import read_manifest
from tests.contracts.numbered import film
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


@dataclass
class Bench:
    """A folder with a video, a recipe and its runs."""

    folder: Path
    clips: int
    workers: int
    output: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "videos").mkdir()
        film(self.folder / "videos" / "long.mp4", stamps=range(self.clips * 4), tick=Fraction(1, 4))
        (self.folder / "spans.csv").write_text("path,label,start,end\nlong.mp4,Fighting,10,30\n")
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

    async def ended(self, server: Fused, run: str, dice: Random, ends: int, most_requests: int) -> int:
        """A run of two processes, one of which is ended and begun again, so often; how often that was."""
        done = 0
        server.processes = []

        def light() -> None:
            server.fuse, server.delay = dice.randint(1, most_requests), dice.choice([0.0, dice.uniform(0, 0.03)])

        latency, server.pause = server.latency, 1.0

        async def lives() -> None:
            nonlocal done
            ended = True
            while ended:
                process = await self.start(server, run)
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
        await asyncio.gather(lives(), lives())
        return done

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
    assert repaid == requests - bench.attempts("killed"), "only what was in flight"
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
    assert repaid == requests - bench.attempts("killed"), "only what was in flight"
    _same(bench, clips)
    return f"| {done} {by.name}, 2 processes | {calls} | {workers} each | 0 | 0 | {repaid} | {allowed} |"


def _same(bench: Bench, clips: int) -> None:
    """Holds what a disturbed run left against a calm one."""
    assert bench.answered("killed") == bench.answered("calm"), "one reply a call, and the same"
    assert len(bench.ids("killed")) == len(set(bench.ids("killed"))) == clips
    assert bench.digests("killed") == bench.digests("calm")

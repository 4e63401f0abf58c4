"""What a row takes on disk besides its frames, and how quickly a large run's figures are told.

    python -m benchmarks.disk --rows 300 --tokens 400       bytes a row, table by table
    python -m benchmarks.disk --rows 100000 --status        and what `rocot status` takes on them

The whole flow runs in this process, with 16 frames a clip that lie nowhere. The replies are as long as asked for (a
token is taken for four characters), and made of stretches of the prose in docs/.
"""

import argparse
import asyncio
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

import apsw

from benchmarks.clients.engine import RECIPE
from benchmarks.clients.prepared import listing
from benchmarks.clients.work import CLASSES, IN_FLIGHT
from rocot.assets import load_prompts
from rocot.core.clip import Clip
from rocot.core.motion import Packets
from rocot.core.prompt import Ask, Sampling
from rocot.core.record import Json
from rocot.core.reflection import About, Frame
from rocot.core.truth import Truth
from rocot.engine.job import Job
from rocot.engine.progress import Tally
from rocot.engine.reader import FILE
from rocot.engine.runner import run
from rocot.engine.stop import Stop
from rocot.engine.store import Store
from rocot.flow import reflection
from rocot.recipe import Asking
from rocot.teacher.asker import Asker
from rocot.teacher.completion import spelt
from rocot.teacher.fleet import Fleet
from rocot.teacher.protocol import Raw, Usage
from rocot.teacher.scripted import ScriptedTeacher
from rocot.tools import Tools
from rocot.video.protocol import Sampled

ROOT = Path(__file__).parents[1]
PROSE = " ".join(
    line
    for path in sorted((ROOT / "docs").glob("*.md"))
    for line in path.read_text().splitlines()
    if len(line) > 80 and line[0].isalpha()
)


class Talkative(ScriptedTeacher):
    """Answers at length."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self._tokens = tokens

    async def send(self, ask: Ask, pictures: Mapping[str, bytes]) -> Raw:
        """A reply drawn from the ask's key."""
        dice = Random(ask.key)
        share = 4 * self._tokens // 6

        def told(characters: int) -> str:
            start = dice.randrange(len(PROSE) - characters)
            return PROSE[start : start + characters]

        spans: list[Json] = [{"start": 3.5, "end": 9.25}]
        seen: list[Json] = [{"start": 3.5, "end": 5.0, "observation": told(share)} for _ in range(3)]
        checks: list[Json] = [
            {"claim": told(share // 2), "finding": told(share // 2), "start": 3.5, "end": 5.0, "holds": True}
            for _ in range(3)
        ]
        text = json.dumps(
            {"evidence": seen, "reasoning": told(3 * share), "label": CLASSES[1], "spans": spans}
            if ask.shape == "grounding"
            else {"checks": checks, "critique": told(3 * share), "verdict": "revise"}
        )
        return Raw(body=spelt(text, "m-2026-11-01", Usage(4000, self._tokens, 3800)))


class Nowhere:
    """Frames whose pixels nobody looks at; each clip has its own."""

    async def sample(
        self, clip: Clip, times: Sequence[float], *, tolerance: float = 0.0, salvage: bool = False
    ) -> Sampled:
        """As many as there are times."""
        digests = (hashlib.sha256(f"{clip.id} {time}".encode()).hexdigest() for time in times)
        pairs = zip(times, digests, strict=True)
        return Sampled(tuple(Frame(time=time, digest=digest, width=320, height=240) for time, digest in pairs))

    async def packets(self, clip: Clip, margin: float) -> Packets:
        """None: the recipe samples evenly."""
        raise NotImplementedError

    async def load(self, item: About, /) -> Mapping[str, bytes]:
        """One empty picture a frame."""
        return {frame.digest: b"" for frame in item.shown}


async def fill(folder: Path, rows: int, tokens: int) -> None:
    """One run over so many clips, by a recipe that `rocot status` knows again."""
    frames, recipe = Nowhere(), RECIPE.model_copy(update={"teacher": Asking(model="scripted", seed=0)})
    with Store(folder) as store:
        asker = Asker(Fleet([Talkative(tokens)]), store, frames, sampling=Sampling(seed=0))
        tools = Tools(frames, asker, asker, asker, asker, load_prompts(), lambda _: Truth(labels=("Normal",), spans=()))
        plan = reflection(recipe, listing(rows, "bench"), tools)
        await store.add_recipe(plan.fingerprint, recipe.model_dump_json())
        tally = Tally()
        await run(plan, store, Job("train", IN_FLIGHT), tally, Stop())
        assert tally.stages["judge"].done == rows, tally


def tell(folder: Path, rows: int) -> None:
    """Bytes a row, table by table."""
    path = folder / FILE
    print(f"{path.stat().st_size / rows:8.0f} bytes a row in all")
    with apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY) as connection:
        for name, octets in connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC"):
            print(f"{octets / rows:8.0f}   {name}")


def main() -> None:
    """Makes a run, and prints what it takes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--tokens", type=int, default=400, help="of a reply")
    parser.add_argument("--status", action="store_true", help="time `rocot status` too")
    given = parser.parse_args()
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=ROOT / "build") as scratch:
        folder, begun = Path(scratch) / "run", time.process_time()
        asyncio.run(fill(folder, given.rows, given.tokens))
        print(f"{1000 * (time.process_time() - begun) / given.rows:8.1f} ms CPU a row to make")
        tell(folder, given.rows)
        if given.status:
            begun = time.monotonic()
            subprocess.run([sys.executable, "-m", "rocot", "status", str(folder)], check=True, cwd=ROOT)
            print(f"{time.monotonic() - begun:8.1f} s for rocot status")


if __name__ == "__main__":
    main()

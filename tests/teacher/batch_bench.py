"""The three asks over made-up clips, by batch, with the real stages, runner and store and no video.

    python -m tests.teacher.batch_bench FOLDER URL COUNT

runs it in a process of its own, which can be killed.
"""

import asyncio
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from rocot.cli.batching import access, answered
from rocot.core.prompt import Sampling
from rocot.core.reflection import About, Frame, Framed, Revised
from rocot.core.reply import Dialect
from rocot.engine.batches import Batches
from rocot.engine.job import Ending, Job
from rocot.engine.progress import Tally
from rocot.engine.reader import StoreReader
from rocot.engine.runner import run
from rocot.engine.stage import Plan, start
from rocot.engine.stop import Stop
from rocot.engine.store import Store
from rocot.prices import Prices
from rocot.stages.reason import Reason
from rocot.stages.reflect import Reflect
from rocot.stages.revise import Revise
from rocot.teacher.asker import Asker
from rocot.teacher.budget import Budget
from rocot.teacher.courier import Rhythm
from rocot.teacher.fleet import Fleet
from rocot.teacher.openai import OpenAITeacher
from rocot.teacher.patience import Patience
from rocot.teacher.spool import Limits
from rocot.teacher.wave import Waves
from tests.builders import clip, framed
from tests.contracts.teacher import PICTURES, PROMPTS
from tests.servers.batches import BatchServer

KEY = SecretStr("sk-canary-0123456789abcdef")
QUICK = Rhythm(first=0.01, longest=0.05, outage=2.0)
HASTY = Patience(tries=4, base=0.01, longest=0.05, longest_wanted=0.1, unreachable=0.2)
PRICES = Prices.model_validate({"model": [{"name": "openai:m", "input": 1000, "output": 1000, "batch": 0.5}]})
CALM = Prices()


class Album:
    """Pictures of eight digests, whatever the clip."""

    async def load(self, item: About, /) -> Mapping[str, bytes]:
        return PICTURES


def items(count: int) -> Iterator[Framed]:
    """Clips that differ by their frames' times, and so in what is asked about them."""
    for number in range(count):
        of = clip(f"v{number:04d}", end=16.0 + number / 8)
        seen = framed(of, count=2)
        frames = tuple(
            Frame(time=frame.time, digest=list(PICTURES)[number % 8], width=96, height=64) for frame in seen.frames
        )
        yield seen.model_copy(update={"frames": frames})


@dataclass
class Bench:
    """A run's folder and how its calls are made."""

    folder: Path
    url: str
    count: int = 6
    dialect: Dialect | None = None
    repair: bool = False
    rollouts: int = 1
    prices: Prices = CALM
    max_calls: int | None = None
    max_cost: float | None = None
    limits: Limits | None = None
    batch: bool = True
    model: str = "openai:m"
    deadline: float = 5.0
    stop: Stop = field(default_factory=Stop)
    tally: Tally = field(default_factory=Tally)
    remarks: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    passes: int = 0
    budget: Budget = field(default_factory=Budget)

    async def made(self) -> Ending:
        """One life of the run."""
        with Store(self.folder) as store, access(self.folder, store, batch=self.batch):
            self.budget = Budget(
                self.prices, max_calls=self.max_calls, max_cost=self.max_cost, calls=attempts(store), cost=spent(store)
            )
            halted = lambda: self.stop.ending  # noqa: E731
            waves = Waves(
                *(Batches(store), self.budget),
                limits=self.limits,
                rhythm=QUICK,
                deadline=self.deadline,
                patience=HASTY,
                halted=halted,
            )
            teacher = OpenAITeacher(self.model, base_url=self.url, api_key=KEY, connections=4)
            try:
                queue = await waves.queue(teacher, KEY) if self.batch else None
                if self.batch:
                    waves.adopt()
                fleet = Fleet([teacher], deadline=self.deadline, patience=HASTY, budget=self.budget, halted=halted)
                asker = Asker(
                    *(fleet, store, Album()),
                    sampling=Sampling(seed=1),
                    dialect=self.dialect or "auto",
                    repair=PROMPTS.repair if self.repair else None,
                    queue=queue,
                )
                return await self._passed(store, asker, waves)
            finally:
                self.notices += waves.notices()
                await waves.close()
                await teacher.close()

    async def _passed(self, store: Store, asker: Asker, waves: Waves) -> Ending:
        watching = asyncio.create_task(self._watch(waves))
        job: Job[Revised] = Job("train", 4, since=store.last_outcome())
        try:
            while True:
                self.passes, self.tally = self.passes + 1, Tally()
                waves.begin()
                ending = await run(self.plan(asker), store, job, self.tally, self.stop)
                if ending != "finished" or not waves.unfinished:
                    return ending
                if not await answered(waves, self.stop):
                    return "interrupted"
        finally:
            watching.cancel()

    def plan(self, asker: Asker) -> Plan[Revised]:
        plan = start(items(self.count)).fan_out(self.rollouts)
        return plan.then(Reason(PROMPTS, asker)).then(Reflect(PROMPTS, asker)).then(Revise(PROMPTS, asker))

    async def _watch(self, waves: Waves) -> None:
        while True:
            for remark in waves.remarks():
                if remark not in self.remarks:
                    self.remarks.append(remark)
            await asyncio.sleep(0.005)

    def told(self) -> dict[str, tuple[int, dict[str, int], dict[str, int]]]:
        """Done, failed and rejected by stage, in the last pass."""
        return {
            name: (stage.done, dict(stage.failed), dict(stage.rejected)) for name, stage in self.tally.stages.items()
        }

    def texts(self) -> list[str]:
        """What the stages made, in the order of the items."""
        with StoreReader(self.folder) as store:
            found = store.outcomes_after(0, count=100_000)
        return sorted(f"{one.item} {one.stage} {one.kind} {one.payload}" for one in found if one.after is not None)

    def rows(self, columns: str = "count(*)", where: str = "1") -> list[tuple[object, ...]]:
        """Of the attempts."""
        with StoreReader(self.folder) as store:
            return store.rows(lambda *row: row, f"SELECT {columns} FROM attempt WHERE {where}")

    def states(self) -> dict[str, int]:
        """Batches by state."""
        with StoreReader(self.folder) as store:
            return dict(store.rows(lambda *row: row, "SELECT state, count(*) FROM batch GROUP BY 1"))


def attempts(store: StoreReader) -> int:
    return store.rows(int, "SELECT count(*) FROM attempt")[0]


def spent(store: StoreReader) -> float:
    return store.rows(float, "SELECT coalesce(sum(cost), 0.0) FROM attempt")[0]


def paid_once(server: BatchServer, calls: int) -> None:
    """So many calls were answered, each of them once."""
    assert len(server.answered) == calls
    assert set(server.answered.values()) == {1}


if __name__ == "__main__":
    bench = Bench(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
    print(asyncio.run(bench.made()), flush=True)  # noqa: T201

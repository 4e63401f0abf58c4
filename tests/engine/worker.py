"""A process that works on a run until it is done or killed: `python -m tests.engine.worker FOLDER COUNT [SECONDS]`.

Each call is paid for at the moment it is sent: a line in paid.log, whatever becomes of the reply.
"""

import asyncio
import os
import random
import sys
from pathlib import Path

from rocot.engine.job import Job
from rocot.engine.progress import Tally
from rocot.engine.runner import run
from rocot.engine.stop import Stop
from rocot.engine.store import Store
from tests.engine.toys import Making, Workshop, Wound

WORKERS = 6


async def work(folder: Path, count: int, seconds: float) -> str:
    paid = os.open(folder / "paid.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def pay(item: Wound) -> None:
        os.write(paid, f"{item.key}\n".encode())
        await asyncio.sleep(random.uniform(0, 2 * seconds))

    shop, stop = Workshop(folder / "run"), Stop()
    with Store(shop.folder) as store, stop.on_signals():
        plan = shop.plan(store, Making(count=count, during=pay))
        return await run(plan, store, Job("train", WORKERS), Tally(), stop)


if __name__ == "__main__":
    print(asyncio.run(work(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))), flush=True)  # noqa: T201

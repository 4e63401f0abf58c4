"""Tells which clips of a run have ended: by itself, and in processes beside it once so many have that it is worth it.

What they do takes as long as all else that a run does with a finished clip, so that with one of them it goes over
finished clips twice as fast. What they read is the store, and what they cannot tell is looked at here.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict

from pydantic_core import to_json

from rocot.engine.aside import Aside
from rocot.engine.ended import Chart, Endings, Told, heard, summed
from rocot.engine.page import Met
from rocot.engine.reader import StoreReader
from rocot.engine.stage import Step

AHEAD = 8
"""Pages that a process has at hand at most, 50 ms: with four it idles while this one tells a page by itself."""
ENOUGH = 10_000
"""Ended clips that a run goes over by itself before it starts processes: half a second, as long as starting takes."""
MOST = 2
"""Processes: listing for them keeps this one busy."""


class Tellers:
    """Tells of the clips of one run."""

    def __init__(self, store: StoreReader, steps: Sequence[Step], beside: int, enough: int = ENOUGH) -> None:
        """`beside` processes may be started, after `enough` ended clips."""
        self._folder, self._chart = store.path.parent.absolute(), Chart.of(steps)
        self._endings = Endings(store, self._chart)
        self._aside = Aside("rocot.engine.teller", min(MOST, beside), AHEAD)
        self._enough, self._ended = enough, 0
        self.room = asyncio.Semaphore(1 + AHEAD * self._aside.count)
        """One for each page that may be on its way."""

    @property
    def pids(self) -> list[int]:
        """Of the processes that were started."""
        return self._aside.pids

    async def of(self, page: Sequence[Met]) -> Told:
        """What the clips of a page came to. Raises StoreError."""
        asked = [(met.link, met.root, met.contexts) for met in page]
        if self._aside.count and self._ended >= self._enough:
            await self._aside.start(to_json({"folder": str(self._folder), "chart": asdict(self._chart)}) + b"\n")
        free = self._aside.free()
        answer = None if free is None else await free.hand(to_json(asked) + b"\n")
        told = summed(self._endings.of(asked)) if answer is None else heard(answer)
        self._ended += len(page) - len(told.left)
        return told

    async def close(self) -> None:
        """Ends the processes."""
        await self._aside.close()

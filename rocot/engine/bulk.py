"""Many chains through the last stage at once, where that stage asks nobody: here, and in processes beside this one."""

import asyncio
from collections.abc import Sequence
from itertools import islice

from rocot.core.record import Item
from rocot.engine.aside import AHEAD, ENOUGH, Aside
from rocot.engine.outcome import Outcome
from rocot.engine.page import Ripe
from rocot.engine.press import TURN, Press
from rocot.engine.stage import Instant, Step


class Bulk:
    """The last stage of a run's plan."""

    def __init__(self, steps: Sequence[Step], stage: Instant, beside: int, enough: int = ENOUGH) -> None:
        """`stage` is that of the last step; `beside` processes may be started, after `enough` chains."""
        self._press = Press(Item, tuple(steps), stage)
        self._aside = Aside(steps, stage, beside, enough)
        self.room = asyncio.Semaphore(1 + AHEAD * beside)
        """One for each page that may be on its way."""

    @property
    def pids(self) -> list[int]:
        """Of the processes that were started."""
        return self._aside.pids

    async def through(self, page: Sequence[Sequence[Ripe]]) -> list[list[Outcome | None]]:
        """What comes of the chains of each clip; None for a chain that does not fit its types any more."""
        flat = [ripe for chains in page for ripe in chains]
        made = await self._aside.through(flat)
        if made is None:
            made = []
            for start in range(0, len(flat), TURN):
                made += self._press.through(flat[start : start + TURN])
                await asyncio.sleep(0)
        one = iter(made)
        return [list(islice(one, len(chains))) for chains in page]

    async def close(self) -> None:
        """Ends the processes."""
        await self._aside.close()

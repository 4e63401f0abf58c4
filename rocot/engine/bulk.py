"""Many chains through the last stage at once, where that stage asks nobody: here, and in processes beside this one."""

import asyncio
from collections.abc import Sequence
from itertools import islice

from pydantic_core import from_json

from rocot.core.record import Item
from rocot.engine.aside import Aside
from rocot.engine.outcome import Outcome
from rocot.engine.page import Ripe
from rocot.engine.press import TURN, Press
from rocot.engine.pressing import Answer, heard, line, sent, setting
from rocot.engine.stage import Instant, Step

AHEAD = 4
"""Pages that a process has at hand at most."""
ENOUGH = 2_000
"""Chains that a run puts through by itself before it starts processes: two seconds, of which starting takes half."""


class Bulk:
    """The last stage of a run's plan."""

    def __init__(self, steps: Sequence[Step], stage: Instant, beside: int, enough: int = ENOUGH) -> None:
        """`stage` is that of the last step; `beside` processes may be started, after `enough` chains."""
        self._press = Press(Item, tuple(steps), stage)
        self._steps, self._stage = steps, stage
        self._aside = Aside("rocot.engine.presser", beside, AHEAD)
        self._enough, self._seen = enough, 0
        self.room = asyncio.Semaphore(1 + AHEAD * beside)
        """One for each page that may be on its way."""

    @property
    def pids(self) -> list[int]:
        """Of the processes that were started."""
        return self._aside.pids

    async def through(self, page: Sequence[Sequence[Ripe]]) -> list[list[Outcome | None]]:
        """What comes of the chains of each clip; None for a chain that does not fit its types any more."""
        flat = [ripe for chains in page for ripe in chains]
        made = await self._beside(flat)
        if made is None:
            made = []
            for start in range(0, len(flat), TURN):
                made += self._press.through(flat[start : start + TURN])
                await asyncio.sleep(0)
        one = iter(made)
        return [list(islice(one, len(chains))) for chains in page]

    async def _beside(self, page: Sequence[Ripe]) -> list[Outcome | None] | None:
        """What comes of a page of chains (see `Press.through`); None where nobody has a hand free."""
        self._seen += len(page)
        if self._aside.count and self._seen > self._enough:
            first = page[0].clip
            assert first is not None
            await self._aside.start(line(setting(self._steps, self._stage, type(first))))
        free = self._aside.free()
        told = None if free is None else await free.hand(line([sent(ripe) for ripe in page]))
        if told is None:
            return None
        answers: list[Answer | None] = from_json(told)
        return [
            None if answer is None else heard(ripe, self._steps[-1], answer)
            for ripe, answer in zip(page, answers, strict=True)
        ]

    async def close(self) -> None:
        """Ends the processes."""
        await self._aside.close()

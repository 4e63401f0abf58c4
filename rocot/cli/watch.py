"""A run's progress while it goes on: a bar on a terminal, a line a minute elsewhere."""

import asyncio
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from rocot.cli.screen import aside, lasting, money, short
from rocot.engine.progress import Tally
from rocot.engine.stop import Stop
from rocot.prices import Prices

REDRAW = 0.25
"""Seconds between two drawings on a terminal."""
A_LINE = 60.0
"""Seconds between two lines elsewhere."""
WINDOW = 120.0
"""Seconds over which the rate is taken: a resumed run first counts what is there, in no time."""


@dataclass
class Watch:
    """What is known of a run from outside."""

    tally: Tally
    stop: Stop
    model: str | None
    """Whose tokens are spent, where it is one model: then they have a price."""
    prices: Prices
    limit: int | None = None
    remarks: Callable[[], Sequence[str]] = tuple
    """What is to be said of the teachers' servers."""
    rendered: int = 0
    missing: int = 0
    """Scenes that had to be rendered."""
    started: float = field(default_factory=time.monotonic)
    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def render(self, done: int, missing: int) -> None:
        """Told by the source of scenes, in its thread."""
        self.rendered, self.missing = done, missing

    @property
    def total(self) -> int | None:
        """Clips to do in all, once that is known."""
        return self.tally.clips if self.limit is None or self.tally.clips is None else min(self.limit, self.tally.clips)

    def rate(self) -> float | None:
        """Clips a second over the last two minutes; None while too little has happened to tell."""
        now = time.monotonic()
        self._seen.append((now, self.tally.ended))
        while len(self._seen) > 2 and now - self._seen[0][0] > WINDOW:
            self._seen.popleft()
        (then, before), (_, after) = self._seen[0], self._seen[-1]
        return (after - before) / (now - then) if after > before and now - then > 1 else None

    def line(self) -> str:
        """All that matters, in one line."""
        total = "?" if self.total is None else f"{self.total:,}"
        return f"{self.tally.ended:,} of {total} clips, {', '.join(self.facts())}"

    def facts(self) -> list[str]:
        """What stands beside the bar: time, rate, time left, spending, what went wrong."""
        tally, spent, rate = self.tally, self.tally.spent, self.rate()
        told = [lasting(time.monotonic() - self.started)]
        if self.rendered < self.missing:
            told.append(f"rendering scene {self.rendered + 1} of {self.missing}")
        if rate:
            told.append(f"{rate * 60:.3g} clips/min")
            if self.total is not None and self.total > tally.ended:
                told.append(f"{lasting((self.total - tally.ended) / rate)} left")
        elif self.total is None and not tally.in_flight:
            told.append("looking for clips")
        told.append(f"{tally.in_flight} in flight")
        if tally.elsewhere:
            told.append(f"{tally.elsewhere} at another process")
        if spent.prompt_tokens:
            told.append(f"{short(spent.prompt_tokens)} + {short(spent.completion_tokens)} tokens")
            told.extend(self._cost())
        told.extend(self.remarks())
        left_out = sum(stage.failed.total() + stage.rejected.total() for stage in tally.stages.values())
        if left_out:
            told.append(f"{left_out:,} left out")
        if self.stop.draining:
            told.append("finishing what is in flight")
        return told

    def _cost(self) -> list[str]:
        spent = self.tally.spent
        cost = (
            None
            if self.model is None
            else self.prices.cost(
                self.model, prompt=spent.prompt_tokens, cached=spent.cached_tokens, completion=spent.completion_tokens
            )
        )
        return [] if not cost else [f"{money(cost)} {self.prices.currency}"]

    def __rich__(self) -> RenderableType:
        bar = Table.grid(padding=(0, 2, 0, 0))
        total = "?" if self.total is None else f"{self.total:,}"
        bar.add_row(
            Text(f"{self.tally.ended:,} of {total} clips"),
            ProgressBar(total=self.total, completed=self.tally.ended, width=40, pulse=self.total is None),
        )
        return Group(bar, Text(", ".join(self.facts()), style="dim"))


@asynccontextmanager
async def drawn(watch: Watch) -> AsyncIterator[None]:
    """Draws within the block; elsewhere than on a terminal the last line comes at its end."""
    console = aside()
    drawing = asyncio.create_task(_redraw(console, watch) if sys.stderr.isatty() else _tell(console, watch))
    try:
        yield
    finally:
        drawing.cancel()
        await asyncio.wait({drawing})
        if not sys.stderr.isatty():
            console.print(watch.line())


async def _redraw(console: Console, watch: Watch) -> None:
    with Live(watch, console=console, auto_refresh=False, transient=True) as live:
        while True:
            live.refresh()
            await asyncio.sleep(REDRAW)


async def _tell(console: Console, watch: Watch) -> None:
    """A line a minute, and one at once when a server is left alone or asked again."""
    resting, told = False, time.monotonic()
    while True:
        await asyncio.sleep(1)
        now = any(remark.startswith("paused") for remark in watch.remarks())
        if now != resting or time.monotonic() - told >= A_LINE:
            resting, told = now, time.monotonic()
            console.print(watch.line())

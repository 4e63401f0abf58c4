"""A run's progress while it goes on: a bar on a terminal, a line a minute elsewhere."""

import asyncio
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from rocot.cli.screen import about, aside, lasting, money, short
from rocot.engine.progress import Tally
from rocot.engine.stop import Stop
from rocot.teacher.protocol import Resting

REDRAW = 0.25
"""Seconds between two drawings on a terminal."""
A_LINE = 60.0
"""Seconds between two lines elsewhere."""
WINDOW = 120.0
"""Seconds over which the rate is taken: a resumed run first counts what is there, in no time."""


@dataclass(frozen=True)
class Pace:
    """Over the last two minutes."""

    clips: float
    """A second."""
    calls: float
    """A second, failed ones too."""


@dataclass
class Watch:
    """What is known of a run from outside."""

    tally: Tally
    stop: Stop
    currency: str = "USD"
    limit: int | None = None
    remarks: Callable[[], Sequence[str]] = tuple
    """What is to be said of the teachers' servers."""
    notices: Callable[[], Sequence[str]] = tuple
    """What is to be said once, the oldest first."""
    resting: Callable[[], Sequence[Resting]] = tuple
    """The servers that are left alone."""
    rendered: int = 0
    missing: int = 0
    """Scenes that had to be rendered."""
    started: float = field(default_factory=time.monotonic)
    _told: int = 0
    """Notices that were said."""
    _seen: deque[tuple[float, int, int]] = field(default_factory=deque)

    def render(self, done: int, missing: int) -> None:
        """Told by the source of scenes, in its thread."""
        self.rendered, self.missing = done, missing

    def news(self) -> Sequence[str]:
        """The notices that were not said yet; they count as said."""
        new = self.notices()[self._told :]
        self._told += len(new)
        return new

    @property
    def total(self) -> int | None:
        """Clips to do in all; about, while the sources are still listing; None where nobody can tell."""
        clips = self.tally.expected if self.tally.clips is None else self.tally.clips
        return clips if self.limit is None or clips is None else min(self.limit, clips)

    @property
    def left_out(self) -> int:
        """Samples that became no row."""
        return sum(stage.failed.total() + stage.rejected.total() for stage in self.tally.stages.values())

    def pace(self) -> Pace | None:
        """How fast it goes; None while too little has happened to tell."""
        now = time.monotonic()
        self._seen.append((now, self.tally.ended, self.tally.spent.attempts))
        while len(self._seen) > 2 and now - self._seen[0][0] > WINDOW:
            self._seen.popleft()
        (then, clips, calls), (_, *after) = self._seen[0], self._seen[-1]
        return Pace((after[0] - clips) / (now - then), (after[1] - calls) / (now - then)) if now - then > 1 else None

    def seconds_left(self) -> float | None:
        """At the pace of the last two minutes; None where the pace or the number of clips cannot be told."""
        pace = self.pace()
        if pace is None or not pace.clips or self.total is None:
            return None
        return max(0, self.total - self.tally.ended) / pace.clips

    def line(self) -> str:
        """All that matters, in one line."""
        return f"{self._clips()}, {', '.join(self.facts())}"

    def _clips(self) -> str:
        total = "?" if self.total is None else f"{self.total:,}"
        foretold = "about " * (self.tally.clips is None and self.total is not None)
        return f"{self.tally.ended:,} of {foretold}{total} clips"

    def facts(self) -> list[str]:
        """What stands beside the bar: time, rate, time left, spending, what went wrong."""
        told = [lasting(time.monotonic() - self.started), *self._going(), *self._spending(), *self.remarks()]
        if self.left_out:
            told.append(f"{self.left_out:,} left out")
        if self.stop.draining:
            told.append("finishing what is in flight")
        return told

    def _going(self) -> Iterator[str]:
        tally, pace, left = self.tally, self.pace(), self.seconds_left()
        if self.rendered < self.missing:
            yield f"rendering scene {self.rendered + 1} of {self.missing}"
        if pace is not None and pace.clips:
            yield f"{about(60 * pace.clips)} clips/min"
        if pace is not None and pace.calls:
            yield f"{about(60 * pace.calls)} calls/min"
        if left:
            yield f"{lasting(left)} left"
        if self.total is None and not tally.in_flight and not (pace and pace.clips):
            yield "looking for clips"
        yield f"{tally.in_flight} in flight"
        if tally.elsewhere:
            yield f"{tally.elsewhere} at another process"

    def _spending(self) -> Iterator[str]:
        spent = self.tally.spent
        if spent.prompt_tokens:
            yield f"{short(spent.prompt_tokens)} + {short(spent.completion_tokens)} tokens"
        if spent.cached_tokens:
            yield f"{spent.cached_tokens / spent.prompt_tokens:.0%} cached"
        if spent.cost:
            yield f"{money(spent.cost)} {self.currency}"

    def __rich__(self) -> RenderableType:
        bar = Table.grid(padding=(0, 2, 0, 0))
        bar.add_row(
            Text(self._clips()),
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
        _say(console, watch)
        if not sys.stderr.isatty():
            console.print(watch.line())


async def _redraw(console: Console, watch: Watch) -> None:
    with Live(watch, console=console, auto_refresh=False, transient=True) as live:
        while True:
            _say(console, watch)
            live.refresh()
            await asyncio.sleep(REDRAW)


async def _tell(console: Console, watch: Watch) -> None:
    """A line a minute, and one at once when a server is left alone or asked again, or batches are waited for."""
    resting, told = False, time.monotonic()
    while True:
        await asyncio.sleep(1)
        _say(console, watch)
        now = any(remark.startswith(("paused", "waiting for")) for remark in watch.remarks())
        if now != resting or time.monotonic() - told >= A_LINE:
            resting, told = now, time.monotonic()
            console.print(watch.line())


def _say(console: Console, watch: Watch) -> None:
    for notice in watch.news():
        console.print(f"note: {notice}")

"""What `rocot plan --parts` prints: how evenly a run falls into parts, and how many parts it takes."""

from dataclasses import dataclass
from math import ceil
from pathlib import Path

from rich.console import Console

from rocot.cli.runs import is_run
from rocot.cli.screen import about, money, table
from rocot.cli.surveying import Shares
from rocot.engine.lately import span_of_calls
from rocot.engine.reader import StoreReader
from rocot.engine.tables import sum_spent
from rocot.errors import ConfigError

LEAST_SECONDS = 1.0
"""That calls must have been made for before they tell a pace."""


@dataclass(frozen=True)
class Balance:
    """What is asked about parts."""

    parts: int | None = None
    hours: float | None = None
    """That the longest part may take."""
    max_cost: float | None = None
    """Money that the dearest part may come to."""
    pace: float | None = None
    """Calls a minute of one part."""

    @property
    def wanted(self) -> bool:
        """Whether anything is."""
        return any(value is not None for value in (self.parts, self.hours, self.max_cost))


@dataclass(frozen=True)
class Pace:
    """How fast one part asks."""

    calls: float
    """A minute."""
    said: str
    """By whom."""


def pace_of(balance: Balance, run: Path) -> Pace | None:
    """As told, or as a pilot in the run's folder has shown; None where nobody knows. Raises StoreError."""
    if balance.pace is not None:
        return Pace(balance.pace, "as told")
    if not is_run(run):
        return None
    with StoreReader(run) as store:
        span, calls = span_of_calls(store), sum(part.attempts for part in sum_spent(store))
    if span is None or span.seconds < LEAST_SECONDS:
        return None
    return Pace(60 * calls / span.seconds, f"as {run} so far")


def check(balance: Balance, pace: Pace | None, *, priced: bool, run: Path) -> None:
    """Raises ConfigError for what cannot be told."""
    if balance.hours is not None and pace is None:
        raise ConfigError(
            f"--hours: how fast one part asks is not known; make a pilot (`rocot generate --limit 20` into {run}), or"
            " say it by --calls-per-minute"
        )
    if balance.max_cost is not None and not priced:
        raise ConfigError("--max-cost: a model has no price; name it in the table of --prices")


def print_balance(console: Console, shares: Shares, balance: Balance, pace: Pace | None, currency: str | None) -> None:
    """The proposals first, then how the parts that are asked for, or proposed, compare. `currency` None: no price."""
    free = balance.max_cost is not None and not shares.heaviest("cost")
    if free:
        console.print("\nWhat is to do costs nothing; --max-cost proposes no parts.")
    proposed = [
        _propose(console, shares, name, most, told)
        for name, most, told in (
            ("calls", _calls(balance.hours, pace), f"{about(balance.hours or 0)} h"),
            ("cost", None if free else balance.max_cost, f"{money(balance.max_cost)} {currency}"),
        )
        if most is not None
    ]
    known = [number for number in proposed if number is not None]
    parts = balance.parts or (max(known) if known and len(known) == len(proposed) else None)
    if parts is None:
        return
    made = table(f"{parts:,} parts", "least", "mean", "most")
    for name in ("videos", "clips", "calls"):
        spread = shares.spread(name, parts)
        made.add_row(name, *(f"{value:,.0f}" for value in (spread.least, spread.mean, spread.most)))
    if currency is not None:
        spread = shares.spread("cost", parts)
        made.add_row(f"{currency}, at most", *map(money, (spread.least, spread.mean, spread.most)))
    if pace is not None:
        spread = shares.spread("calls", parts)
        hours = (value / pace.calls / 60 for value in (spread.least, spread.mean, spread.most))
        made.add_row("hours", *map(about, hours))
    console.print()
    console.print(made)
    if pace is not None:
        console.print(f"\nHours are at {about(pace.calls)} calls a minute and part, {pace.said}.")


def _calls(hours: float | None, pace: Pace | None) -> float | None:
    """That one part can make in so many hours."""
    return None if hours is None or pace is None else max(1.0, hours * 60 * pace.calls)


def _propose(console: Console, shares: Shares, name: str, most: float, told: str) -> int | None:
    parts = shares.fewest(name, most)
    if parts is None:
        longest = ceil(shares.heaviest(name) / most)
        console.print(f"\nNo number of parts keeps each within {told}: one video alone takes {longest} times that.")
    else:
        console.print(f"\n{told} a part: {parts:,} {'part' if parts == 1 else 'parts'}.")
    return parts

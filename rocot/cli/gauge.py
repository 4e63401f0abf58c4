"""How far a work of known length is: a bar on a terminal, a line a minute elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from rocot.cli.screen import aside
from rocot.cli.watch import A_LINE


@contextmanager
def gauge(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """Told how many of how many are done, None where nobody knows: a bar on a terminal, a line a minute elsewhere."""
    console = aside()
    if sys.stderr.isatty():
        columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
        return
    told = time.monotonic()

    def tell(done: int, total: int | None) -> None:
        nonlocal told
        if time.monotonic() - told > A_LINE:
            told = time.monotonic()
            console.print(f"{what}: {done:,}" + ("" if total is None else f" of {total:,}"))

    yield tell

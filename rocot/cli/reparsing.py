"""What `rocot reparse` does and prints."""

import asyncio
from pathlib import Path

from rocot.cli.closing import left_out_table
from rocot.cli.screen import next_steps, out
from rocot.engine.store import Store
from rocot.stages.reread import reread


def print_reparsed(folder: Path) -> None:
    """Reads a run's replies again. Raises StoreError."""
    console = out()
    with Store(folder) as store:
        found = asyncio.run(reread(store))
    console.print(f"{folder}: {found.replies:,} replies read again, {found.changed.total():,} come out otherwise")
    changed = {f"{stage}: {verdict}": number for (stage, verdict), number in found.changed.items()}
    left_out_table(console, changed, "set back, to be made again")
    failing = {f"{stage}: {reason}": number for (stage, reason), number in found.failing.items()}
    left_out_table(console, failing, "fail as before")
    if found.changed:
        next_steps(console, [("rocot generate", "with the run's recipe: goes on from the same replies")])

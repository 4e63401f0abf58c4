"""What the commands say of parts of a run."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rocot.cli.closing import StageCount, left_out_table, skipped_lines, stages_table
from rocot.cli.screen import heading, lasting, next_steps, out, pasted
from rocot.engine.parts import part_of
from rocot.engine.reader import StoreReader
from rocot.errors import ConfigError

if TYPE_CHECKING:
    from rocot.cli.generating import Made, Order


def refuse_part(folder: Path, store: StoreReader, why: str) -> None:
    """Raises ConfigError where a folder holds a part of a run."""
    part = part_of(store)
    if part is not None:
        raise ConfigError(
            f"{folder}: it is {part.words} of a run, and {why}; `rocot merge` unites the parts when they are done"
        )


def print_parted(order: "Order", made: "Made", stages: Sequence[StageCount], seconds: float) -> None:
    """What a part ends with in the place of an export: its stages, what it left out, and how the parts are united."""
    part = order.machine.part
    assert part is not None
    console, release, run = out(), order.recipe.release, order.machine.run
    ended = f"{made.tally.ended:,} clips in {lasting(seconds)}"
    console.print(heading(f"{release.name} {release.version}, split {order.split}, {part.words}: {ended}"))
    console.print()
    stages_table(console, stages, order.prices.currency)
    skipped_lines(console, made.skipped)
    left_out = {
        f"{stage.name}: {reason}": number
        for stage in stages
        for reason, number in (*stage.rejected.items(), *stage.failed.items())
    }
    left_out_table(console, left_out, "samples left out")
    whole = run.with_name(run.name.removesuffix(part.suffix))
    command = f"rocot merge {pasted(whole)}-part-*-of-{part.of} --out {pasted(whole)}"
    next_steps(console, [(command, f"once all {part.of} parts are done")])

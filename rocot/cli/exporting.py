"""From a run's store to its release: what `generate` ends with and `export` does."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rocot.cli import NO_ROWS
from rocot.cli.closing import left_out_table, outcomes_table, release_lines, screen_lines
from rocot.cli.parting import refuse_part
from rocot.cli.runs import Run, find, reading
from rocot.cli.screen import heading, out
from rocot.core.reflection import Judged
from rocot.engine.counts import count_splits
from rocot.engine.reader import StoreReader
from rocot.engine.stage import Plan
from rocot.errors import ConfigError
from rocot.machine import Machine
from rocot.recipe import Recipe
from rocot.release.export import Exported, export
from rocot.release.gather import gathered
from rocot.release.pixels import Pixels


def export_split(  # a run, its flow, its split, and what else goes in by name
    run: Path,
    store: StoreReader,
    recipe: Recipe,
    plan: Plan[Judged],
    split: str,
    *,
    controls: bool = False,
    pixels: Pixels | None = None,
) -> Exported:
    """Writes one split of a run's release. Raises StoreError, ConfigError where frames cannot be had."""
    from rocot.assets import load_prompts
    from rocot.release.card import card  # it brings matplotlib and the Hub's client along: not before work is done

    used = load_prompts(recipe.prompts.folder, recipe.task.kind)
    samples = gathered(store, tuple(plan), split, recipe.withdrawn_ids)
    made = partial(card, recipe=recipe, used=used)
    return export(run, recipe, plan.fingerprint, samples, controls=controls, card=made, pixels=pixels)


@dataclass(frozen=True)
class Order:
    """What is asked of one call of the command."""

    run: Path | None
    """Its folder or its name; None for the newest."""
    split: str | None
    """None for all."""
    controls: bool
    with_frames: bool
    statement: str | None
    """Who says that they have the rights to the frames."""
    videos: Sequence[str]
    """Where videos are, as options name it."""


def export_run(order: Order, machine: Machine) -> int:
    """Writes the release, split by split, and prints what came of it. Returns the exit code."""
    console, rows = out(), 0
    with reading(find(order.run)) as opened, ExitStack() as stack:
        refuse_part(opened.folder, opened.store, "a release is made of all parts together")
        pixels = None
        if order.with_frames:
            from rocot.cli.filming import pixels_of  # it brings the drawing of scenes along

            pixels = stack.enter_context(pixels_of(opened.recipe, order.videos, order.statement, machine))
        splits = _splits(opened, order.split)
        for number, name in enumerate(splits, 1):
            exported = export_split(
                opened.folder, opened.store, opened.recipe, opened.plan, name, controls=order.controls, pixels=pixels
            )
            console.print(heading(f"split {name}"))
            left_out_table(console, exported.told_left_out, "samples left out")
            outcomes_table(console, exported.entry.outcomes, exported.entry.kept, exported.entry.not_kept)
            screen_lines(console, opened.recipe.gate.rules, exported.entry)
            release_lines(console, exported, splits[number:])
            rows += exported.entry.rows
    if pixels is not None and pixels.ground.visibility == "restricted":
        console.print("frames are in it that others have rights to: only a private or gated repository takes it")
    return 0 if rows else NO_ROWS


def _splits(opened: Run, wanted: str | None) -> list[str]:
    """The splits to export. Raises ConfigError where the run has none, or not this one."""
    there = [count.split for count in count_splits(opened.store) if count.listed]
    if not there or (wanted is not None and wanted not in there):
        raise ConfigError(
            f"{opened.folder}: no clips of split {wanted or 'train'}; it has {', '.join(there) or 'none'}"
        )
    return there if wanted is None else [wanted]

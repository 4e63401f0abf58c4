"""`rocot export`: a run's rows as Parquet shards."""

from pathlib import Path

import click

from rocot.cli import NO_ROWS, options


@click.command()
@click.argument("run", type=options.FILE, required=False)
@click.option("--split", metavar="NAME", help="Only this one.  [default: every split of the run]")
@click.option("--controls", is_flag=True, help="Write what training on the rows must be held against as well.")
def command(run: Path | None, split: str | None, controls: bool) -> int:
    r"""Write a run's samples as Parquet shards.

    As `rocot generate` does at its end; of use after an interrupted run, and after an upgrade. RUN is a run's folder
    or its name below runs/, by default the newest.

    \b
    Examples:
      rocot export
      rocot export runs/scenes --split test
      rocot export --controls
    """
    from rocot.cli.closing import left_out_table, outcomes_table, release_lines, screen_lines
    from rocot.cli.exporting import export_split
    from rocot.cli.runs import find, reading
    from rocot.cli.screen import heading, out
    from rocot.engine.counts import count_splits
    from rocot.errors import ConfigError

    console, rows = out(), 0
    with reading(find(run)) as opened:
        there = [count.split for count in count_splits(opened.store) if count.listed]
        if not there or (split is not None and split not in there):
            raise ConfigError(
                f"{opened.folder}: no clips of split {split or 'train'}; it has {', '.join(there) or 'none'}"
            )
        for name in there if split is None else [split]:
            exported = export_split(opened.folder, opened.store, opened.recipe, opened.plan, name, controls=controls)
            console.print(heading(f"split {name}"))
            left_out_table(console, exported.entry.left_out, "samples left out")
            outcomes_table(console, exported.entry.outcomes, exported.entry.kept, exported.entry.not_kept)
            screen_lines(console, opened.recipe.gate.rules, exported.entry)
            release_lines(console, exported)
            rows += exported.entry.rows
    return 0 if rows else NO_ROWS

"""`rocot show`: one sample of a run."""

from pathlib import Path

import click

from rocot.cli import options


@click.command()
@click.argument("run", type=options.FILE, required=False)
@click.argument("row", required=False)
def command(run: Path | None, row: str | None) -> None:
    """Show one sample of a run.

    A timeline with the truth, the first and the revised answer, then what was said and how it was graded. ROW is the
    sample's id, as in `scenes/scene-train-0003#0`; the number of the rollout may be left out. Without ROW it is one
    that the reflection corrected, if there is one. RUN is a run's folder or its name below runs/, by default the
    newest.

    \b
    Examples:
      rocot show
      rocot show scenes/scene-train-0003
      rocot show runs/my-release car-park/gate/evening#1
    """
    from rocot.cli.runs import find, reading
    from rocot.cli.showing import found, print_sample

    if row is None and run is not None and not _is_place(run):
        run, row = None, str(run)
    with reading(find(run)) as opened:
        print_sample(found(opened, row))


def _is_place(name: Path) -> bool:
    """Whether a single word names a run, or was meant to; else it is a sample's id."""
    return name.exists() or (options.RUNS / name).exists() or name.parts[:1] == options.RUNS.parts

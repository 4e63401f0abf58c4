"""`rocot diff`: what changed between two releases."""

from pathlib import Path

import click

from rocot.cli import options


@click.command()
@click.argument("before", type=options.FILE)
@click.argument("after", type=options.FILE)
@click.option("--json", "as_json", is_flag=True, help="The same as JSON on standard output.")
def command(before: Path, after: Path, as_json: bool) -> None:
    """Tell what changed between two releases, and what version that asks for.

    Rows by id: added, removed, changed and in which columns; outcomes and rates of both. BEFORE and AFTER are a
    release's folder, a run's folder, a run's name below runs/, or a dataset on the Hub, org/name or org/name@tag.

    \b
    Examples:
      rocot diff downloads/v1 runs/scenes
      rocot diff runs/before runs/after --json
      rocot diff lab/car-park@v1.0.0 runs/car-park
    """
    from rocot.cli.differing import print_difference, told
    from rocot.cli.lending import lent

    found = told(lent(before), lent(after))
    if as_json:
        click.echo(found.model_dump_json(indent=2))
    else:
        print_difference(found)

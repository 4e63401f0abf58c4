"""`rocot status`: how far a run is."""

from pathlib import Path

import click

from rocot.cli import options


@click.command()
@click.argument("run", type=options.FILE, required=False)
@click.option("--json", "as_json", is_flag=True, help="The figures as JSON.")
@options.prices
def command(run: Path | None, as_json: bool, prices: Path | None) -> None:
    """Tell how far a run is.

    Who works on it and how fast, the time left, stages, what was left out and why, outcomes, failed calls, tokens and
    cost. It may be asked while the run goes on, and changes nothing. RUN is a run's folder or its name below runs/, by
    default the newest.

    \b
    Examples:
      rocot status
      rocot status runs/my-release --prices prices.toml
      rocot status --json
    """
    from rocot.cli.runs import find
    from rocot.cli.standing import print_standing, standing

    found = standing(find(run), options.price_table(prices))
    if as_json:
        click.echo(found.model_dump_json(indent=2))
    else:
        print_standing(found)

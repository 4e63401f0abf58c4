"""`rocot status`: how far a run is."""

from pathlib import Path

import click

from rocot.cli import options


@click.command()
@click.argument("run", type=options.FILE, required=False)
@options.prices
def command(run: Path | None, prices: Path | None) -> None:
    r"""Tell how far a run is.

    Clips, stages, what was left out and why, failed calls, tokens and cost. It may be asked while the run goes on.
    RUN is a run's folder or its name below runs/, by default the newest.

    \b
    Examples:
      rocot status
      rocot status runs/my-release --prices prices.toml
    """
    from rocot.cli.runs import find, reading
    from rocot.cli.standing import print_standing

    table = options.price_table(prices)
    with reading(find(run)) as opened:
        print_standing(opened, table)

"""`rocot reparse`: today's parser over yesterday's replies."""

from pathlib import Path

import click

from rocot.cli import options


@click.command()
@click.argument("run", type=options.FILE, required=False)
def command(run: Path | None) -> None:
    """Read a run's stored replies again with today's parser. Asks nothing.

    What did not parse and does now, and what is read otherwise than before, is set back: the next `rocot generate`
    makes it from the same replies, and asks only what follows from that. RUN is a run's folder or its name below
    runs/, by default the newest.

    \b
    Examples:
      rocot reparse
      rocot reparse runs/my-release
    """
    from rocot.cli.reparsing import print_reparsed
    from rocot.cli.runs import find

    print_reparsed(find(run))

"""`rocot restore`: a run's store, back from a URL."""

from pathlib import Path

import click

from rocot.cli import options


@click.command()
@click.argument("url")
@click.argument("run", type=options.FILE)
def command(url: str, run: Path) -> int:
    """Bring a run's store back from a URL.

    URL is where `rocot backup` or `rocot generate --backup` keeps it, RUN the folder that it comes to. Every byte is
    checked. A run that holds all of it stays as it is; one that holds what the backup does not is never replaced.

    \b
    Examples:
      rocot restore s3://lab/runs/scenes runs/scenes
    """
    from rocot.cli.backing import restore_run

    restore_run(url, run)
    return 0

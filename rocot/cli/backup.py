"""`rocot backup`: a run's store at a URL."""

from pathlib import Path

import click

from rocot.cli import options


@click.command()
@click.argument("run", type=options.FILE)
@click.argument("url")
def command(run: Path, url: str) -> int:
    """Keep a copy of a run's store at a URL.

    RUN is a run's folder or its name below runs/; others may go on working on it. URL is a folder of the run's own:
    s3://bucket/prefix, hf://buckets/..., gs://..., or a path. The copy is of one moment, and counts once all of it has
    arrived. It takes the place of a backup that this run goes on from, and of no other.

    \b
    Examples:
      rocot backup scenes s3://lab/runs/scenes
      rocot backup runs/scenes /shared/backups/scenes
    """
    from rocot.cli.backing import back_up_run
    from rocot.cli.runs import find

    back_up_run(find(run), url)
    return 0

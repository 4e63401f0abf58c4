"""`rocot withdraw`: a video or clip is taken out for good."""

from pathlib import Path

import click

from rocot.cli import options


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--reason", default="", metavar="TEXT", help="Why; kept in the run and the recipe, and not published.")
@click.option(
    "--run",
    "folder",
    type=options.FILE,
    metavar="FOLDER",
    help="The run's folder, or its name below runs/.  [default: the newest run below runs/]",
)
@click.option("--recipe", type=options.FILE, metavar="FILE", help="A recipe's file that is to say so as well.")
@click.option("--purge", is_flag=True, help="Delete what the run holds of them, and their cached frames.")
@click.option("--ahead", is_flag=True, help="Note what the run has no clip of, too: it is left out once it comes.")
def command(
    ids: tuple[str, ...], reason: str, folder: Path | None, recipe: Path | None, purge: bool, ahead: bool
) -> int:
    """Take videos or clips out of a run for good.

    ID is a source video, source/video, which takes all its clips along, or one clip. It is never made again, the
    run's release is written anew without it, and the manifest of that and of every later release names it. Other
    clips of a file with the same content go with it. Without --purge the replies stay in the run's store, for you
    alone. It cannot be taken back, so an ID of which the run has no clip is refused, and nothing is done, unless
    --ahead says that it is to come.

    \b
    Examples:
      rocot withdraw car-park/evening
      rocot withdraw car-park/evening --recipe car-park.toml \\
        --reason asked-by-a-passer-by --purge
    """
    from rocot.cli.runs import find
    from rocot.cli.withdrawing import Withdrawal, print_withdrawn

    return print_withdrawn(Withdrawal(find(folder), ids, reason.strip(), recipe, purge=purge, ahead=ahead))

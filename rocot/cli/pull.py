"""`rocot pull`: a release on the Hub becomes a folder here."""

from pathlib import Path

import click

from rocot.cli import options


@click.command()
@click.argument("name")
@click.option("--revision", default="main", show_default=True, help="A branch, tag or commit.")
@click.option("--to", type=options.FILE, metavar="FOLDER", help="Where it goes.  [default: the dataset's name]")
def command(name: str, revision: str, to: Path | None) -> int:
    r"""Fetch a release from the Hugging Face Hub, and check every byte.

    NAME is a dataset, org/name, that `rocot push` has made. The folder is the old release or the new one at every
    instant; a pull that was ended goes on with the same command, and files that are here already are not fetched.

    \b
    Examples:
      rocot pull lab/car-park
      rocot pull lab/car-park --revision v1.0.0 --to old
    """
    from rocot.cli.pushing import pull_release

    pull_release(name, to or Path(name.rpartition("/")[2]), revision)
    return 0

"""`rocot pull`: a release on the Hub becomes a folder here."""

from pathlib import Path

import click

from rocot.cli import options


@click.command()
@click.argument("name")
@click.option("--revision", metavar="TEXT", help="A branch, tag or commit.  [default: main]")
@click.option("--to", type=options.FILE, metavar="FOLDER", help="Where it goes.  [default: the dataset's name]")
def command(name: str, revision: str | None, to: Path | None) -> int:
    """Fetch a release from the Hugging Face Hub, and check every byte.

    NAME is a dataset, org/name, that `rocot push` has made, or the URL that it was given. The folder is the old release
    or the new one at every instant; a pull that was ended goes on with the same command, and files that are here
    already are not fetched.

    \b
    Examples:
      rocot pull lab/car-park
      rocot pull lab/car-park --revision v1.0.0 --to old
      rocot pull s3://lab/releases/car-park
    """
    from rocot.cli.pushing import pull_release
    from rocot.errors import ConfigError
    from rocot.storage.place import is_url

    target = to or Path(name.rstrip("/").rpartition("/")[2])
    if is_url(name):
        from rocot.cli.placing import pull_from_url

        if revision is not None:
            raise ConfigError("--revision is for the Hub; a URL holds one release")
        pull_from_url(name, target)
        return 0
    pull_release(name, target, revision or "main")
    return 0

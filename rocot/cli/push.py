"""`rocot push`: a release becomes a dataset on the Hub."""

from pathlib import Path

import click

from rocot.cli import options


@click.command()
@click.argument("name")
@click.argument("release", type=options.FILE, required=False)
@click.option("--tag", metavar="TAG", help="Mark the commit with it.  [default: v<version> of the release]")
@click.option("--private", is_flag=True, help="Refuse a repository that is public; of a URL: it is not.")
@click.option("--public", is_flag=True, help="Let everybody see it, once all is done; a new one is private otherwise.")
@click.option("--dry-run", is_flag=True, help="Tell what would be done, and change nothing.")
def command(name: str, release: Path | None, tag: str | None, private: bool, public: bool, dry_run: bool) -> int:
    """Put a release on the Hugging Face Hub, whole or not at all.

    NAME is a dataset, org/name, or the URL of a folder (s3://bucket/prefix, file:///folder), which gets the files one
    by one and the manifest last. RELEASE is a run's folder, its name below runs/, or a release's own folder; by default
    the newest run. Every row and byte of it is checked first. Shards go up one by one, and the dataset changes in one
    commit; a push that was ended goes on with the same command. The token is that of `hf auth login`, or HF_TOKEN.

    \b
    Examples:
      rocot push lab/car-park --dry-run
      rocot push lab/car-park runs/car-park --tag v1.0.0
      rocot push s3://lab/releases/car-park
    """
    from rocot.cli.pushing import push_release
    from rocot.cli.validating import find_path
    from rocot.errors import ConfigError
    from rocot.storage.place import is_url

    if private and public:
        raise ConfigError("--private and --public: want one of them")
    if is_url(name):
        from rocot.cli.placing import push_to_url

        if tag is not None or public:
            raise ConfigError("--tag and --public are for the Hub; a URL has neither tags nor readers of its own")
        push_to_url(name, find_path(release), private=private, dry_run=dry_run)
        return 0
    push_release(name, find_path(release), tag=tag, private=private, public=public, dry_run=dry_run)
    return 0

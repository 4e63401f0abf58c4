"""`rocot check-leaks`: what would be trained on, and is others' test data."""

from pathlib import Path

import click

from rocot.cli import options


@click.command()
@click.argument("manifests", type=options.FILE, nargs=-1, required=True, metavar="MANIFEST...")
def command(manifests: tuple[Path, ...]) -> int:
    """Find videos of training splits in official test splits.

    A video is known by its identity, which is the same in every dataset that annotates the file, and by what it shows
    where the import measured the videos. Told are those in a training or validation split that are in another
    dataset's official test split (of a manifest, or of the lists that ship with rocot), those in two splits of one
    dataset, and either of them under another name.

    Exit codes: 0 none, 1 some, 2 a manifest cannot be used.

    \b
    Examples:
      rocot check-leaks uca.parquet
      rocot check-leaks uca.parquet ucf-crime.parquet xd-violence.parquet
    """
    from rocot.cli.leaking import report
    from rocot.sources.manifest.file import read

    return report([read(path) for path in manifests])

"""`rocot probe`: what there is to know of videos before they are used."""

from pathlib import Path

import click

from rocot.cli import options


@click.command()
@click.argument("videos", type=options.FILE, nargs=-1, required=True, metavar="VIDEO...")
def command(videos: tuple[Path, ...]) -> int:
    """Tell codec, size, length, frames, key frames and oddities of videos.

    A file that cannot be used has a line with its reason. The column `group` tells how many frames there are from one
    key frame to the next (the median, and the most where that is more): long groups make exact frames dear. `index`
    tells how frames are found: `tables` and `index` are quick, with `none` a file is read through.

    Exit codes: 0 all can be used, 1 some cannot, 2 none can.

    \b
    Examples:
      rocot probe videos/*.mp4
    """
    from rocot.cli.looking import probe

    return probe(videos)

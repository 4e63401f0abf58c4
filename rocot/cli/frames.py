"""`rocot frames`: a contact sheet of a video."""

from pathlib import Path

import click

from rocot.cli import options


@click.command()
@click.argument("video", type=options.FILE)
@click.option("--sheet", type=options.FILE, required=True, metavar="FILE", help="The picture to write: .png or .jpg.")
@click.option("--count", type=click.IntRange(1, 512), default=32, show_default=True, metavar="N", help="Frames.")
@options.start
@options.end
def command(video: Path, sheet: Path, count: int, start: float, end: float) -> None:
    """Draw frames of a video on one sheet, each with its time.

    The frames are those that a run would sample with the policy uniform: the middles of equal parts. Of a damaged
    file it shows what is surely right, and leaves the other places empty.

    \b
    Examples:
      rocot frames videos/gate.mp4 --sheet gate.png
      rocot frames videos/gate.mp4 --sheet fall.png --start 61 --end 64.5 \\
        --count 12
    """
    from rocot.cli.looking import draw

    draw(video, sheet, count, start, end)

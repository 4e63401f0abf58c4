"""`rocot merge`: the parts of a run become one run."""

from pathlib import Path

import click

from rocot.cli import options


@click.command()
@click.argument("parts", type=options.FILE, nargs=-1, required=True, metavar="RUN...")
@click.option("--out", type=options.FILE, required=True, metavar="RUN", help="The folder of the whole run.")
@click.option("--unfinished", is_flag=True, help="Take parts as they are, also those that are not done.")
def command(parts: tuple[Path, ...], out: Path, unfinished: bool) -> None:
    """Unite the parts of a run into one run.

    Takes the folders of all parts that `rocot generate --part` has made, in any order. What comes out is like the run
    of one machine: `rocot export` makes the same release of it, byte for byte. Parts that are missing, that came twice,
    that belong to another run or are not done are named, and then nothing is written. The same command again does
    nothing, or takes up what parts have done since.

    \b
    Examples:
      rocot merge runs/scenes-part-*-of-8 --out runs/scenes
    """
    from rocot.cli.merging import Order, print_merged

    print_merged(Order(parts, out, unfinished))

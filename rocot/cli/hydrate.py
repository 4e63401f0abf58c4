"""`rocot hydrate`: the frames of a release, from the user's own videos."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rocot.cli import options

if TYPE_CHECKING:
    from rocot.release.configs import Config

CONFIGS: "tuple[Config, ...]" = ("all", "sft", "rft", "controls")


@click.command()
@click.argument("release", type=options.FILE, required=False)
@options.videos
@click.option("--to", type=options.FILE, metavar="DIR", help="The copy.  [default: hydrated, beside the release]")
@click.option(
    "--config",
    "configs",
    type=click.Choice(CONFIGS),
    multiple=True,
    help="Only this one; once for each.  [default: sft, rft]",
)
@click.option("--split", metavar="NAME", help="Only this one.  [default: every split of the release]")
@click.option("--files", is_flag=True, help="Pictures in files, frames/ab/<digest>.jpg, and no copy of the rows.")
@click.option("--nearly", is_flag=True, help="Take frames of the right file and time with other bytes, too.")
@options.decoders
def command(
    release: Path | None,
    videos: tuple[str, ...],
    to: Path | None,
    configs: tuple[str, ...],
    split: str | None,
    files: bool,
    nearly: bool,
    decoders: int | None,
) -> int:
    """Rebuild the frames of a release from your own videos.

    A release holds no pixels. This makes the frames again at their recorded times, holds each against its recorded
    checksum, and writes a copy of the rows with a column `images`, as trainers read it. RELEASE is a run's folder or a
    release that you downloaded; by default the newest run below runs/. Videos are found by their content, else by
    their names; rendered scenes are rendered. The same command again goes on where it was interrupted.

    Exit codes: 0 every row has its frames, 1 some have not, and the tables say why, 2 unusable input.

    \b
    Examples:
      rocot hydrate downloads/car-park --videos /data/car-park
      rocot hydrate downloads/crime --videos ucf-crime=/data/UCF \\
        --videos xd=/data/XD
      rocot hydrate runs/scenes --config all --files
    """
    from rocot.cli.hydrating import Order, hydrate
    from rocot.cli.validating import find_path

    chosen = tuple(name for name in CONFIGS if name in (configs or ("sft", "rft")))
    machine = options.decoding(decoders)
    return hydrate(Order(find_path(release), videos, to, chosen, split, files, nearly), machine)

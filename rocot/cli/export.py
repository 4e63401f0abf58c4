"""`rocot export`: a run's rows as Parquet shards."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rocot.cli import options

if TYPE_CHECKING:
    from rocot.release.trainers import Trainer


@click.command()
@click.argument("run", type=options.FILE, required=False)
@click.option("--split", metavar="NAME", help="Only this one.  [default: every split of the run]")
@click.option("--controls", is_flag=True, help="Write what training on the rows must be held against as well.")
@click.option("--with-frames", is_flag=True, help="Put the frames themselves into the rows for training.")
@click.option(
    "--i-have-the-rights",
    "statement",
    metavar="TEXT",
    help="With --with-frames, against the sources' terms: who gave you the rights, and which; stands on the card.",
)
@click.option(
    "--format",
    "trainer",
    type=click.Choice(["ms-swift", "llama-factory", "verl"]),
    help="Write the kept rows of the release that is there for this trainer, and nothing else.",
)
@click.option("--to", type=options.FILE, metavar="DIR", help="With --format.  [default: exports/<format> in the run]")
@click.option(
    "--media",
    type=click.Choice(["images", "videos"]),
    help="With --format: the very frames, or whole videos in their place.  [default: images]",
)
@options.videos
@options.decoders
def command(
    run: Path | None,
    split: str | None,
    controls: bool,
    with_frames: bool,
    statement: str | None,
    trainer: "Trainer | None",
    to: Path | None,
    media: str | None,
    videos: tuple[str, ...],
    decoders: int | None,
) -> int:
    """Write a run's samples as Parquet shards.

    As `rocot generate` does at its end; of use after an interrupted run, and after an upgrade. RUN is a run's folder
    or its name below runs/, by default the newest. With --format, a release that you downloaded will do as well.

    \b
    Examples:
      rocot export
      rocot export runs/scenes --split test
      rocot export --controls
      rocot export --with-frames
      rocot export --format ms-swift
    """
    from rocot.cli.validating import find_path
    from rocot.errors import ConfigError

    if trainer is not None and (controls or with_frames):
        raise ConfigError("--controls and --with-frames write the release, which --format reads; leave them out")
    if trainer is None and (to is not None or media is not None):
        raise ConfigError("--to and --media go with --format; a release lies in its run")
    if trainer is None and not with_frames and (statement is not None or videos):
        raise ConfigError("--i-have-the-rights and --videos go with --with-frames, and --videos with --format")
    if trainer is not None:
        from rocot.cli.handing import Handed, hand

        return hand(Handed(trainer, find_path(run), split, to, videos, media == "videos"), options.decoding(decoders))
    from rocot.cli.exporting import Order, export_run

    order = Order(run, split, controls, with_frames, statement, videos)
    return export_run(order, options.decoding(decoders))

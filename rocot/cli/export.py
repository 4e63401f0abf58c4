"""`rocot export`: a run's rows as Parquet shards."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rocot.cli import NO_ROWS, options

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
    r"""Write a run's samples as Parquet shards.

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
    from contextlib import ExitStack

    from rocot.cli.closing import left_out_table, outcomes_table, release_lines, screen_lines
    from rocot.cli.exporting import export_split
    from rocot.cli.runs import find, reading
    from rocot.cli.screen import heading, out
    from rocot.engine.counts import count_splits
    from rocot.errors import ConfigError

    if trainer is not None:
        if controls or with_frames:
            raise ConfigError("--controls and --with-frames write the release, which --format reads; leave them out")
        from rocot.cli.handing import Order, hand
        from rocot.cli.validating import find_path

        order = Order(trainer, find_path(run), split, to, videos, media == "videos")
        return hand(order, options.decoding(decoders))
    if to is not None or media is not None:
        raise ConfigError("--to and --media go with --format; a release lies in its run")
    if not with_frames and (statement is not None or videos):
        raise ConfigError("--i-have-the-rights and --videos go with --with-frames, and --videos with --format")
    console, rows = out(), 0
    with reading(find(run)) as opened, ExitStack() as stack:
        there = [count.split for count in count_splits(opened.store) if count.listed]
        if not there or (split is not None and split not in there):
            raise ConfigError(
                f"{opened.folder}: no clips of split {split or 'train'}; it has {', '.join(there) or 'none'}"
            )
        pixels = None
        if with_frames:
            from rocot.cli.filming import pixels_of

            pixels = stack.enter_context(pixels_of(opened.recipe, videos, statement, options.decoding(decoders)))
        for name in there if split is None else [split]:
            exported = export_split(
                opened.folder, opened.store, opened.recipe, opened.plan, name, controls=controls, pixels=pixels
            )
            console.print(heading(f"split {name}"))
            left_out_table(console, exported.entry.left_out, "samples left out")
            outcomes_table(console, exported.entry.outcomes, exported.entry.kept, exported.entry.not_kept)
            screen_lines(console, opened.recipe.gate.rules, exported.entry)
            release_lines(console, exported)
            rows += exported.entry.rows
    if pixels is not None and pixels.ground.visibility == "restricted":
        console.print("frames are in it that others have rights to: only a private or gated repository takes it")
    return 0 if rows else NO_ROWS

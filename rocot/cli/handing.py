"""What `rocot export --format` does: kept rows of a release as files of another trainer."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from rocot.cli import NO_ROWS
from rocot.cli.closing import NAMED, left_out_table
from rocot.cli.filming import album_of, held, named, videos_of
from rocot.cli.gauge import gauge
from rocot.cli.screen import count, heading, lasting, out, size, table
from rocot.errors import ConfigError
from rocot.machine import Machine
from rocot.release.hydrate import alone
from rocot.release.media import Films
from rocot.release.parts import parts
from rocot.release.trainers import Given, Handing, Trainer


@dataclass(frozen=True)
class Handed:
    """What is asked of one call of the command."""

    trainer: Trainer
    release: Path
    split: str | None
    to: Path | None
    videos: Sequence[str]
    films: bool
    """Whether whole videos stand in the place of frames."""


def hand(order: Handed, machine: Machine) -> int:
    """Writes the files, and prints what came of it. Returns the exit code."""
    started = time.monotonic()
    release = held(order.release)
    about = release.manifest
    to = order.to or release.root.parent / "exports" / order.trainer
    if to.resolve().is_relative_to(release.root.resolve()):
        raise ConfigError(f"{to} lies in the release, and these files hold local paths; name another folder with --to")
    wanted = parts(about, ["all"], order.split)
    folders = {**release.folders, **named(order.videos, about.sources)}
    total, rows = sum(about.splits[part.split].kept for part in wanted), 0
    made: dict[str, Given] = {}
    with (
        alone(to),
        videos_of(about.sources, folders, machine) as videos,
        album_of(about.frames, videos, machine) as album,
        gauge(f"rows for {order.trainer}") as tell,
    ):

        def told(more: int) -> None:
            nonlocal rows
            rows += more
            tell(rows, total)

        handing = Handing(release.root, to, album, Films(videos) if order.films else None)
        for part in wanted:
            name = f"{about.release}-{part.split}"
            made[part.split] = handing.give(order.trainer, part, name, told)
    console = out()
    console.print(
        heading(f"{about.release} {about.version} for {order.trainer}: {lasting(time.monotonic() - started)}")
    )
    _print(console, made)
    if order.trainer == "llama-factory":
        console.print(f"dataset_dir: {to}, dataset: {','.join(f'{about.release}-{split}' for split in made)}")
    return 0 if any(given.rows for given in made.values()) else NO_ROWS


def _print(console: Console, made: dict[str, Given]) -> None:
    shown = table("split", "written", "left out")
    for split, given in made.items():
        shown.add_row(split, count(given.rows) or "0", count(given.left_out.total()))
    console.print()
    console.print(shown)
    for given in made.values():
        left_out_table(console, given.left_out, "rows left out", "rows")
        for clip, why in list(given.missing.items())[:NAMED]:
            console.print(f"  {clip}: {why}")
        if len(given.missing) > NAMED:
            console.print(f"  and {len(given.missing) - NAMED:,} more clips")
    console.print()
    for path in (path for given in made.values() for path in given.files):
        console.print(f"{path} ({size(path.stat().st_size)})")

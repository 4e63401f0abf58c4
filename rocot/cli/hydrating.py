"""What `rocot hydrate` does once its options are read."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from rocot.cli import NO_ROWS
from rocot.cli.closing import NAMED, left_out_table
from rocot.cli.filming import Held, album_of, held, named, videos_of
from rocot.cli.gauge import gauge
from rocot.cli.screen import count, heading, lasting, out, table
from rocot.errors import ConfigError
from rocot.machine import Machine
from rocot.release.configs import Config, config_of
from rocot.release.hydrate import (
    Copied,
    Hydration,
    alone,
    begun,
    copy_pictures,
    copy_rows,
    done,
    write_hydration,
)
from rocot.release.parts import Part, parts


@dataclass(frozen=True)
class Order:
    """What is asked of one call of the command."""

    release: Path
    videos: Sequence[str]
    to: Path | None
    configs: Sequence[Config]
    split: str | None
    files: bool
    """Whether pictures go into files of their own."""
    nearly: bool


def hydrate(order: Order, machine: Machine) -> int:
    """Makes the copy, prints what came of it, and how it is read. Returns the exit code."""
    to, made, code = copy_out(order, machine)
    loaded = next((part for part, copied in made if copied.rows), None)
    if not order.files and loaded is not None:  # `datasets` loads no config without rows
        console = out()
        console.print()
        console.print(heading("Next, in Python: rows with PIL images"))
        console.print(f'  datasets.load_dataset("{to}", "{config_of(loaded.folder)}")')
    return code


def copy_out(order: Order, machine: Machine) -> tuple[Path, Sequence[tuple[Part, Copied]], int]:
    """Makes the copy, and prints what came of it. Returns its folder, what each part has, and the exit code."""
    started = time.monotonic()
    release = held(order.release)
    to = order.to or release.root.parent / "hydrated"
    if to.resolve().is_relative_to(release.root.resolve()):
        raise ConfigError(f"{to} lies in the release, which is not to be touched; name another folder with --to")
    wanted = parts(release.manifest, order.configs, order.split)
    release = replace(release, folders={**release.folders, **named(order.videos, release.manifest.sources)})
    with alone(to):
        copy = begun(to, _blank(release, order))
        fresh = {part.name: old for part in wanted if not order.files and (old := done(to, part, copy))}
        left = [part for part in wanted if part.name not in fresh]
        made = dict(fresh)
        write_hydration(to, copy, release.manifest.splits)  # so that what is interrupted now is known again
        for part, copied in _copied(order, release, left, to, machine):
            made[part.name] = copied
            copy = copy.model_copy(update={"parts": {**copy.parts, part.name: copied}})
            write_hydration(to, copy, release.manifest.splits)
    console = out()
    console.print(heading(f"{copy.release} {copy.version} with frames, in {to}: {lasting(time.monotonic() - started)}"))
    told = [(part, made[part.name]) for part in wanted]
    _print(console, told)
    if fresh:
        console.print(f"there already: {', '.join(fresh)}")
    return to, told, NO_ROWS if any(copied.missing for copied in made.values()) else 0


def _blank(release: Held, order: Order) -> Hydration:
    about = release.manifest
    return Hydration(release=about.release, version=about.version, fingerprint=about.fingerprint, nearly=order.nearly)


def _copied(
    order: Order, release: Held, left: Sequence[Part], to: Path, machine: Machine
) -> Iterator[tuple[Part, Copied]]:
    """Makes the parts, one after another."""
    if not left:
        return
    about = release.manifest
    copy = copy_pictures if order.files else copy_rows
    total, rows = sum(file.rows for part in left for file in part.files), 0
    with (
        videos_of(about.sources, release.folders, machine) as videos,
        album_of(about.frames, videos, machine, nearly=order.nearly) as album,
        gauge("rows with frames") as tell,
    ):

        def told(more: int) -> None:
            nonlocal rows
            rows += more
            tell(rows, total)

        for part in left:
            yield part, copy(release.root, part, to, album, told)


def _print(console: Console, made: Sequence[tuple[Part, Copied]]) -> None:
    """What each part has, and of which clips the frames could not be had."""
    shown = table("config", "-split", "rows", "frames", "nearly", "left out")
    for part, copied in made:
        lost = sum(one.rows for one in copied.missing)
        shown.add_row(
            part.folder if config_of(part.folder) == "controls" else config_of(part.folder),
            part.split,
            count(copied.rows) or "0",
            count(copied.frames),
            count(copied.nearly),
            count(lost),
        )
    console.print()
    console.print(shown)
    missing = [one for _, copied in made for one in copied.missing]
    reasons: Counter[str] = Counter()
    for one in missing:
        reasons[one.reason] += one.rows
    left_out_table(console, reasons, "rows left out", "rows")
    clips: Mapping[str, str] = {one.clip: f"{one.reason} ({one.detail})" for one in missing}
    for clip, why in list(clips.items())[:NAMED]:
        console.print(f"  {clip}: {why}")
    if len(clips) > NAMED:
        console.print(f"  and {len(clips) - NAMED:,} more; hydrated.json names them all")

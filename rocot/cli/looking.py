"""What `rocot probe` and `rocot frames` do once their options are read."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from rocot.cli import NO_ROWS, UNUSABLE
from rocot.cli.options import RUNS
from rocot.cli.screen import lasting, out, table
from rocot.core.sampling import uniform
from rocot.errors import ConfigError, VideoError
from rocot.machine import Machine, default_cache
from rocot.recipe import FramesRecipe
from rocot.tools.reading import reader
from rocot.video.isolated import Isolated
from rocot.video.protocol import Look, Survey

SUFFIXES = (".png", ".jpg", ".jpeg")
TILE = Look(height=180, quality=90)
"""Of a sheet: 32 frames of 16:9 fill a screen."""

PIPED = 1000
"""Columns of a table that no terminal shows: no name is broken."""


def probe(videos: Sequence[Path]) -> int:
    """Prints the table. Returns the exit code."""
    machine = Machine(run=RUNS, cache=default_cache())
    with closing(reader(FramesRecipe(), machine)) as isolated, ThreadPoolExecutor(machine.decoders) as threads:
        found = list(threads.map(lambda path: _looked_at(isolated, path), videos))
    made = table("video", "-codec", "size", "length", "fps", "frames", "keys", "group", "-index", "-remarks")
    for path, seen in zip(videos, found, strict=True):
        made.add_row(str(path), *(_row(seen) if isinstance(seen, Survey) else [*[""] * 8, seen.reason]))
    console = out()
    if not console.is_terminal:
        console.width = PIPED
    console.print(made)
    bad = [(path, seen) for path, seen in zip(videos, found, strict=True) if isinstance(seen, VideoError)]
    if bad:
        console.print(f"\n{len(bad):,} of {len(videos):,} cannot be used")
        for path, error in bad:
            console.print(f"{path}: {error.reason}: {error.detail.removeprefix(f'{path.name}: ')}")
    return 0 if not bad else NO_ROWS if len(bad) < len(videos) else UNUSABLE


def draw(video: Path, sheet: Path, count: int, start: float, end: float) -> None:
    """Writes the sheet. Raises ConfigError, and VideoError where there is no frame to show."""
    if sheet.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{sheet}: a sheet is one of {', '.join(SUFFIXES)}")
    machine = Machine(run=RUNS, cache=default_cache())
    with closing(reader(FramesRecipe(), machine)) as isolated:
        duration = isolated.probe(video, salvage=True).duration
        end = min(end, duration)
        if start >= end:
            raise ConfigError(f"nothing to show from {start:g} to {end:g} s; {video.name} lasts {duration:.2f} s")
        taken = isolated.read(video, uniform(start, end, count), TILE, salvage=True)
    from rocot.video.sheet import drawn

    made = drawn(taken)
    try:
        made.save(sheet)
    except OSError as error:
        raise ConfigError(f"{sheet}: cannot be written ({error.strerror or error})") from error
    shown = len({still.time for still in taken.stills})
    lost = f", {len(taken.lost)} lost" if taken.lost else ""
    out().print(f"{shown} frames of {start:.2f}-{end:.2f} s{lost} in {sheet}")


def _looked_at(isolated: Isolated, path: Path) -> Survey | VideoError:
    try:
        return isolated.survey(path)
    except VideoError as error:
        return error


def _row(seen: Survey) -> list[str]:
    facts, (usual, most) = seen.facts, seen.group
    return [
        facts.codec,
        f"{facts.width}x{facts.height}",
        lasting(facts.duration),
        f"{facts.fps:.4g}" if facts.fps else "",
        f"{seen.frames:,}",
        f"{seen.keys:,}",
        f"{usual}" if most <= usual else f"{usual}, {most}",
        seen.index,
        "; ".join(seen.remarks),
    ]

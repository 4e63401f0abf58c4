"""The frames for asked times out of one file: by its sample tables, else packet by packet, and what damage leaves."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from av.error import FFmpegError
from av.video.frame import VideoFrame

from rocot.errors import VideoError
from rocot.video.container import Opened, opened
from rocot.video.cursor import WAYS, Astray, Cursor
from rocot.video.index import table_of
from rocot.video.planned import Asked, planned

T = TypeVar("T")
Keep = Callable[[Opened, float, VideoFrame], T]
"""What to keep of a frame, given the video and the second at which it appears."""

IN_PARTS = ("damaged", "bad timestamps")
"""Reasons that may hold for a part of a file only."""


def take(path: Path, asked: Asked, keep: Keep[T]) -> list[T]:
    """One for each asked time. Raises VideoError."""
    found = _by_table(path, asked, keep)
    whole = [one for one in found if one is not None]
    return whole if len(whole) == len(asked.times) else _by_cursor(path, asked, keep)


def salvage(path: Path, asked: Asked, keep: Keep[T]) -> list[T | None]:
    """One for each asked time, None where there is no frame that is provably right. Raises VideoError if all are."""
    found: list[T | None] = _by_table(path, asked, keep)
    if None not in found:
        return found
    try:
        return [*_by_cursor(path, asked, keep)]
    except VideoError as error:
        if error.reason not in IN_PARTS:
            raise
        for place, time in enumerate(asked.times):
            if found[place] is None:
                with suppress(VideoError):
                    (found[place],) = _by_cursor(path, Asked([time], asked.tolerance), keep)
        if not any(found):
            raise
        return found


def any_way(path: Path, work: Callable[[Opened, Cursor], T]) -> T:
    """What the work gives on the first of the cursor's ways that does not go astray. Raises VideoError."""
    for way in WAYS:
        with opened(path, strict=way.strict) as video, suppress(Astray):
            return work(video, Cursor(video, way))
    raise VideoError("bad timestamps", f"{path.name}: its frames cannot be told apart by time")


def _by_table(path: Path, asked: Asked, keep: Keep[T]) -> list[T | None]:
    none: list[T | None] = [None] * len(asked.times)
    with opened(path) as video:
        table = table_of(video, path)
        if table is None:
            return none
        with suppress(FFmpegError):  # the cursor meets it again, and names it
            return planned(video, path, table, asked, lambda time, frame: keep(video, time, frame)) or none
    return none


def _by_cursor(path: Path, asked: Asked, keep: Keep[T]) -> list[T]:
    if asked.tolerance:
        with suppress(VideoError):  # an index that names false key frames
            return any_way(path, lambda video, cursor: _shown(video, cursor, asked, keep))
    return any_way(path, lambda video, cursor: _shown(video, cursor, Asked(asked.times), keep))


def _shown(video: Opened, cursor: Cursor, asked: Asked, keep: Keep[T]) -> list[T]:
    kept: list[T] = []
    appeared: float | None = None
    aim = 0.0
    for wanted in asked.times:
        near = cursor.key_near(wanted, asked.tolerance, aim) if asked.tolerance else None
        aim = max(aim, wanted) if near is None else near
        time, frame = cursor.show(aim)
        if aim != wanted and abs(time - wanted) > asked.tolerance:
            raise Astray
        kept.append(kept[-1] if time == appeared else keep(video, time, frame))
        appeared = time
    return kept

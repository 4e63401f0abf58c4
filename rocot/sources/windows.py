"""Long videos are cut into overlapping windows: a video of nine hours must not become 16 frames."""

from collections.abc import Callable, Iterable, Iterator
from math import ceil
from operator import length_hint

from rocot.core.clip import Clip
from rocot.core.task import Task
from rocot.errors import ConfigError
from rocot.recipe import TaskRecipe, Windows
from rocot.sources.forecast import Forecast
from rocot.sources.posing import pose
from rocot.sources.protocol import Skipped, Source, Video
from rocot.sources.truths import Truths

MILLISECOND = 0.001
"""Seconds. Ids spell times to this; a rounding error in a duration must not make a window of its own."""

REST = 0.05
"""The share of a window that is not worth one of its own."""


def cut(video: Video, length: float, overlap: float, leak: str = "", task: Task = "grounding") -> Iterator[Clip]:
    """Windows of `length` seconds, of which neighbours share at least `overlap`; both hold to a millisecond.

    The last one is shifted back to end where the video does, so it shares more and is no sliver. Where it would add
    less than `REST` of a window to the one before, it is none: that one is so much longer, as asking twice about 60
    of 60.04 seconds is paid twice. Raises ConfigError unless 0 <= overlap < length.
    """
    step = length - overlap
    if overlap < 0 or not step > MILLISECOND:
        raise ConfigError(
            f"windows: overlap must be at least 0 and less than length (got {overlap:g} and {length:g} s)"
        )
    rest = max(MILLISECOND, min(REST * length, step / 2))
    last = video.duration - length
    if last <= rest:
        yield _clip(video, 0.0, video.duration, leak, task)
        return
    count = ceil((last - rest) / step)
    first = _clip(video, 0.0, length, leak, task)
    yield first
    for number in range(1, count):
        yield _moved(first, video, step * number, step * number + length)
    yield _moved(first, video, min(step * count, last), video.duration)


def clips(  # noqa: PLR0913, PLR0917 - what to cut, how, and who learns of it
    sources: Iterable[Source],
    split: str,
    windows: Windows,
    truths: Truths,
    skipped: Callable[[Skipped], None],
    guard: Callable[[Video], str] = lambda _: "",
    allowed: str = "",
    task: TaskRecipe = TaskRecipe(),  # noqa: B008 - it is frozen
    forecast: Forecast | None = None,
) -> Iterator[Clip]:
    """The clips of a split of several sources, in a fixed order; truths are learnt as the videos pass.

    For the task `qa` a clip is a whole video and one of its questions; else a window of a video.

    A video that a source cannot give goes to `skipped`, and so does one that leaks: `guard` says which test
    split holds it, "" for none. `allowed` is the reason to take those too; it stands in their clips.
    `forecast` learns how many videos there are and what they are cut into. Raises ConfigError, as sources do.
    """
    forecast = forecast or Forecast()
    videos = _videos(sources, split, truths, skipped, guard, allowed, forecast)
    for clip in pose(videos, task, skipped) if task.kind == "qa" else _cut(videos, windows, task):
        forecast.made()
        yield clip


def _cut(videos: Iterable[tuple[Video, str]], windows: Windows, task: TaskRecipe) -> Iterator[Clip]:
    for video, leak in videos:
        yield from cut(video, windows.length, windows.overlap, leak, task.kind)


def _videos(  # noqa: PLR0913, PLR0917 - as for `clips`
    sources: Iterable[Source],
    split: str,
    truths: Truths,
    skipped: Callable[[Skipped], None],
    guard: Callable[[Video], str],
    allowed: str,
    forecast: Forecast,
) -> Iterator[tuple[Video, str]]:
    """The videos that can be used, each with what is to be said of its leak, "" for none."""
    every = tuple(sources)
    for place, source in enumerate(every, 1):
        videos = source.videos(split)
        forecast.begin(length_hint(videos), last=place == len(every))
        for video in videos:
            if isinstance(video, Skipped):
                skipped(video)
            elif (leaks_from := guard(video)) and not allowed:
                skipped(_leaking(video, leaks_from))
            else:
                truths.learn(video)
                yield video, f"{leaks_from}; allowed: {allowed}" if leaks_from else ""
            forecast.passed()


def _leaking(video: Video, held_by: str) -> Skipped:
    said = f"in the {held_by}; --allow-leaks REASON takes it all the same"
    return Skipped(id=video.id, source=video.source, reason="leaks test data", detail=said)


def _clip(video: Video, start: float, end: float, leak: str, task: Task) -> Clip:
    return Clip(
        id=_id(video, start, end),
        source=video.source,
        video=video.id,
        split=video.split,
        path=video.path,
        mark=video.mark,
        start=start,
        end=end,
        duration=video.duration,
        classes=video.classes,
        common=video.common,
        leak=leak,
        task=task,
    )


def _moved(clip: Clip, video: Video, start: float, end: float) -> Clip:
    """Another window of the same video: a copy takes half as long as a clip of which all is looked at again."""
    return clip.model_copy(update={"id": _id(video, start, end), "start": start, "end": end})


def _id(video: Video, start: float, end: float) -> str:
    whole = start <= 0 and end >= video.duration
    if whole and "@" not in video.id:  # else the video "a@0-60" and a window of the video "a" would share a name
        return f"{video.source}/{video.id}"
    return f"{video.source}/{video.id}@{_spelt(start)}-{_spelt(end)}"


def _spelt(seconds: float) -> str:
    """At most a millisecond's digits, none that say nothing: 60, 72.5, 30359.967."""
    return f"{seconds:.3f}".rstrip("0").rstrip(".")

"""From what a dataset writes to what rocot knows: seconds, sorted spans, common labels, and a word on every change."""

from dataclasses import dataclass

from rocot.core.span import Span, union
from rocot.core.truth import NORMAL
from rocot.sources.known.annotated import Annotated
from rocot.sources.known.dataset import Counting, Dataset
from rocot.sources.manifest.entry import Entry, Measured

SLACK = 0.6
"""Seconds by which a length in the annotations may miss the video's: UCA rounds so far (data of 1,854 videos)."""


NOISE = 0.001
"""Seconds. N frames over a rate and a container's duration of the same N frames differ by less, for rounding."""


@dataclass(frozen=True)
class Found:
    """What was read from a video's file."""

    path: str
    """Relative to the folder of videos (POSIX)."""
    fps: float | None
    frames: int | None
    duration: float
    """Seconds."""
    mark: str
    sha256: str
    hashes: tuple[str, ...]


def settle(said: Annotated, about: Dataset, found: Found | None) -> Entry:
    """The record of a video; `found` where its file was."""
    split = about.split(said.split)
    fps, frames, duration, measured = _length(said, about.counting, found)
    corrections = [*said.corrections, *_mismatch(said, about.counting, found)]
    spans = _spans(said, about.counting, found, corrections)
    return Entry(
        id=said.id,
        source=about.name,
        video=said.video,
        split=split.common,
        native_split=split.native,
        file=said.file,
        path=found and found.path,
        labels=said.labels,
        common=_common(said.labels, about),
        spans=spans,
        localised=spans is not None,
        intervals=said.intervals,
        counted=about.counting.words,
        fps=fps,
        frames=frames,
        duration=duration,
        measured=measured,
        sha256=found and found.sha256,
        mark=found and found.mark,
        hashes=found.hashes if found else (),
        corrections=tuple(corrections),
        passages=said.passages,
        questions=said.questions,
        said=said.said,
    )


def annotated_duration(said: Annotated, counting: Counting, measured: float | None = None) -> float | None:
    """Seconds, so far as the annotations tell; `measured` is the video's rate, for frames whose rate nobody states."""
    if said.duration is not None:
        return said.duration
    rate = said.fps or counting.fps or measured
    return said.frames / rate if said.frames and rate else None


def _length(
    said: Annotated, counting: Counting, found: Found | None
) -> tuple[float | None, int | None, float | None, Measured]:
    if found is not None:
        return found.fps, found.frames, found.duration, "video"
    duration = annotated_duration(said, counting)
    fps = said.fps or (counting.fps if said.frames else None)
    return fps, said.frames, duration, "annotation" if duration or said.frames else "nothing"


def other_length(said: Annotated, counting: Counting, found: Found) -> float | None:
    """The seconds that the annotations say, where the video lasts another time; None where it does not, or none say.

    As many frames will do as well as as many seconds: over nine hours 29.97 a second, taken for 30, miss 32 s, and a
    copy with half the frames shows the same.
    """
    expected = annotated_duration(said, counting, found.fps)
    if expected is None or abs(expected - found.duration) <= SLACK or _as_many_frames(said, found):
        return None
    return expected


def _as_many_frames(said: Annotated, found: Found) -> bool:
    if not said.frames or not found.frames:
        return False
    return found.duration * abs(said.frames - found.frames) / found.frames <= SLACK


def _mismatch(said: Annotated, counting: Counting, found: Found | None) -> list[str]:
    expected = other_length(said, counting, found) if found else None
    if found is None or expected is None:
        return []
    return [f"the annotation says {expected:.1f} s, the video lasts {found.duration:.1f} s"]


def _common(labels: tuple[str, ...] | None, about: Dataset) -> tuple[str, ...] | None:
    if labels is None:
        return None
    return tuple(dict.fromkeys(label if label == NORMAL else about.classes[label] for label in labels))


def _spans(said: Annotated, counting: Counting, found: Found | None, corrections: list[str]) -> tuple[Span, ...] | None:
    if not said.intervals:
        return None if said.intervals is None else ()
    if counting.unit == "seconds":
        spans = _in_seconds(said, counting, found, corrections)
    else:
        rate = _rate(said, counting, found, corrections)
        if not rate:
            corrections.append("the intervals are frames of an unknown rate; seconds need the video")
            return None
        spans = _in_frames(said, counting, rate, found, corrections)
    if not spans:
        corrections.append("no interval is left: not localised")
        return None
    merged = union(spans)
    if len(merged) < len(spans):
        corrections.append(f"{len(spans)} spans overlap or touch and are {len(merged)} now")
    return merged


def _rate(said: Annotated, counting: Counting, found: Found | None, corrections: list[str]) -> float | None:
    """Frames a second that the intervals count.

    A video with as many frames as annotated, and not as many seconds, was made at another rate: its own is right.
    """
    stated = counting.fps or said.fps
    if found is None:
        return stated
    if stated is None:
        return found.fps
    expected = annotated_duration(said, counting)
    if expected is None or abs(expected - found.duration) <= SLACK or not _as_many_frames(said, found) or not found.fps:
        return stated
    corrections.append(f"{found.fps:g} frames a second, as the video has, in place of {stated:g}")
    return found.fps


def _in_seconds(said: Annotated, counting: Counting, found: Found | None, corrections: list[str]) -> list[Span]:
    last = found.duration if found else annotated_duration(said, counting)
    made: list[Span] = []
    for start, end in said.intervals or ():
        low, high = max(start, 0.0), end if last is None else min(end, last)
        if low != start:
            corrections.append(f"span start {start:g} s is 0 now")
        if high != end:
            corrections.append(f"span end {end:g} s clamped to {_told(high)} s")
        made += _span(low, high, f"{start:g} to {end:g} s", corrections)
    return made


def _in_frames(
    said: Annotated, counting: Counting, rate: float, found: Found | None, corrections: list[str]
) -> list[Span]:
    """`last` is the greatest number that may stand for an end: N, or one less where ends count and the first is 0."""
    last = None
    if said.frames:
        last = said.frames + counting.first - (counting.end == "inclusive")
    past = 1 if counting.end == "inclusive" else 0
    duration = found.duration if found else annotated_duration(said, counting)
    made: list[Span] = []
    for start, end in said.intervals or ():
        begin, stop = max(start, counting.first), end if last is None else min(end, last)
        if begin != start:
            corrections.append(f"span start {start:g} is {begin:g} now, the first frame")
        if stop != end:
            corrections.append(f"span end {end:g} clamped to {stop:g}")
        low, high = (begin - counting.first) / rate, (stop - counting.first + past) / rate
        if duration is not None and high > duration:
            if high - duration > NOISE:
                corrections.append(f"span end at {_told(high)} s clamped to the video's end at {_told(duration)} s")
            high = duration
        made += _span(low, high, f"{start:g} to {end:g}", corrections)
    return made


def _span(low: float, high: float, written: str, corrections: list[str]) -> list[Span]:
    if low < high:
        return [Span(start=low, end=high)]
    corrections.append(f"span {written} is empty or past the end: dropped")
    return []


def _told(seconds: float) -> str:
    """To a tenth of a millisecond, since annotations round to whole ones."""
    return f"{seconds:.4f}".rstrip("0").rstrip(".")

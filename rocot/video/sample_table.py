"""The sample tables of an MP4 or MOV file (ISO/IEC 14496-12, 8.6 and 8.7), read straight from its `moov` box.

A minute of 25 frames a second is 30 kB of tables and a millisecond; going through its packets would read the file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from rocot.video.boxes import Box, movie_box

Integers: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]

MOST_SAMPLES = 10_000_000
"""A hundred hours at 25 frames a second are nine million."""
_FARTHEST = 1 << 28
"""Ticks between decoding and presentation; FFmpeg disregards a table that says more."""
_NORMAL_RATE = 0x10000
"""An edit that plays at the usual speed, in 16.16 bits."""


@dataclass(frozen=True)
class SampleTable:
    """The samples of one track in the order of decoding, a coded picture each; times in ticks of the track."""

    offsets: Integers
    """Bytes from the start of the file."""
    sizes: Integers
    """Bytes."""
    decoding: Integers
    """When each is decoded."""
    presentation: Integers
    """When each appears; no two at once."""
    keys: Flags
    """Whether decoding may start there."""
    shown: Flags
    """Whether the edit list shows it."""


def sample_table(path: Path, track: int, tick: Fraction) -> SampleTable | None:
    """The tables of a track, by its id and the seconds of its tick.

    None where they do not tell the whole: fragments, several edits, edits at another speed, several codings in a
    track, tables that contradict one another. FFmpeg knows what to make of those. Raises OSError.
    """
    with path.open("rb") as file:
        movie = movie_box(file)
    if movie is None or movie.box(b"mvex") is not None:
        return None
    try:
        found = _track(movie, track)
        return None if found is None else _tables(movie, found, tick)
    except (_Unclear, IndexError):
        return None


class _Unclear(ValueError):  # noqa: N818 - the way out of a parser, caught above
    """The tables leave something open."""


def _track(movie: Box, wanted: int) -> Box | None:
    for track in movie.boxes():
        head = track.box(b"tkhd") if track.kind == b"trak" else None
        if head is not None and _word(head.content, 20 if head.content[0] == 1 else 12) == wanted:
            return track
    return None


def _tables(movie: Box, track: Box, tick: Fraction) -> SampleTable:
    second = _second(_inner(track, b"mdia", b"mdhd"))
    tables = _inner(track, b"mdia", b"minf", b"stbl")
    sizes = _sizes(_inner(tables, b"stsz"))
    count = len(sizes)
    if not count or Fraction(1, max(1, second)) != tick:
        raise _Unclear
    decoding = _decoding(_inner(tables, b"stts"), count)
    presentation = decoding + _shifts(tables.box(b"ctts"), count)
    if not np.diff(np.sort(presentation)).all():  # np.unique would load numpy.ma, which costs 8 ms
        raise _Unclear
    return SampleTable(
        offsets=_offsets(tables, sizes),
        sizes=sizes,
        decoding=decoding,
        presentation=presentation,
        keys=_keys(tables.box(b"stss"), count),
        shown=_shown(track.box(b"edts", b"elst"), presentation, second, _second(_inner(movie, b"mvhd"))),
    )


def _sizes(box: Box) -> Integers:
    alike, count = _word(box.content, 4), _word(box.content, 8)
    if count > MOST_SAMPLES:
        raise _Unclear
    return np.full(count, alike, np.int64) if alike else _words(box.content, 12, count).astype(np.int64)


def _decoding(box: Box, count: int) -> Integers:
    counts, steps = _runs(box, count)
    if steps.max() >= 1 << 31:  # FFmpeg reads these as negative, and mends them
        raise _Unclear
    ends = np.cumsum(np.repeat(steps, counts))
    return np.concatenate([np.zeros(1, np.int64), ends[:-1]])


def _shifts(box: Box | None, count: int) -> Integers:
    if box is None:
        return np.zeros(count, np.int64)
    counts, unsigned = _runs(box, count)
    shifts = unsigned.astype(np.uint32).astype(np.int32).astype(np.int64)  # signed whatever the version, as in FFmpeg
    if np.abs(shifts).max() > _FARTHEST:
        raise _Unclear
    return np.repeat(shifts, counts)


def _runs(box: Box, count: int) -> tuple[Integers, Integers]:
    """How many samples have which value, one after the other; together all samples."""
    rows = _words(box.content, 8, 2 * _word(box.content, 4)).astype(np.int64).reshape(-1, 2)
    if int(rows[:, 0].sum()) != count or (rows[:, 0] == 0).any():
        raise _Unclear
    return rows[:, 0], rows[:, 1]


def _keys(box: Box | None, count: int) -> Flags:
    if box is None:
        return np.ones(count, np.bool_)
    numbers = _words(box.content, 8, _word(box.content, 4)).astype(np.int64) - 1
    if not len(numbers) or numbers.min() < 0 or numbers.max() >= count:
        raise _Unclear
    keys = np.zeros(count, np.bool_)
    keys[numbers] = True
    return keys


def _offsets(tables: Box, sizes: Integers) -> Integers:
    short, long = tables.box(b"stco"), tables.box(b"co64")
    if short is not None:
        chunks = _words(short.content, 8, _word(short.content, 4)).astype(np.int64)
    elif long is not None:
        chunks = _words(long.content, 8, 2 * _word(long.content, 4)).view(">u8").astype(np.int64)
    else:
        raise _Unclear
    members = _members(_inner(tables, b"stsc"), len(chunks), len(sizes))
    before = np.cumsum(sizes) - sizes
    firsts = np.cumsum(members) - members
    offsets: Integers = np.repeat(chunks - before[firsts], members) + before
    if offsets.min() < 0:
        raise _Unclear
    return offsets


def _members(box: Box, chunks: int, samples: int) -> Integers:
    """How many samples each chunk holds."""
    rows = _words(box.content, 8, 3 * _word(box.content, 4)).astype(np.int64).reshape(-1, 3)
    starts = rows[:, 0] - 1
    if not len(rows) or starts[0] != 0 or (rows[:, 2] != 1).any() or (rows[:, 1] == 0).any():
        raise _Unclear
    lengths = np.diff(np.append(starts, chunks))
    if (lengths <= 0).any() or int((lengths * rows[:, 1]).sum()) != samples:
        raise _Unclear
    return np.repeat(rows[:, 1], lengths)


def _shown(box: Box | None, presentation: Integers, second: int, movie_second: int) -> Flags:
    """Those from the edit's start on, before its end. Empty edits ahead of it only delay the whole."""
    if box is None:
        return np.ones(len(presentation), np.bool_)
    edits = list(_edits(box.content))
    while edits and edits[0][1] == -1:
        edits.pop(0)
    if len(edits) != 1 or not edits[0][0] or edits[0][1] < 0 or edits[0][2] != _NORMAL_RATE or not movie_second:
        raise _Unclear
    length, start, _ = edits[0]
    end = start + (length * second + movie_second // 2) // movie_second
    return (presentation >= start) & (presentation < end)


def _edits(content: memoryview) -> Iterator[tuple[int, int, int]]:
    """Of each edit its length in ticks of the movie, its start in ticks of the track, its speed."""
    wide = 8 if content[0] == 1 else 4
    for at in range(8, 8 + _word(content, 4) * (2 * wide + 4), 2 * wide + 4):
        if at + 2 * wide + 4 > len(content):
            raise _Unclear
        start = int.from_bytes(content[at + wide : at + 2 * wide], "big", signed=True)
        yield int.from_bytes(content[at : at + wide], "big"), start, _word(content, at + 2 * wide)


def _inner(box: Box, *path: bytes) -> Box:
    found = box.box(*path)
    if found is None:
        raise _Unclear
    return found


def _second(head: Box) -> int:
    """Ticks a second, of `mvhd` and `mdhd`."""
    return _word(head.content, 20 if head.content[0] == 1 else 12)


def _word(content: memoryview, at: int) -> int:
    if at + 4 > len(content):
        raise _Unclear
    return int.from_bytes(content[at : at + 4], "big")


def _words(content: memoryview, at: int, count: int) -> npt.NDArray[np.uint32]:
    if at + 4 * count > len(content):
        raise _Unclear
    return np.frombuffer(content, ">u4", count, at)

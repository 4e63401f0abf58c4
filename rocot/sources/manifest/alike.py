"""The same footage in two files: equal files, and copies that were coded anew, resized, framed or cut at one end.

Not known are copies that were cut at both ends, mirrored, cropped, slowed down, or overlaid with large text.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from rocot.sources.manifest.entry import Entry
from rocot.sources.manifest.fingerprint import OFFSETS, numbers

NEAR = 4
"""Bits of 64 by which two hashes of one frame may differ. Of 560 frames of copies (coded anew at crf 38 or as MPEG-4,
resized, stretched, framed, brightened) all differ by no more; of 240 pairs of frames at one time of two scenes in one
place, seen by one camera in one light, 20% (benchmarks/alike.py)."""
FEWEST = 4
"""Frames that must be there in both files to be compared at all: a video of 8 seconds has three at each end."""
STRAY = 6
"""One frame in so many may disagree."""
SAME_LENGTH = 0.5
"""Seconds by which the lengths of copies differ where the pictures alone do not tell."""
_ROWS = 64
"""Videos that are compared with all others at a time: 10,000 others take 5 MB for each of a few tables."""
_NEITHER = (0x5555555555555555, 0xAAAAAAAAAAAAAAAA)
"""Stand for a hash that is not there, on either side: they differ by 64 bits, and from any picture's by many."""

_Hashes = npt.NDArray[np.uint64]
_HEAD = slice(0, len(OFFSETS))
_TAIL = slice(len(OFFSETS), 2 * len(OFFSETS))
_BOTH = slice(0, 2 * len(OFFSETS))


def alike(first: Sequence[Entry], second: Sequence[Entry]) -> Iterator[tuple[int, int, str]]:
    """Which of the first are the same footage as which of the second, by their numbers, and how that is known.

    Frames at the same time from the start, or from the end, or from both, must agree: at least `FEWEST`, and all but
    one in `STRAY`. Where nothing moves before a fixed camera it looks the same on any day; there the files must agree
    from both ends, and be of the same length.
    """
    for at, number in _equal(first, second):
        yield at, number, "the same file"
    for at, number in _candidates(_table(first, _NEITHER[0]), _table(second, _NEITHER[1])):
        if first[at].sha256 != second[number].sha256:
            how = _how(first[at], second[number])
            if how:
                yield at, number, how


def _equal(first: Sequence[Entry], second: Sequence[Entry]) -> Iterator[tuple[int, int]]:
    files: dict[str, list[int]] = {}
    for number, entry in enumerate(second):
        if entry.sha256:
            files.setdefault(entry.sha256, []).append(number)
    for at, entry in enumerate(first):
        yield from ((at, number) for number in files.get(entry.sha256 or "", ()))


def _table(entries: Sequence[Entry], nothing: int) -> _Hashes:
    table = np.full((len(entries), 2 * len(OFFSETS)), nothing, np.uint64)
    for row, entry in zip(table, entries, strict=True):
        if len(entry.hashes) == len(row):
            row[:] = [value or nothing for value in numbers(entry.hashes)]
    return table


def _candidates(first: _Hashes, second: _Hashes) -> Iterator[tuple[int, int]]:
    """The pairs of which enough frames are near one another, whatever the others."""
    columns = [np.ascontiguousarray(second[:, at]) for at in range(second.shape[1])]
    for start in range(0, len(first), _ROWS):
        some = first[start : start + _ROWS]
        head = _near(some, columns, _HEAD)
        tail = _near(some, columns, _TAIL)
        enough = (head >= FEWEST) | (tail >= FEWEST) | (head + tail >= FEWEST)
        for row, number in np.argwhere(enough):
            yield start + int(row), int(number)


def _near(some: _Hashes, columns: Sequence[_Hashes], part: slice) -> npt.NDArray[np.uint8]:
    """How many frames of a part are near one another, for each pair."""
    count = np.zeros((len(some), len(columns[0])), np.uint8)
    for at in range(part.start, part.stop):
        count += np.bitwise_count(some[:, at, None] ^ columns[at][None, :]) <= NEAR
    return count


def _how(one: Entry, other: Entry) -> str:
    """How two files are known to be the same footage; "" where they are not."""
    bits = [
        (left ^ right).bit_count() if left and right else None
        for left, right in zip(numbers(one.hashes), numbers(other.hashes), strict=True)
    ]
    head, tail, both = (_agree(bits[part]) for part in (_HEAD, _TAIL, _BOTH))
    found = both or head or tail
    if found is None or (_still(one) and not (both and _same_length(one, other))):
        return ""
    agreeing, there = found
    where = "" if both else " from the start" if head else " from the end"
    return f"{agreeing} of {there} frames agree{where}"


def _agree(bits: Sequence[int | None]) -> tuple[int, int] | None:
    """How many frames agree of how many that both have; None where that is too few."""
    there = [each for each in bits if each is not None]
    agreeing = sum(each <= NEAR for each in there)
    if len(there) < FEWEST or agreeing < len(there) - len(there) // STRAY:
        return None
    return agreeing, len(there)


def _still(entry: Entry) -> bool:
    """Whether its frames can hardly be told from one another."""
    there = [value for value in numbers(entry.hashes) if value]
    return all((value ^ there[0]).bit_count() <= NEAR for value in there)


def _same_length(one: Entry, other: Entry) -> bool:
    if one.duration is None or other.duration is None:
        return False
    return abs(one.duration - other.duration) <= SAME_LENGTH

"""Frame labels kept as NumPy arrays: one value a frame, read without numpy.load, whose pickles run code."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rocot.sources.known.files import Files

MAGIC = b"\x93NUMPY"
MOST_FRAMES = 10_000_000
"""In one video: 92 hours at 30 a second. The longest array known has 143,920."""

_HEADER = re.compile(
    rb"\{'descr': '(?P<kind>\|[biu]1|[<>][iuf][248])', "
    rb"'fortran_order': (?:True|False), 'shape': \((?P<frames>[0-9]{1,9}),\),? *\}\s*"
)
"""What numpy.save writes of an array of numbers with one dimension."""


def is_array(files: Files, path: Path) -> bool:
    """Whether a file begins as NumPy's do, whatever its name says."""
    return files.bytes(path).startswith(MAGIC)


def marked(files: Files, path: Path) -> NDArray[np.bool_] | None:
    """Which frames are marked 1, of a file with 0 or 1 a frame; None where it is something else, a fault then."""
    try:
        return _marked(files.bytes(path))
    except ValueError as error:
        files.fault(files.name(path), 0, str(error))
        return None


def runs(frames: NDArray[np.bool_]) -> tuple[tuple[int, int], ...]:
    """The stretches of marked frames, from 0, the end left out."""
    edges = np.flatnonzero(np.diff(frames.astype(np.int8), prepend=0, append=0))
    return tuple((int(start), int(end)) for start, end in pairwise(edges) if frames[start])


def _marked(data: bytes) -> NDArray[np.bool_]:
    """Raises ValueError with what is wrong."""
    if not data.startswith(MAGIC):
        raise ValueError("not a NumPy array; is this the right file?")
    size = 2 if data[6:7] == b"\x01" else 4
    begin = 8 + size
    end = begin + int.from_bytes(data[8:begin], "little")
    header = _HEADER.fullmatch(data[begin:end])
    if header is None:
        raise ValueError("want a NumPy array with one number a frame")
    kind, frames = np.dtype(header["kind"].decode()), int(header["frames"])
    if not 0 < frames <= MOST_FRAMES:
        raise ValueError(f"{frames:,} frames; want 1 to {MOST_FRAMES:,}")
    if len(data) - end != frames * kind.itemsize:
        raise ValueError(f"{len(data) - end:,} bytes for {frames:,} frames; the file is cut off, or damaged")
    values = np.frombuffer(data, dtype=kind, offset=end)
    ones: NDArray[np.bool_] = np.equal(values, 1)
    if not np.logical_or(ones, np.equal(values, 0)).all():
        raise ValueError("want 0 or 1 for every frame")
    return ones

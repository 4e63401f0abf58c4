"""The boxes of an ISO base media file (ISO/IEC 14496-12, 4.2): length, four letters, content, one in another."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MOST_BYTES = 256 * 1024 * 1024
"""Of one `moov` box; 100 hours at 25 frames a second take about 150 MB."""


@dataclass(frozen=True)
class Box:
    """A box in memory."""

    kind: bytes
    content: memoryview

    def boxes(self, skip: int = 0) -> Iterator["Box"]:
        """The boxes in it, from `skip` bytes on; ends at the first that does not fit."""
        at = skip
        while at + 8 <= len(self.content):
            head = self.content[at : at + 16]
            size, start = _extent(bytes(head), len(self.content) - at)
            if size < start or at + size > len(self.content):
                return
            yield Box(bytes(head[4:8]), self.content[at + start : at + size])
            at += size

    def box(self, *path: bytes) -> "Box | None":
        """The first box at that path, None where there is none."""
        found: Box | None = self
        for kind in path:
            found = next((inner for inner in found.boxes() if inner.kind == kind), None) if found else None
        return found


def movie_box(file: BinaryIO) -> Box | None:
    """The `moov` box of a file that holds no fragments; None where it has some, or no such box, or a huge one."""
    end = file.seek(0, os.SEEK_END)
    at, movie = 0, None
    while at + 8 <= end:
        file.seek(at)
        head = file.read(16)
        size, start = _extent(head, end - at)
        kind = head[4:8]
        if size < start or kind == b"moof":
            return None
        if kind == b"moov" and movie is None:
            if at + size > end or size > MOST_BYTES:
                return None
            file.seek(at + start)
            movie = Box(kind, memoryview(file.read(size - start)))
        at += size
    return movie


def _extent(head: bytes, left: int) -> tuple[int, int]:
    """The size of a box and where its content starts, both in bytes from its first; size 0 is `to the end`."""
    size = int.from_bytes(head[:4], "big")
    if size == 1:
        return int.from_bytes(head[8:16], "big"), 16
    return size or left, 8

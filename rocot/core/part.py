"""A part of a run: the share of its source videos that one store works on, so that many machines share a run.

Which part a video belongs to follows from its name alone: no part knows of another, none overlaps, and together they
are the run. All clips of a video are in its part.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Self

from pydantic import Field, model_validator

from rocot.core.record import Record

MOST = 100_000
"""Parts of one run."""
_SPELT = re.compile(r"([0-9]{1,6})(?:/|-of-)([0-9]{1,6})", re.ASCII)


class Part(Record):
    """One of the parts of a run."""

    number: int = Field(ge=1, le=MOST)
    """From 1 on."""
    of: int = Field(ge=1, le=MOST)
    """How many there are."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.number > self.of:
            raise ValueError(f"part {self.number} of {self.of} is none of them")
        return self

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `3/8`. Raises ValueError, as pydantic's ValidationError is one."""
        found = _SPELT.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"no part: {text[:40]!r}")
        return cls(number=int(found[1]), of=int(found[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def words(self) -> str:
        """`part 3 of 8`."""
        return f"part {self.number} of {self.of}"

    @property
    def suffix(self) -> str:
        """What the name of its folder ends with."""
        return f"-part-{self.number}-of-{self.of}"

    def holds(self, source: str, video: str) -> bool:
        """Whether a video, by its id within its source, belongs to this part."""
        return number_of(place_of(source, video), self.of) == self.number


@dataclass(frozen=True)
class Census:
    """What a part saw when it listed a split to its end."""

    videos: int
    """In the whole split, those that cannot be used among them."""
    own: int
    """Of these, the part's."""
    digest: str
    """sha256 of the names of all videos of the split, in their order."""


def place_of(source: str, video: str) -> int:
    """The first 8 bytes of sha256 of `<source>/<video>` as UTF-8, big-endian: the same on every machine, for ever."""
    return int.from_bytes(hashlib.sha256(f"{source}/{video}".encode("utf-8", "replace")).digest()[:8], "big")


def number_of(place: int, parts: int) -> int:
    """The part that a place falls into, 1 to `parts`. The remainder of 2^64 leans by less than 10^-14."""
    return place % parts + 1

"""Which videos of a listing are a part's: told by name, before any file is opened."""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from rocot.core.part import Census, Part

Takes: TypeAlias = Callable[[str], bool]
"""Whether a source is to give a video, by its id. It asks once for each video of a split, in its order."""


def every(_: str) -> bool:
    """Of a run without parts."""
    return True


class Share:
    """One listing of a split, as a part goes over it. It learns how many videos there are, so that a merge can add up.

    Parts that see other videos, since a folder was not copied whole, say, come to another digest, and are told apart.
    """

    def __init__(self, part: Part, *, whole: bool = False) -> None:
        """With `whole` all videos are given all the same: what is asked is chosen among all of them."""
        self.part = part
        self.whole = whole
        self._videos = self._own = 0
        self._digest = hashlib.sha256()

    def of(self, source: str) -> Takes:
        """What a source asks."""
        return partial(self._takes, source)

    def _takes(self, source: str, video: str) -> bool:
        own = self.part.holds(source, video)
        self._videos += 1
        self._own += own
        self._digest.update(f"{source}/{video}\n".encode("utf-8", "replace"))
        return own or self.whole

    @property
    def census(self) -> Census:
        """What was told so far; of all sources, once the listing has come to its end."""
        return Census(self._videos, self._own, self._digest.hexdigest())

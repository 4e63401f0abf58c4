"""Tombstones: videos and clips that somebody asked to have taken out, and that are never made again."""

from collections.abc import Collection
from typing import Annotated

from pydantic import Field

from rocot.core.record import Record

MOST_REASON = 500
"""Characters."""


class Withdrawn(Record):
    """One of them."""

    id: Annotated[str, Field(min_length=1, max_length=500)]
    """A source video, `<source>/<video>`, which takes all its clips along, or one clip."""
    reason: str = Field(default="", max_length=MOST_REASON)
    """For the keeper of the recipe; it is not published."""


def covers(ids: Collection[str], source: str, video: str, clip: str) -> bool:
    """Whether a clip is withdrawn, by itself or with its video."""
    return clip in ids or f"{source}/{video}" in ids

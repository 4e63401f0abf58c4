"""A source without the videos that somebody asked to have taken out; they are told as skipped."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from operator import length_hint

from rocot.sources.listing import Counted
from rocot.sources.protocol import Skipped, Source, Video

REASON = "withdrawn"


@dataclass(frozen=True)
class Without:
    """A source less some of its videos. Implements `Source`."""

    source: Source
    ids: Collection[str]
    """`<source>/<video>`; ids of clips may stand among them."""

    @property
    def name(self) -> str:
        """The source's own."""
        return self.source.name

    def videos(self, split: str) -> Iterator[Video | Skipped]:
        """As many as the source has: those that are withdrawn come as skipped."""
        videos = self.source.videos(split)
        return Counted(self._told(videos), length_hint(videos))

    def _told(self, videos: Iterator[Video | Skipped]) -> Iterator[Video | Skipped]:
        for video in videos:
            gone = isinstance(video, Video) and f"{video.source}/{video.id}" in self.ids
            yield skipped(video.id, video.source) if gone else video


def skipped(name: str, source: str) -> Skipped:
    """What is told of a video or clip that is not made again."""
    return Skipped(id=name, source=source, reason=REASON, detail="taken out by `rocot withdraw`, and not made again")

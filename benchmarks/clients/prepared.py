"""Clips and frames for rocot as a client of benchmarks: one long video whose frames were decoded before."""

from collections.abc import Iterator, Sequence

from benchmarks.clients.work import CLASSES, LENGTH
from rocot.core.clip import Clip
from rocot.core.motion import Packets
from rocot.core.reflection import Frame
from rocot.video.protocol import Sampled


class Prepared:
    """Frames that were decoded before the clock starts: decoding is measured elsewhere."""

    def __init__(self, digests: Sequence[Sequence[str]]) -> None:
        """`digests` are those of the frames of the first clips; further clips show theirs again."""
        self._digests = digests

    async def sample(
        self, clip: Clip, times: Sequence[float], *, tolerance: float = 0.0, salvage: bool = False
    ) -> Sampled:
        """The frames of a clip."""
        pairs = zip(times, self._digests[int(clip.start / LENGTH) % len(self._digests)], strict=True)
        return Sampled(tuple(Frame(time=time, digest=digest, width=320, height=240) for time, digest in pairs))

    async def packets(self, clip: Clip, margin: float) -> Packets:
        """None: the recipe samples evenly."""
        raise NotImplementedError


def listing(clips: int, source: str) -> Iterator[Clip]:
    """So many windows of one video. Each has times of its own: two clips that ask the same are asked once."""
    return (
        Clip(
            id=f"{source}/{number:06d}",
            source=source,
            video="long",
            split="train",
            mark="m",
            start=number * LENGTH,
            end=(number + 1) * LENGTH,
            duration=clips * LENGTH,
            classes=CLASSES,
        )
        for number in range(clips)
    )

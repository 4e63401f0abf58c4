"""Frames of clips: decoded beside the event loop, kept as JPEG under their digests, made again where they are lost."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, TypeVar

from rocot.core.clip import Clip
from rocot.core.motion import Packets
from rocot.core.reflection import About, Frame, Framed
from rocot.errors import VideoError
from rocot.video.mark import mark_of
from rocot.video.protocol import FrameReader, Look, Sampled, Taken

T = TypeVar("T")

FINDERS = 4
"""Threads that read the cache: 32 frames take 1 ms of one where the disk's pages lie in memory."""


class Blobs(Protocol):
    """Bytes by their sha256; called from several threads at once."""

    def put(self, data: bytes, /) -> str:
        """Keeps the bytes, and gives the 64 hexadecimal digits under which they lie. Raises StoreError."""

    def get(self, digest: str, /) -> bytes | None:
        """The bytes, None where there are none that have this digest."""


def _here(_: Path) -> None:
    """All files are on this machine."""


class Frames:
    """Samples clips, and finds the pixels again (`Samples`, and the `Pictures` of teachers).

    Decoding takes `threads` threads of its own, so the event loop and its default threads stay free; a cancelled
    call gives up its place in the queue, and a decoder at work ends its video first. Frames that lie in the cache are
    read by other threads: a call whose frames are there never queues behind videos that wait to be decoded.
    """

    def __init__(
        self, reader: FrameReader, blobs: Blobs, look: Look, threads: int, bring: Callable[[Path], None] = _here
    ) -> None:
        """`bring` is called in those threads before a file is opened that may lie elsewhere so far."""
        self._reader = reader
        self._blobs = blobs
        self._look = look
        self._bring = bring
        self._decoding = ThreadPoolExecutor(threads, thread_name_prefix="frames")
        self._finding = ThreadPoolExecutor(FINDERS, thread_name_prefix="cached-frames")

    async def sample(
        self, clip: Clip, times: Sequence[float], *, tolerance: float = 0.0, salvage: bool = False
    ) -> Sampled:
        """The frames on screen at the asked times (seconds, ascending), each once, with their true times.

        Raises VideoError: the reader's, `file changed` when the file is no longer the one that was listed.
        """
        return await _in(self._decoding, lambda: self._sample(clip, times, tolerance, salvage))

    async def packets(self, clip: Clip, margin: float) -> Packets:
        """See `Samples.packets`. Raises VideoError as `sample`."""
        return await _in(self._decoding, lambda: self._packets(clip, margin))

    async def load(self, item: About) -> Mapping[str, bytes]:
        """The JPEG of every frame, by digest. What is missing or damaged is decoded again.

        Raises VideoError: as `sample`; `frames changed` when decoding gives other bytes than those that were sampled
        (another FFmpeg, say), `frames lost` when the file's place is not known any more.
        """
        pictures = await _in(self._finding, lambda: self._found(item))
        lost = sorted((frame for frame in item.shown if frame.digest not in pictures), key=lambda frame: frame.time)
        if lost:
            pictures |= await _in(self._decoding, lambda: self._made_again(item, lost))
        return pictures

    def drop(self) -> None:
        """Drops what waits, and begins nothing more."""
        self._shut(wait=False)

    def close(self) -> None:
        """Drops what waits, and waits for what runs."""
        self._shut(wait=True)

    def _shut(self, *, wait: bool) -> None:
        for threads in (self._decoding, self._finding):
            threads.shutdown(wait=wait, cancel_futures=True)

    def _sample(self, clip: Clip, times: Sequence[float], tolerance: float, salvage: bool) -> Sampled:
        taken = self._read(clip, times, tolerance=tolerance, salvage=salvage)
        stills = {still.time: still for still in taken.stills}
        frames = tuple(
            Frame(time=still.time, digest=self._blobs.put(still.jpeg), width=still.width, height=still.height)
            for still in stills.values()
        )
        return Sampled(frames, taken.lost)

    def _packets(self, clip: Clip, margin: float) -> Packets:
        path = self._listed(clip)
        return self._reader.packets(path, max(0.0, clip.start - margin), clip.end + margin)

    def _found(self, item: About) -> dict[str, bytes]:
        found = {frame.digest: self._blobs.get(frame.digest) for frame in item.shown}
        return {digest: data for digest, data in found.items() if data is not None}

    def _made_again(self, item: About, lost: Sequence[Frame]) -> dict[str, bytes]:
        if not isinstance(item, Framed) or not item.path:
            raise VideoError(
                "frames lost", f"{len(lost)} frames of {item.id} are not in the cache, nor is its file known"
            )
        # Of a damaged file too: each frame is asked for by its own time, and its digest tells whether it is the one.
        taken = self._read(item, [frame.time for frame in lost], salvage=True)
        if taken.lost:
            raise VideoError("frames lost", f"{item.id}: the file gives no frame at {taken.lost[0]:.3f} s any more")
        for frame, still in zip(lost, taken.stills, strict=True):
            if self._blobs.put(still.jpeg) != frame.digest:
                raise VideoError("frames changed", f"{item.id}: the frame at {frame.time:.3f} s has other bytes now")
        return {frame.digest: still.jpeg for frame, still in zip(lost, taken.stills, strict=True)}

    def _read(self, clip: Clip, times: Sequence[float], *, tolerance: float = 0.0, salvage: bool = False) -> Taken:
        return self._reader.read(self._listed(clip), times, self._look, tolerance=tolerance, salvage=salvage)

    def _listed(self, clip: Clip) -> Path:
        """The clip's file, as it was listed."""
        path = Path(clip.path)
        self._bring(path)
        if mark_of(path) != clip.mark:
            raise VideoError("file changed", f"{path.name} is not the file that was listed; start a new run for it")
        return path


async def _in(threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(threads, work)

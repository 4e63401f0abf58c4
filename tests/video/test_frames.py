"""Frames of clips: kept by digest, made again where they are lost, decoded beside the event loop."""

import asyncio
import hashlib
import threading
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from rocot.core.clip import Clip
from rocot.core.motion import Packets
from rocot.core.reflection import Framed, Relooked
from rocot.engine.blobs import Blobs as OnDisk
from rocot.errors import VideoError
from rocot.video.av_reader import AvReader
from rocot.video.frames import Frames
from rocot.video.mark import mark_of
from rocot.video.protocol import Facts, Look, Sampled, Still, Taken
from tests.builders import answer, said
from tests.contracts.numbered import FPS, film, spelt

LOOK = Look(height=96, quality=85)


class Shelf:
    """Blobs in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, data: bytes, /) -> str:
        digest = hashlib.sha256(data).hexdigest()
        self.kept[digest] = data
        return digest

    def get(self, digest: str, /) -> bytes | None:
        data = self.kept.get(digest)
        return data if data is not None and hashlib.sha256(data).hexdigest() == digest else None


class Slow:
    """A reader that takes its time, and counts how many calls run at once."""

    name = "slow"

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now = self.most = 0

    def probe(self, path: Path, *, salvage: bool = False) -> Facts:
        raise NotImplementedError

    def read(
        self, path: Path, times: Sequence[float], look: Look, *, tolerance: float = 0.0, salvage: bool = False
    ) -> Taken:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.05)
        with self.lock:
            self.now -= 1
        return Taken(tuple(Still(moment, b"jpeg", 2, 2) for moment in times))

    def packets(self, path: Path, start: float, end: float) -> Packets:
        raise NotImplementedError


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def frames(shelf: Shelf) -> AsyncIterator[Frames]:
    frames = Frames(AvReader(), shelf, LOOK, threads=2)
    yield frames
    frames.close()


@pytest.fixture
def clip(tmp_path: Path) -> Clip:
    path = film(tmp_path / "a.mp4").path
    return Clip(
        id="s/a",
        source="s",
        video="a",
        split="train",
        path=str(path),
        mark=mark_of(path),
        start=0,
        end=3,
        duration=3,
        classes=("Normal",),
    )


def remove(clip: Clip) -> None:
    Path(clip.path).unlink()


def damaged(clip: Clip) -> Clip:
    """The clip, of a file whose middle third is zeros."""
    path = Path(clip.path)
    data = bytearray(path.read_bytes())
    third = len(data) // 3
    data[third : 2 * third] = bytes(third)
    path.write_bytes(data)
    return clip.model_copy(update={"mark": mark_of(path)})


def framed(clip: Clip, sampled: Sampled) -> Framed:
    return Framed(**dict(clip), frames=sampled.frames, lost=sampled.lost, reader="av")


async def test_frames_carry_their_true_times(frames: Frames, shelf: Shelf, clip: Clip) -> None:
    sampled = await frames.sample(clip, [0.1, 1.01, 2.99])
    assert [frame.time for frame in sampled.frames] == [2 / FPS, 25 / FPS, 74 / FPS]
    assert [spelt(shelf.kept[frame.digest]) for frame in sampled.frames] == [2, 25, 74]
    assert {(frame.width, frame.height) for frame in sampled.frames} == {(128, 96)}


async def test_times_on_one_frame_give_one_frame(frames: Frames, clip: Clip) -> None:
    assert len((await frames.sample(clip, [0.081, 0.09, 0.1, 0.11, 0.121])).frames) == 2


async def test_pixels_come_from_the_cache(frames: Frames, shelf: Shelf, clip: Clip) -> None:
    item = framed(clip, await frames.sample(clip, [0.5, 1.5]))
    remove(clip)
    assert await frames.load(item) == shelf.kept


async def test_lost_and_damaged_pixels_are_decoded_again(frames: Frames, shelf: Shelf, clip: Clip) -> None:
    item = framed(clip, await frames.sample(clip, [0.5, 1.5, 2.5]))
    whole = dict(shelf.kept)
    first, second, _ = item.frames
    del shelf.kept[first.digest]
    shelf.kept[second.digest] = b"not what it was"
    assert await frames.load(item) == whole
    assert shelf.kept == whole


async def test_the_cache_on_disk_may_be_spoilt_or_deleted(tmp_path: Path, clip: Clip) -> None:
    cache = tmp_path / "cache"
    frames = Frames(AvReader(), OnDisk(cache), LOOK, threads=1)
    item = framed(clip, await frames.sample(clip, [0.5, 1.5, 2.5]))
    whole = await frames.load(item)
    first, second, _ = sorted(cache.rglob("*.jpg"))
    first.write_bytes(b"spoilt")
    second.unlink()
    assert await frames.load(item) == whole
    assert len(list(cache.rglob("*.jpg"))) == 3
    frames.close()


async def test_frames_that_decode_differently_are_not_passed_off(shelf: Shelf, frames: Frames, clip: Clip) -> None:
    item = framed(clip, await frames.sample(clip, [0.5]))
    shelf.kept.clear()
    other = Frames(AvReader(), shelf, Look(height=96, quality=60), threads=1)
    with pytest.raises(VideoError, match=r"0\.480 s") as caught:
        await other.load(item)
    other.close()
    assert caught.value.reason == "frames changed"


async def test_snapped_frames_are_found_again_by_their_own_times(frames: Frames, shelf: Shelf, clip: Clip) -> None:
    sampled = await frames.sample(clip, [0.9, 1.9], tolerance=0.2)
    assert [frame.time for frame in sampled.frames] == [1.0, 2.0]  # key frames
    whole = dict(shelf.kept)
    shelf.kept.clear()
    assert await frames.load(framed(clip, sampled)) == whole


async def test_what_a_salvage_gave_can_be_made_again_and_what_it_lost_is_told(
    frames: Frames, shelf: Shelf, clip: Clip
) -> None:
    torn = damaged(clip)
    times = [0.1, 0.5, 1.3, 1.5, 1.7, 2.9]
    with pytest.raises(VideoError):
        await frames.sample(torn, times)
    sampled = await frames.sample(torn, times, salvage=True)
    assert sampled.lost
    assert len(sampled.frames) + len(sampled.lost) == len(times)
    assert all(spelt(shelf.kept[frame.digest]) == round(frame.time * FPS) for frame in sampled.frames)
    whole = dict(shelf.kept)
    shelf.kept.clear()
    assert await frames.load(framed(torn, sampled)) == whole


async def test_the_frames_of_a_closer_look_are_loaded_with_the_first(frames: Frames, shelf: Shelf, clip: Clip) -> None:
    item = framed(clip, await frames.sample(clip, [0.5, 2.5]))
    closer = await frames.sample(clip, [0.9, 1.1])
    looked = Relooked(**dict(item), question="?", initial=answer(), initial_said=said("1"), relook=closer.frames)
    whole = dict(shelf.kept)
    assert len(whole) == 4
    shelf.kept.clear()
    assert await frames.load(looked) == whole  # in the order of time, whatever look they are of


async def test_another_file_under_the_name_is_refused(frames: Frames, shelf: Shelf, clip: Clip) -> None:
    item = framed(clip, await frames.sample(clip, [0.5]))
    film(Path(clip.path), count=80)
    shelf.kept.clear()
    for work in (frames.sample(clip, [0.5]), frames.load(item)):
        with pytest.raises(VideoError) as caught:
            await work
        assert caught.value.reason == "file changed"


async def test_a_file_that_is_gone_is_unreadable(frames: Frames, clip: Clip) -> None:
    remove(clip)
    with pytest.raises(VideoError) as caught:
        await frames.sample(clip, [0.5])
    assert caught.value.reason == "unreadable"


async def test_an_item_from_the_store_whose_file_is_unknown_says_so(frames: Frames, shelf: Shelf, clip: Clip) -> None:
    item = framed(clip, await frames.sample(clip, [0.5])).model_copy(update={"path": ""})
    assert await frames.load(item) == shelf.kept
    shelf.kept.clear()
    with pytest.raises(VideoError) as caught:
        await frames.load(item)
    assert caught.value.reason == "frames lost"


async def test_decoding_is_bounded_and_leaves_the_event_loop_free(shelf: Shelf, clip: Clip) -> None:
    reader = Slow()
    frames = Frames(reader, shelf, LOOK, threads=3)
    work = asyncio.gather(*(frames.sample(clip, [0.5]) for _ in range(9)))
    turns = 0
    while not work.done():
        await asyncio.sleep(0.005)
        turns += 1
    frames.close()
    assert reader.most == 3
    assert turns >= 10


class Stuck(Slow):
    """A reader whose calls end when they are let."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()

    def read(
        self, path: Path, times: Sequence[float], look: Look, *, tolerance: float = 0.0, salvage: bool = False
    ) -> Taken:
        self.free.wait(20)
        return super().read(path, times, look, tolerance=tolerance, salvage=salvage)


async def test_frames_that_are_there_wait_for_no_decoder(frames: Frames, shelf: Shelf, clip: Clip) -> None:
    item = framed(clip, await frames.sample(clip, [0.5, 1.5]))
    reader = Stuck()
    busy = Frames(reader, shelf, LOOK, threads=2)
    work = asyncio.gather(*(busy.sample(clip, [0.5]) for _ in range(6)))
    await asyncio.sleep(0)
    assert await busy.load(item) == shelf.kept
    assert not work.done()
    reader.free.set()
    await work
    busy.close()

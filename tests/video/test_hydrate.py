"""Recorded frames are made again from the video, bit by bit, or it is said why not."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from rocot.core.motion import Packets
from rocot.errors import VideoError
from rocot.video.av_reader import AvReader
from rocot.video.hydrate import Hydrator, Recorded
from rocot.video.mark import mark_of
from rocot.video.protocol import Facts, Look, Taken
from tests.contracts.numbered import copied, film, spelt
from tests.video.test_frames import Shelf

LOOK = Look(height=96, quality=85)
TIMES = (0.2, 1.0, 2.4)


class Encoder:
    """The real reader with another encoder behind it, or a clock that is off."""

    name = "av"

    def __init__(self, *, late: float = 0.0) -> None:
        self._late = late

    def probe(self, path: Path, *, salvage: bool = False) -> Facts:
        raise NotImplementedError

    def packets(self, path: Path, start: float, end: float) -> Packets:
        raise NotImplementedError

    def read(
        self, path: Path, times: Sequence[float], look: Look, *, tolerance: float = 0.0, salvage: bool = False
    ) -> Taken:
        taken = AvReader().read(path, times, look, tolerance=tolerance, salvage=salvage)
        stills = (replace(one, jpeg=one.jpeg + b"\0", time=one.time + self._late) for one in taken.stills)
        return replace(taken, stills=tuple(stills))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return film(tmp_path / "a.mp4").path


def recorded(path: Path, look: Look = LOOK) -> list[Recorded]:
    stills = AvReader().read(path, TIMES, look).stills
    return [Recorded(still.time, hashlib.sha256(still.jpeg).hexdigest()) for still in stills]


def _not_asked() -> Path | None:
    raise AssertionError("the video is looked for where no frame wants it")


def reason(hydrator: Hydrator, path: Path | None, mark: str, wanted: Sequence[Recorded]) -> str:
    with pytest.raises(VideoError) as caught:
        hydrator.frames(lambda: path, mark, wanted)
    return caught.value.reason


def test_frames_come_back_under_their_digests(path: Path) -> None:
    wanted = recorded(path)
    made = Hydrator(AvReader(), Shelf(), LOOK).frames(lambda: path, mark_of(path), wanted)
    assert {digest: hashlib.sha256(data).hexdigest() for digest, data in made.pictures.items()} == {
        frame.digest: frame.digest for frame in wanted
    }
    assert [spelt(made.pictures[frame.digest]) for frame in wanted] == [5, 25, 60]
    assert not made.nearly


def test_what_was_checked_once_needs_no_video(path: Path) -> None:
    wanted, mark, shelf = recorded(path), mark_of(path), Shelf()
    hydrator = Hydrator(AvReader(), shelf, LOOK)
    hydrator.frames(lambda: path, mark, wanted)
    path.unlink()
    assert hydrator.frames(_not_asked, mark, wanted).pictures == shelf.kept
    shelf.kept.popitem()
    assert reason(hydrator, None, mark, wanted) == "missing file"


def test_a_file_with_another_mark_is_taken_where_its_frames_are_the_same(path: Path, tmp_path: Path) -> None:
    remuxed = tmp_path / "b.mp4"
    copied(film(tmp_path / "c.mp4"), remuxed, muxing={"movflags": "faststart"})
    assert mark_of(remuxed) != mark_of(path)
    wanted = recorded(path)
    made = Hydrator(AvReader(), Shelf(), LOOK).frames(lambda: remuxed, mark_of(path), wanted)
    assert set(made.pictures) == {frame.digest for frame in wanted}


def test_another_encoding_of_the_video_is_told_and_never_taken(path: Path, tmp_path: Path) -> None:
    again = film(tmp_path / "b.mp4", options={"crf": "40", "g": "12"}).path
    for nearly in (False, True):
        shelf = Shelf()
        hydrator = Hydrator(AvReader(), shelf, LOOK, nearly=nearly)
        assert reason(hydrator, again, mark_of(path), recorded(path)) == "another file"


def test_another_jpeg_encoder_is_told_and_taken_where_that_is_wished(path: Path) -> None:
    wanted, mark, shelf = recorded(path), mark_of(path), Shelf()
    assert reason(Hydrator(Encoder(), shelf, LOOK), path, mark, wanted) == "frames differ"
    made = Hydrator(Encoder(), shelf, LOOK, nearly=True).frames(lambda: path, mark, wanted)
    assert made.nearly == {frame.digest for frame in wanted}
    assert [spelt(made.pictures[frame.digest]) for frame in wanted] == [5, 25, 60]
    assert shelf.kept == {}, "the cache holds what it names"


def test_a_frame_of_another_time_is_not_taken_for_nearly_the_same(path: Path) -> None:
    hydrator = Hydrator(Encoder(late=0.04), Shelf(), LOOK, nearly=True)
    assert reason(hydrator, path, mark_of(path), recorded(path)) == "frames moved"


def test_other_settings_of_the_encoder_give_other_frames(path: Path) -> None:
    hydrator = Hydrator(AvReader(), Shelf(), LOOK)
    assert reason(hydrator, path, mark_of(path), recorded(path, Look(height=96, quality=84))) == "frames differ"


def test_a_file_that_is_no_video_is_told(path: Path, tmp_path: Path) -> None:
    wanted, mark = recorded(path), mark_of(path)
    other = tmp_path / "text.mp4"
    other.write_text("no video")
    assert reason(Hydrator(AvReader(), Shelf(), LOOK), other, mark, wanted) == "not a video"

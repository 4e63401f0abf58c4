"""The PyAV reader keeps the contract of frame readers, and is sparing."""

import random
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from rocot.errors import VideoError
from rocot.video.av_reader import AvReader
from rocot.video.container import Opened, VideoPacket, opened
from rocot.video.cursor import WAYS, Astray, Cursor
from rocot.video.protocol import FrameReader, Look
from tests.contracts.films import FILMS, NAMES
from tests.contracts.frame_reader import FrameReaderContract
from tests.contracts.numbered import FPS, GOP, HEIGHT, WIDTH, Film, drawn, edited, film, spelt

LOOK = Look(height=HEIGHT, quality=90)
OPEN_H264 = {"open-gop-pyramid.mp4", "open-gop-bluray.mp4", "open-gop.ts"}
NO_KEY_FRAMES = {"intra-refresh.mp4"}


class TestAvReader(FrameReaderContract):
    @pytest.fixture
    def reader(self) -> FrameReader:
        return AvReader()


@pytest.mark.parametrize("name", sorted(set(NAMES) - OPEN_H264 - NO_KEY_FRAMES))
def test_the_first_way_leads_to_every_frame(tmp_path: Path, name: str) -> None:
    whole = FILMS[name](tmp_path / name)
    for time in whole.middles()[::7]:
        with opened(whole.path) as video:
            found, _ = Cursor(video).show(time)
            assert found == pytest.approx(time, abs=0.126)


@pytest.mark.parametrize("name", sorted(OPEN_H264))
def test_the_second_way_leads_where_h264_looks_behind_its_key_frames(tmp_path: Path, name: str) -> None:
    whole = FILMS[name](tmp_path / name)
    strayed = 0
    for time in whole.middles():
        try:
            with opened(whole.path) as video:
                Cursor(video).show(time)
        except Astray:
            strayed += 1
            with opened(whole.path, strict=False) as video:
                Cursor(video, WAYS[1]).show(time)
    assert strayed


def spoilt(whole: Film, numbers: Sequence[int]) -> None:
    """Noise in the middle of the packets of these frames."""
    data = bytearray(whole.path.read_bytes())
    noise = random.Random(3)
    with av.open(str(whole.path)) as container:
        packets = {round((packet.pts or 0) * packet.time_base * FPS): packet for packet in container.demux(video=0)}
    for number in numbers:
        packet = packets[number]
        middle = (packet.pos or 0) + packet.size // 2
        data[middle : middle + 8] = noise.randbytes(8)
    whole.path.write_bytes(data)


def test_a_strict_decoder_stops_at_the_first_error_and_the_other_at_the_first_marked_frame(tmp_path: Path) -> None:
    whole = film(tmp_path / "a.mp4", options={"g": "75", "bf": "2", "crf": "1"})
    spoilt(whole, range(20, 60))
    for way, cause in ((WAYS[0], FFmpegError), (WAYS[1], type(None))):
        with pytest.raises(VideoError) as caught, opened(whole.path, strict=way.strict) as video:
            Cursor(video, way).show(2.9)
        assert isinstance(caught.value.__cause__, cause)


def test_no_frame_is_shown_that_leans_on_a_damaged_one(tmp_path: Path) -> None:
    whole = film(tmp_path / "a.mp4", options={"g": "75", "bf": "3", "crf": "1", "b_strategy": "0"})
    spoilt(whole, [40])  # a P picture: the three before it on screen are coded after it
    for way in WAYS[:2]:
        for time in (37.5 / FPS, 38.5 / FPS, 39.5 / FPS):
            with pytest.raises(VideoError), opened(whole.path, strict=way.strict) as video:
                Cursor(video, way).show(time)


class Counting(Opened):
    """Counts the packets that are read."""

    read = 0

    def packets(self) -> Iterator[VideoPacket]:
        for packet in super().packets():
            Counting.read += 1
            yield packet


@pytest.mark.parametrize("name", ["one-group-of-many.mp4", "one-group-of-many.mkv", "one-group-of-many.avi"])
def test_no_more_is_read_than_the_groups_that_are_needed(tmp_path: Path, name: str) -> None:
    whole = film(tmp_path / name, count=300, options={"g": "10", "bf": "0"})
    with opened(whole.path) as video:
        Counting.read = 0
        cursor = Cursor(Counting(video.container, video.stream, video.name))
        for time in (4.01, 4.05, 10.01):
            cursor.show(time)
    assert Counting.read <= 30


def test_a_stream_that_turns_up_midway_is_no_bug(tmp_path: Path) -> None:
    half = film(tmp_path / "silent.ts", stamps=range(38))
    other = film(tmp_path / "loud.ts", stamps=range(38, 75), sound=True)
    path = tmp_path / "both.ts"
    path.write_bytes(half.path.read_bytes() + other.path.read_bytes())
    assert AvReader().probe(path).duration == pytest.approx(3, abs=0.1)


def holed(whole: Film, low: float, high: float) -> None:
    """Zeros over a part of the file."""
    data = bytearray(whole.path.read_bytes())
    start, end = int(len(data) * low), int(len(data) * high)
    data[start:end] = bytes(end - start)
    whole.path.write_bytes(data)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
def test_a_salvage_loses_the_damaged_group_and_no_other(tmp_path: Path, suffix: str) -> None:
    options = {"g": "25", "bf": "0", "sc_threshold": "0", "crf": "10"}
    whole = film(
        tmp_path / f"a{suffix}",
        count=100,
        options=options,
        muxing={"movflags": "faststart"} if suffix == ".mp4" else {},
    )
    holed(whole, 0.6, 0.65)
    times = whole.middles()[5::10]
    with pytest.raises(VideoError) as caught:
        AvReader().read(whole.path, times, LOOK)
    assert caught.value.reason == "damaged"
    taken = AvReader().read(whole.path, times, LOOK, salvage=True)
    assert [spelt(still.jpeg) for still in taken.stills] == [
        whole.on_screen(time) for time in times if time not in taken.lost
    ]
    assert 0 < len(taken.lost) <= 5
    assert all(0.9 < time < 4 for time in taken.lost)


def test_a_salvage_gives_what_is_there_of_a_file_whose_tail_is_cut_off(tmp_path: Path) -> None:
    whole = film(tmp_path / "a.mp4", options={"g": "25", "bf": "2"}, muxing={"movflags": "faststart"})
    whole.path.write_bytes(whole.path.read_bytes()[: int(whole.path.stat().st_size * 0.7)])
    taken = AvReader().read(whole.path, whole.middles(), LOOK, salvage=True)
    numbers = [spelt(still.jpeg) for still in taken.stills]
    assert numbers == list(range(len(numbers)))
    assert 25 < len(numbers) < 70
    assert taken.lost == tuple(whole.middles()[len(numbers) :])


def test_where_nothing_is_right_a_salvage_fails_as_ever(tmp_path: Path) -> None:
    whole = film(tmp_path / "a.mp4", muxing={"movflags": "faststart"})
    holed(whole, 0.3, 1.0)
    with pytest.raises(VideoError) as caught:
        AvReader().read(whole.path, [1.0, 2.0], LOOK, salvage=True)
    assert caught.value.reason == "damaged"


@pytest.mark.parametrize(("suffix", "found"), [(".mp4", [25, 25, 50]), (".mkv", [25, 25, 50]), (".avi", [25, 25, 50])])
def test_a_key_frame_within_the_tolerance_stands_for_the_frame(tmp_path: Path, suffix: str, found: list[int]) -> None:
    whole = film(tmp_path / f"a{suffix}", options={"g": "25", "bf": "0", "sc_threshold": "0"})
    stills = AvReader().read(whole.path, [0.9, 1.1, 2.2], LOOK, tolerance=0.25).stills
    assert [spelt(still.jpeg) for still in stills] == found
    assert [still.time for still in stills] == pytest.approx([1.0, 1.0, 2.0], abs=1e-3)


@pytest.mark.parametrize("left", [0.4, 0.9])
def test_a_film_that_is_cut_off_lasts_as_long_as_its_index_says_for_who_takes_what_is_left(
    tmp_path: Path, left: float
) -> None:
    whole = film(tmp_path / "a.mp4", muxing={"movflags": "faststart"})
    data = whole.path.read_bytes()
    whole.path.write_bytes(data[: int(len(data) * left)])
    with pytest.raises(VideoError):
        AvReader().probe(whole.path)
    facts = AvReader().probe(whole.path, salvage=True)
    assert facts.duration == pytest.approx(whole.duration)
    assert (facts.width, facts.height, facts.codec) == (whole.width, whole.height, "h264")


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_a_film_that_is_cut_groups_ahead_of_its_files_end_lasts_until_there(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    edited(film(tmp_path / f"whole{suffix}", options={**GOP, "g": "10"}), path, [(1480, 1024, 1 << 16)])
    assert AvReader().probe(path).duration == pytest.approx(1.48)


def test_a_salvage_believes_no_more_than_a_file_can_be(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(film(tmp_path / "b.mp4").path.read_bytes()[:400])
    with pytest.raises(VideoError):
        AvReader().probe(path, salvage=True)


@pytest.mark.parametrize("suffix", [".mkv", ".ts", ".flv"])
def test_packet_by_packet_too_pictures_that_no_other_leans_on_are_left_out(tmp_path: Path, suffix: str) -> None:
    options = {"g": "250", "x264-params": "bframes=3:b-adapt=0:b-pyramid=none:scenecut=0"}
    whole = film(tmp_path / f"a{suffix}", options=options)
    with opened(whole.path) as video:
        cursor = Cursor(video)
        target = cursor.start + round(2.42 / video.tick)
        packets = [packet for packet in video.packets() if packet.size]
        before = [packet for packet in packets if (packet.pts or 0) <= target]
        assert len(cursor._needed(packets, target)) == pytest.approx(len(packets) - len(before) * 3 / 4, abs=2)
    assert [spelt(still.jpeg) for still in AvReader().read(whole.path, [2.42], LOOK).stills] == [60]


def falsely_marked(whole: Film, path: Path) -> Film:
    """A copy whose container says of every picture that decoding may start there."""
    with av.open(str(whole.path)) as given, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(given.streams.video[0]):
            if packet.size:
                packet.is_keyframe, packet.stream = True, stream
                output.mux(packet)
    if path.suffix in {".mp4", ".mov"}:
        path.write_bytes(path.read_bytes().replace(b"stss", b"free"))
    return Film(path, whole.times)


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [("mpeg4", ".mp4"), ("h263", ".mov"), ("msmpeg4", ".avi"), ("wmv2", ".wmv"), ("flv1", ".flv"), ("cinepak", ".avi")],
)
def test_a_picture_that_leans_on_others_is_no_start_whatever_the_container_says(
    tmp_path: Path, codec: str, suffix: str
) -> None:
    def prepare(stream: VideoStream) -> None:
        stream.pix_fmt = "rgb24" if codec == "cinepak" else "yuv420p"

    sound = film(tmp_path / f"sound{suffix}", codec=codec, options={"g": "25"}, prepare=prepare)
    whole = falsely_marked(sound, tmp_path / f"a{suffix}")
    for tolerance in (0.0, 0.25):
        for times in ([0.5, 1.3, 2.2], [1.3], [2.2]):
            stills = AvReader().read(whole.path, times, LOOK, tolerance=tolerance).stills
            assert [spelt(still.jpeg) for still in stills] == [whole.on_screen(still.time) for still in stills]


@pytest.mark.parametrize(("codec", "suffix"), [("rawvideo", ".mov"), ("rawvideo", ".avi"), ("smc", ".mov")])
def test_numbers_of_colours_are_shown_as_the_colours_that_came_first(tmp_path: Path, codec: str, suffix: str) -> None:
    colours = np.zeros((256, 4), np.uint8)
    colours[3], colours[7] = 235, 128
    path = tmp_path / f"a{suffix}"
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=FPS)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "pal8"
        for number in range(50):
            luma = drawn(number)
            frame = VideoFrame(WIDTH, HEIGHT, "pal8")
            numbers = np.zeros((HEIGHT, frame.planes[0].line_size), np.uint8)
            numbers[:, :WIDTH] = np.where(luma == 235, 3, np.where(luma == 128, 7, 0))
            frame.planes[0].update(numbers.tobytes())
            frame.planes[1].update(colours.tobytes())
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    for times in ([0.0, 1.3], [1.3]):
        stills = AvReader().read(path, times, LOOK).stills
        assert [spelt(still.jpeg) for still in stills] == [int(time * FPS) for time in times]

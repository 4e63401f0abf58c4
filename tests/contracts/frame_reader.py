"""What every frame reader must do. A reader's test inherits FrameReaderContract and gives it a reader."""

import random
import struct
from bisect import bisect_right
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import pytest
import simplejpeg
from av.video.stream import VideoStream

from rocot.errors import VideoError
from rocot.video.protocol import FrameReader, Look, Taken
from tests.contracts.films import FILMS, NAMES
from tests.contracts.hostile import HOSTILE, Hostile
from tests.contracts.numbered import FPS, HEIGHT, WIDTH, Film, coloured, film, spelt

LOOK = Look(height=HEIGHT, quality=90)

SNAPPED = ["b-frames.mp4", "gop-250.mp4", "variable-rate.mp4", "variable-rate.mkv", "mpeg4.avi", "with-sound.mkv"]
"""Films that are read with a tolerance as well."""

MakeFilm = Callable[[str], Film]


class FrameReaderContract:
    @pytest.fixture
    def reader(self) -> FrameReader:
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def make(cls, tmp_path_factory: pytest.TempPathFactory) -> MakeFilm:
        folder = tmp_path_factory.mktemp("films")
        made: dict[str, Film] = {}

        def make(name: str) -> Film:
            if name not in made:
                made[name] = FILMS[name](folder / name)
            return made[name]

        return make

    @pytest.mark.parametrize("name", NAMES)
    def test_every_frame_is_found_by_its_time(self, reader: FrameReader, make: MakeFilm, name: str) -> None:
        whole = make(name)
        times = whole.middles()
        stills = reader.read(whole.path, times, LOOK).stills
        assert [spelt(still.jpeg) for still in stills] == [whole.on_screen(time) for time in times]
        assert [still.time for still in stills] == pytest.approx(whole.times, abs=1e-3)

    @pytest.mark.parametrize("name", NAMES)
    def test_few_frames_are_found_as_surely_as_all(self, reader: FrameReader, make: MakeFilm, name: str) -> None:
        whole = make(name)
        draw = random.Random(name)
        middles = whole.middles()
        for count in (1, 1, 1, 2, 3, 8):
            times = sorted(draw.sample(middles, count))
            found = [spelt(still.jpeg) for still in reader.read(whole.path, times, LOOK).stills]
            assert found == [whole.on_screen(time) for time in times], times

    @pytest.mark.parametrize("name", NAMES)
    def test_a_frames_own_time_finds_it_again(self, reader: FrameReader, make: MakeFilm, name: str) -> None:
        whole = make(name)
        stills = reader.read(whole.path, whole.middles()[3::20], LOOK).stills
        assert reader.read(whole.path, [still.time for still in stills], LOOK).stills == stills

    @pytest.mark.parametrize("name", NAMES)
    def test_the_duration_is_what_is_shown(self, reader: FrameReader, make: MakeFilm, name: str) -> None:
        whole = make(name)
        facts = reader.probe(whole.path)
        slack = 0.3 if name.startswith("variable") else 2e-3  # how long the last frame stays, nobody says
        assert facts.duration == pytest.approx(whole.duration, abs=slack)
        assert (facts.width, facts.height) == (WIDTH, HEIGHT)

    @pytest.mark.parametrize("name", SNAPPED)
    @pytest.mark.parametrize("tolerance", [0.05, 0.3, 5.0])
    def test_within_the_tolerance_a_still_is_the_frame_of_its_own_time(
        self, reader: FrameReader, make: MakeFilm, name: str, tolerance: float
    ) -> None:
        whole = make(name)
        times = [0.03, 0.4, 0.41, 1.0, 1.7, 2.2, 2.9, 9.0]
        stills = reader.read(whole.path, times, LOOK, tolerance=tolerance).stills
        assert [spelt(still.jpeg) for still in stills] == [whole.on_screen(still.time) for still in stills]
        assert [still.time for still in stills] == sorted(still.time for still in stills)
        for still, time in zip(stills, times, strict=True):
            on_screen = whole.times[max(0, bisect_right(whole.times, time + 1e-6) - 1)]
            assert abs(still.time - time) < tolerance + 2e-6 or still.time == pytest.approx(on_screen, abs=1e-3)

    @pytest.mark.parametrize("name", ["faststart.mp4", "b-frames.mkv", "mpeg4.avi", "open-gop-pyramid.mp4"])
    @pytest.mark.parametrize("hole", [(0.3, 0.4), (0.6, 0.7), (0.1, 0.9)])
    def test_a_salvage_gives_right_frames_and_lists_the_other_times(
        self, reader: FrameReader, make: MakeFilm, tmp_path: Path, name: str, hole: tuple[float, float]
    ) -> None:
        whole = make(name)
        data = bytearray(whole.path.read_bytes())
        start, end = (int(len(data) * part) for part in hole)
        data[start:end] = bytes(end - start)
        path = tmp_path / name
        path.write_bytes(data)
        times = whole.middles()[::3]
        with suppress(VideoError):
            taken = reader.read(path, times, LOOK, salvage=True)
            right = [time for time in times if time not in taken.lost]
            assert set(taken.lost) <= set(times)
            assert [spelt(still.jpeg) for still in taken.stills] == [whole.on_screen(time) for time in right]

    def test_a_salvage_of_a_sound_film_is_the_film(self, reader: FrameReader, make: MakeFilm) -> None:
        whole = make("b-frames.mp4")
        times = whole.middles()[::5]
        assert reader.read(whole.path, times, LOOK, salvage=True) == reader.read(whole.path, times, LOOK)

    @pytest.mark.parametrize("name", ["b-frames.mp4", "variable-rate.mkv", "edit-list.mp4", "mpeg4.avi", "mpeg2.ts"])
    def test_packets_are_those_of_the_frames_that_are_shown(
        self, reader: FrameReader, make: MakeFilm, name: str
    ) -> None:
        whole = make(name)
        packets = reader.packets(whole.path, 0.5, 1.5)
        assert list(packets.times) == pytest.approx([time for time in whole.times if 0.5 <= time < 1.5], abs=2e-3)
        assert len(packets.sizes) == len(packets.kinds) == len(packets.times)
        assert min(packets.sizes) > 0
        assert set(packets.kinds) <= {"I", "P", "B"}

    @pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi", ".flv"])
    @pytest.mark.parametrize("count", [1, 2, 3])
    def test_very_short_films_are_films(self, reader: FrameReader, tmp_path: Path, suffix: str, count: int) -> None:
        short = film(tmp_path / f"short{suffix}", count=count)
        facts = reader.probe(short.path)
        assert 0 < facts.duration <= short.duration + 2e-3 + (count > 1) / FPS
        stills = reader.read(short.path, [*short.middles(), 9.0], LOOK).stills
        assert [spelt(still.jpeg) for still in stills] == [*range(count), count - 1]

    def test_a_false_index_leads_nowhere_and_not_in_circles(
        self, reader: FrameReader, make: MakeFilm, tmp_path: Path
    ) -> None:
        data = make("open-gop-pyramid.mp4").path.read_bytes()
        entry = data.index(b"ctts") + 4 + 8 + 8 * 17  # from here on every frame claims to be shown in 12 hours
        path = tmp_path / "false.mp4"
        path.write_bytes(data[:entry] + struct.pack(">II", 69, 0x20000200) + data[entry + 8 :])
        with suppress(VideoError):
            (still, _) = reader.read(path, [0.2, 1.3], LOOK).stills
            assert spelt(still.jpeg) == 5

    def test_a_time_past_the_end_gives_the_last_frame(self, reader: FrameReader, make: MakeFilm) -> None:
        whole = make("b-frames.mp4")
        for times in ([whole.duration], [1e9], [0.5, whole.duration + 60]):
            assert spelt(reader.read(whole.path, times, LOOK).stills[-1].jpeg) == 74

    def test_a_time_before_the_start_gives_the_first_frame(self, reader: FrameReader, make: MakeFilm) -> None:
        (still,) = reader.read(make("edit-list.mp4").path, [-3.0], LOOK).stills
        assert (spelt(still.jpeg), still.time) == (10, 0.0)

    def test_times_on_one_frame_give_it_as_often(self, reader: FrameReader, make: MakeFilm) -> None:
        stills = reader.read(make("b-frames.mp4").path, [0.41, 0.41, 0.43, 1.41], LOOK).stills
        assert [spelt(still.jpeg) for still in stills] == [10, 10, 10, 35]
        assert stills[0] == stills[1] == stills[2]

    def test_no_times_give_no_frames(self, reader: FrameReader, make: MakeFilm) -> None:
        assert reader.read(make("b-frames.mp4").path, [], LOOK) == Taken(())

    def test_times_out_of_order_are_a_bug(self, reader: FrameReader, make: MakeFilm) -> None:
        path = make("b-frames.mp4").path
        for times in ([1.0, 0.5], [float("nan")], [0.0, float("inf")]):
            with pytest.raises(ValueError, match="ascend"):
                reader.read(path, times, LOOK)

    def test_stills_are_no_higher_than_asked_and_keep_their_shape(self, reader: FrameReader, make: MakeFilm) -> None:
        (still,) = reader.read(make("b-frames.mp4").path, [0.5], Look(height=48, quality=90)).stills
        assert (still.width, still.height) == (64, 48)
        assert simplejpeg.decode_jpeg_header(still.jpeg)[:2] == (48, 64)
        (still,) = reader.read(make("b-frames.mp4").path, [0.5], Look(height=47, quality=90)).stills
        assert still.height in (46, 47)

    def test_small_pictures_are_not_enlarged(self, reader: FrameReader, make: MakeFilm) -> None:
        (still,) = reader.read(make("b-frames.mp4").path, [0.5], Look(height=1080, quality=90)).stills
        assert (still.width, still.height) == (WIDTH, HEIGHT)

    def test_height_is_measured_upright(self, reader: FrameReader, make: MakeFilm) -> None:
        (still,) = reader.read(make("rotated-90.mp4").path, [0.5], Look(height=48, quality=90)).stills
        assert (still.width, still.height) == (64, 48)
        assert spelt(still.jpeg) == 12

    def test_quality_is_the_jpegs(self, reader: FrameReader, make: MakeFilm) -> None:
        sizes = [
            len(reader.read(make("b-frames.mp4").path, [0.5], Look(height=HEIGHT, quality=quality)).stills[0].jpeg)
            for quality in (10, 50, 95)
        ]
        assert sizes == sorted(set(sizes))

    @pytest.mark.parametrize(("aspect", "size"), [(Fraction(4, 3), (128, 72)), (Fraction(1, 2), (64, 96))])
    def test_pixels_become_square(
        self, reader: FrameReader, tmp_path: Path, aspect: Fraction, size: tuple[int, int]
    ) -> None:
        def prepare(stream: VideoStream) -> None:
            stream.codec_context.sample_aspect_ratio = aspect

        wide = film(tmp_path / "wide.mp4", prepare=prepare)
        (still,) = reader.read(wide.path, [1.01], LOOK).stills
        facts = reader.probe(wide.path)
        assert (still.width, still.height) == (facts.width, facts.height) == size
        assert spelt(still.jpeg) == 25

    @pytest.mark.parametrize("space", ["itu601", "itu709"])
    @pytest.mark.parametrize("full", [False, True])
    @pytest.mark.parametrize("colour", [(200, 40, 40), (40, 180, 60), (50, 60, 210), (255, 255, 255), (0, 0, 0)])
    def test_colours_come_out_as_they_went_in(
        self, reader: FrameReader, tmp_path: Path, space: str, full: bool, colour: tuple[int, int, int]
    ) -> None:
        path = tmp_path / "colour.mp4"
        coloured(path, colour, space, full=full)
        (still,) = reader.read(path, [0.0], LOOK).stills
        seen = simplejpeg.decode_jpeg(still.jpeg)[8:-8, 8:-8].reshape(-1, 3).mean(0)
        assert list(seen) == pytest.approx(colour, abs=5)

    def test_threads_do_not_disturb_one_another(self, reader: FrameReader, make: MakeFilm) -> None:
        names = ["b-frames.mp4", "open-gop-pyramid.mp4", "mpeg4.avi", "b-frames.ts"] * 3
        films = [make(name) for name in names]
        times = [0.1, 0.9, 1.7, 2.5]
        with ThreadPoolExecutor(6) as threads:
            several = list(threads.map(lambda film: reader.read(film.path, times, LOOK).stills, films))
        assert [[spelt(still.jpeg) for still in stills] for stills in several] == [[2, 22, 42, 62]] * 12

    def test_odd_names_are_names(self, reader: FrameReader, make: MakeFilm, tmp_path: Path) -> None:
        data = make("b-frames.mp4").path.read_bytes()
        for name in ("a b#c=%d.mp4", "concat:x|y.mp4", "http:x.mp4", "-i.mp4", "new\nline.mp4", "v\udcff.mp4", "é.mp4"):
            path = tmp_path / name
            path.write_bytes(data)
            assert spelt(reader.read(path, [1.01], LOOK).stills[0].jpeg) == 25

    def test_a_name_is_never_taken_for_an_address(
        self, reader: FrameReader, make: MakeFilm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = make("b-frames.mp4").path.read_bytes()
        monkeypatch.chdir(tmp_path)
        for name in ("concat:x|y.mp4", "pipe:0", "tcp:x.mp4"):
            Path(name).write_bytes(data)
            assert spelt(reader.read(Path(name), [1.01], LOOK).stills[0].jpeg) == 25

    def test_damage_elsewhere_spoils_nothing(self, reader: FrameReader, make: MakeFilm, tmp_path: Path) -> None:
        whole = make("one-group-of-many.mp4")
        data = bytearray(whole.path.read_bytes())
        with av.open(str(whole.path)) as container:
            packets = [packet for packet in container.demux(video=0) if packet.size and packet.pos is not None]
        for packet in packets[5:]:
            shown = float((packet.pts or 0) * packet.time_base)
            if packet.pos is not None and not (5.9 < shown < 6.9 or 9.9 < shown < 10.9):
                data[packet.pos : packet.pos + packet.size] = bytes(packet.size)
        path = tmp_path / "elsewhere.mp4"
        path.write_bytes(data)
        assert [spelt(still.jpeg) for still in reader.read(path, [6.41, 6.45, 10.41], LOOK).stills] == [160, 161, 260]

    @pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case.name)
    @pytest.mark.timeout(30)
    def test_what_is_no_sound_video_is_named_so(self, reader: FrameReader, tmp_path: Path, case: Hostile) -> None:
        path = case.make(tmp_path)
        with pytest.raises(VideoError) as caught:
            reader.read(path, [0.5, 2.9], LOOK)
        assert caught.value.reason in case.reasons
        assert str(tmp_path) not in caught.value.detail
        if case.seen_by_probe:
            with pytest.raises(VideoError) as caught:
                reader.probe(path)
            assert caught.value.reason in case.reasons

    @pytest.mark.parametrize("name", ["b-frames.mp4", "b-frames.mkv", "mpeg4.avi", "b-frames.ts", "b-frames.flv"])
    def test_bytes_turned_at_random_give_frames_or_a_reason(
        self, reader: FrameReader, make: MakeFilm, tmp_path: Path, name: str
    ) -> None:
        data = make(name).path.read_bytes()
        draw = random.Random(name)
        for trial in range(24):
            spoilt = bytearray(data)
            for _ in range(1 + trial % 4):
                at = draw.choice([draw.randrange(600), draw.randrange(len(data)), len(data) - 1 - draw.randrange(900)])
                spoilt[at] = draw.randrange(256)
            path = tmp_path / f"{trial}{Path(name).suffix}"
            path.write_bytes(spoilt[: draw.choice([len(data), len(data), draw.randrange(len(data)) + 1])])
            for ask in (reader.probe, lambda path: reader.read(path, [0.2, 1.3], LOOK)):
                with suppress(VideoError):
                    ask(path)

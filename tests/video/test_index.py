"""What a container lists is what is shown, and the sample tables say the same as the packets."""

import random
from contextlib import suppress
from pathlib import Path

import pytest

from rocot.errors import VideoError
from rocot.video.container import opened
from rocot.video.index import Index, _from_packets, index_of, table_of
from tests.contracts.films import FILMS, NAMES
from tests.contracts.numbered import edited, film

WITHOUT_TABLE = {"fragmented.mp4", "fragmented-with-edits.mp4", "fragmented-finely.mp4", "edit-list-of-two.mp4"}
FRAME = 512
"""Ticks, in FFmpeg's MP4 of 25 frames a second."""


def by_packets(path: Path) -> Index:
    with opened(path) as video:
        return _from_packets(video)


def has_table(path: Path) -> bool:
    with opened(path) as video:
        return table_of(video, path) is not None


@pytest.mark.parametrize("name", NAMES)
def test_the_index_lists_each_shown_frame_at_its_time(tmp_path: Path, name: str) -> None:
    whole = FILMS[name](tmp_path / name)
    index = index_of(whole.path)
    assert list(index.times) == pytest.approx(whole.times, abs=2e-3)
    assert has_table(whole.path) == (name.endswith((".mp4", ".mov")) and name not in WITHOUT_TABLE)


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".mp4")])
def test_the_tables_say_what_the_packets_say(tmp_path: Path, name: str) -> None:
    path = FILMS[name](tmp_path / name).path
    tables, packets = index_of(path), by_packets(path)
    assert list(tables.times) == pytest.approx(list(packets.times))
    assert list(tables.sizes) == list(packets.sizes)
    assert list(tables.keys) == list(packets.keys)


@pytest.mark.parametrize("start", [1024, 1024 + 7, 1024 + 10 * FRAME, 1024 + 30 * FRAME - 1, 1024 + 60 * FRAME + 200])
@pytest.mark.parametrize("length", [2960, 1000, 1013, 40])
@pytest.mark.parametrize("delay", [0, 700])
def test_one_edit_is_read_as_ffmpeg_reads_it(tmp_path: Path, start: int, length: int, delay: int) -> None:
    path = tmp_path / "a.mp4"
    ahead = [(delay, -1, 0x10000)] if delay else []
    edited(film(tmp_path / "whole.mp4"), path, [*ahead, (length, start, 0x10000)])
    assert has_table(path)
    tables, packets = index_of(path), by_packets(path)
    assert list(tables.times) == pytest.approx(list(packets.times))
    assert list(tables.sizes) == list(packets.sizes)


@pytest.mark.parametrize(
    "edits",
    [
        [(1000, 1024, 0x10000), (1000, 1024 + 50 * FRAME, 0x10000)],
        [(1000, 1024, 0x10000), (500, -1, 0x10000), (1000, 1024 + 50 * FRAME, 0x10000)],
        [(2960, 1024, 0x20000)],
        [(0, 1024, 0x10000)],
        [(1000, -1, 0x10000)],
    ],
    ids=["two", "two and a pause", "twice as fast", "no length", "nothing but a pause"],
)
def test_other_edit_lists_are_left_to_ffmpeg(tmp_path: Path, edits: list[tuple[int, int, int]]) -> None:
    path = tmp_path / "a.mp4"
    edited(film(tmp_path / "whole.mp4"), path, edits)
    assert not has_table(path)


COUNTS = {b"stsz": 8, b"stts": 4, b"ctts": 4, b"stss": 4, b"stsc": 4, b"stco": 4, b"elst": 4}


@pytest.mark.parametrize("box", sorted(COUNTS))
@pytest.mark.parametrize("count", [0, 1, 76, 10_000_001, 0xFFFFFFFF])
def test_absurd_counts_are_not_believed(tmp_path: Path, box: bytes, count: int) -> None:
    path = film(tmp_path / "a.mp4").path
    data = bytearray(path.read_bytes())
    at = data.index(box) + 4 + COUNTS[box]
    if data[at : at + 4] == count.to_bytes(4, "big"):
        return
    if (box, count) == (b"stss", 1):  # fewer key frames are no contradiction
        return
    data[at : at + 4] = count.to_bytes(4, "big")
    path.write_bytes(data)
    with suppress(VideoError):
        assert not has_table(path)


def test_bytes_turned_in_the_tables_give_an_index_or_a_reason(tmp_path: Path) -> None:
    data = film(tmp_path / "a.mp4").path.read_bytes()
    start = data.index(b"moov")
    draw = random.Random(1)
    path = tmp_path / "b.mp4"
    for trial in range(150):
        spoilt = bytearray(data)
        for _ in range(1 + trial % 3):
            spoilt[draw.randrange(start, len(data))] = draw.choice([0, 1, 127, 128, 255, draw.randrange(256)])
        path.write_bytes(spoilt)
        with suppress(VideoError):
            assert len(index_of(path).times)

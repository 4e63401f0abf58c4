"""By the sample tables alone: the right pictures, and no picture decoded in vain."""

from pathlib import Path

import pytest
from av.video.frame import VideoFrame

from rocot.video.container import opened
from rocot.video.index import table_of
from rocot.video.picture import jpeg_of
from rocot.video.plan import Plan, Span
from rocot.video.planned import Asked, _Run, needed, planned
from rocot.video.protocol import Look
from rocot.video.sample_table import SampleTable
from tests.contracts.films import FILMS, NAMES
from tests.contracts.numbered import HEIGHT, Film, film, spelt

WITHOUT_TABLE = ("fragmented", "edit-list-of-two")
WITH_TABLE = [name for name in NAMES if name.endswith((".mp4", ".mov")) and not name.startswith(WITHOUT_TABLE)]
NOT_ALL = {"intra-refresh.mp4"}
"""Without key frames, pictures that lean on what came before are given up."""


def numbers(whole: Film, times: list[float], tolerance: float = 0.0) -> list[int | None]:
    look = Look(height=HEIGHT, quality=90)
    with opened(whole.path) as video:
        table = table_of(video, whole.path)
        assert table is not None
        aspect = video.stream.sample_aspect_ratio
        found = planned(
            video,
            whole.path,
            table,
            Asked(times, tolerance),
            lambda time, frame: (time, spelt(jpeg_of(frame, aspect, look)[0])),
        )
    assert found is not None
    for one in found:
        assert one is None or one[1] == whole.on_screen(one[0])
    return [None if one is None else one[1] for one in found]


@pytest.mark.parametrize("name", WITH_TABLE)
def test_every_frame_is_had_by_the_tables_alone(tmp_path: Path, name: str) -> None:
    whole = FILMS[name](tmp_path / name)
    for times in (whole.middles(), *([time] for time in whole.middles()[::4])):
        right = [whole.on_screen(time) for time in times]
        found = numbers(whole, times)
        if name in NOT_ALL:
            assert all(number in (None, other) for number, other in zip(found, right, strict=True))
        else:
            assert found == right


def fed(whole: Film, time: float) -> list[int]:
    """The samples that go through the decoder for the frame at one time."""
    with opened(whole.path) as video, whole.path.open("rb") as file:
        table = table_of(video, whole.path)
        assert table is not None
        plan = Plan(table)
        (sample,) = plan.choose([int(plan.stamps[0]) + round(time / video.tick)], 0)
        (span,) = plan.spans([sample])
        taken = [number for number, _ in needed(video, file.fileno(), table, span)]
        assert taken[0] == span.key
        assert taken[-1] == sample
        return taken


def test_a_decoder_that_reads_past_the_end_of_a_packet_reads_zeros(tmp_path: Path) -> None:
    """MPEG-4's does: with other bytes there it took a sound picture for a damaged one in one film of three."""
    whole = film(tmp_path / "a.mp4", codec="mpeg4", options={"g": "25", "bf": "2"})
    for _ in range(10):
        assert numbers(whole, whole.middles()) == list(range(75))


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("libx264", {"g": "250", "bf": "3", "x264-params": "b-adapt=0:b-pyramid=none:scenecut=0"}),
        ("mpeg4", {"g": "250", "bf": "2"}),
        ("libx265", {"x265-params": "keyint=250:bframes=3:b-adapt=0:b-pyramid=0:log-level=none"}),
    ],
)
def test_pictures_that_no_other_leans_on_are_left_out(tmp_path: Path, codec: str, options: dict[str, str]) -> None:
    whole = film(tmp_path / "a.mp4", codec=codec, options=options)
    taken = fed(whole, 60.5 / 25)
    share = 1 / 3 if codec == "mpeg4" else 1 / 4
    assert len(taken) == pytest.approx(60 * share, abs=3)
    assert numbers(whole, [60.5 / 25]) == [60]


def test_temporal_layers_are_read(tmp_path: Path) -> None:
    options = {"x265-params": "keyint=250:bframes=3:b-adapt=0:temporal-layers=2:log-level=none"}
    whole = film(tmp_path / "a.mp4", codec="libx265", options=options)
    assert numbers(whole, whole.middles()) == list(range(75))
    for number in (30, 41, 60, 63):
        assert numbers(whole, [(number + 0.5) / 25]) == [number]


def test_within_the_tolerance_a_key_frame_stands_for_the_frame(tmp_path: Path) -> None:
    whole = film(tmp_path / "a.mp4", count=100, options={"g": "25", "bf": "2", "sc_threshold": "0"})
    assert numbers(whole, [0.1, 0.9, 1.1, 2.2, 3.1], 0.25) == [0, 25, 25, 50, 75]
    assert numbers(whole, [0.98, 1.02, 1.98], 0.01) == [24, 25, 49]


def test_far_from_key_frames_the_cheapest_frame_within_the_tolerance_is_taken(tmp_path: Path) -> None:
    whole = film(tmp_path / "a.mp4", options={"g": "75", "bf": "0", "sc_threshold": "0"})
    assert numbers(whole, [1.5, 2.5], 0.2) == [33, 58]


def test_the_order_of_times_is_kept_whatever_the_tolerance(tmp_path: Path) -> None:
    whole = film(tmp_path / "a.mp4", options={"g": "25", "bf": "2", "sc_threshold": "0"})
    times = [number / 20 for number in range(60)]
    late = FILMS["variable-rate.mp4"](tmp_path / "b.mp4")
    for tolerance in (0.03, 0.1, 0.2, 0.6, 10.0):
        for one in (whole, late):
            found = [number for number in numbers(one, times, tolerance) if number is not None]
            assert found == sorted(found)
            assert len(found) == 60


def test_a_damaged_picture_spoils_those_after_it_in_its_group_and_no_other(tmp_path: Path) -> None:
    whole = film(tmp_path / "a.mp4", options={"g": "25", "bf": "0", "sc_threshold": "0"})
    with opened(whole.path) as video:
        table = table_of(video, whole.path)
    assert table is not None
    data = bytearray(whole.path.read_bytes())
    at = int(table.offsets[35])
    data[at + 4 : at + int(table.sizes[35])] = b"\xff" * (int(table.sizes[35]) - 4)
    whole.path.write_bytes(data)
    found = numbers(whole, whole.middles())
    assert [number for number, one in enumerate(found) if one is None] == list(range(35, 50))


def test_a_missing_tail_spoils_what_is_in_it(tmp_path: Path) -> None:
    whole = film(tmp_path / "a.mp4", options={"g": "25", "bf": "0"}, muxing={"movflags": "faststart"})
    with opened(whole.path) as video:
        table = table_of(video, whole.path)
    assert table is not None
    whole.path.write_bytes(whole.path.read_bytes()[: int(table.offsets[61]) + 3])
    assert numbers(whole, whole.middles()) == [*range(61), *([None] * 14)]


def test_a_frame_for_which_no_picture_came_is_not_guessed(tmp_path: Path) -> None:
    """A table that points two samples at one picture: the decoder gives it twice, and no number fits."""
    whole = film(tmp_path / "a.mp4", options={"g": "25", "bf": "0"})
    with opened(whole.path) as video, whole.path.open("rb") as file:
        table = table_of(video, whole.path)
        assert table is not None
        offsets = table.offsets.copy()
        offsets[10] = offsets[40]
        false = SampleTable(offsets, table.sizes, table.decoding, table.presentation, table.keys, table.shown)
        run = _Run(video, file.fileno(), false, Span(0, frozenset({5, 9, 12})), keep)
        assert sorted(run.decoded()) == [5, 9]


def test_nothing_counts_behind_a_picture_that_went_missing_without_an_error(tmp_path: Path) -> None:
    """MPEG-4 has a bit that says `nothing is coded here`; set by damage, later pictures lean on the wrong one."""
    whole = film(tmp_path / "a.mp4", codec="mpeg4", options={"g": "75", "bf": "0"})
    with opened(whole.path) as video:
        table = table_of(video, whole.path)
    assert table is not None
    data = bytearray(whole.path.read_bytes())
    data[int(table.offsets[35]) + 5] &= ~0x20  # vop_coded, behind the start code, a type, a time and their markers
    whole.path.write_bytes(data)
    assert numbers(whole, whole.middles()) == [*range(35), *([None] * 40)]


def keep(stamp: int, _: VideoFrame) -> int:
    return stamp

"""What is told of a file before it is used."""

from fractions import Fraction
from pathlib import Path

import pytest
from av.video.stream import VideoStream

from rocot.errors import VideoError
from rocot.video.protocol import Survey
from rocot.video.survey import survey
from tests.contracts.films import FILMS
from tests.contracts.numbered import film


@pytest.fixture
def seen(request: pytest.FixtureRequest, tmp_path: Path) -> Survey:
    return survey(FILMS[request.param](tmp_path / request.param).path)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ("b-frames.mp4", (75, 3, (25, 25), "tables")),
        ("gop-250.mp4", (75, 1, (75, 75), "tables")),
        ("open-gop.mp4", (75, 7, (12, 12), "tables")),
        ("edit-list.mp4", (65, 2, (25, 25), "tables")),
        ("fragmented.mp4", (75, 3, (25, 25), "index")),
        ("b-frames.mkv", (75, 3, (25, 25), "index")),
        ("mpeg4.avi", (75, 3, (25, 25), "index")),
        ("b-frames.ts", (75, 3, (25, 25), "none")),
    ],
    indirect=["seen"],
)
def test_frames_key_frames_and_groups_are_counted(
    seen: Survey, expected: tuple[int, int, tuple[int, int], str]
) -> None:
    assert (seen.frames, seen.keys, seen.group, seen.index) == expected


@pytest.mark.parametrize(
    ("seen", "remark"),
    [
        ("variable-rate.mp4", "variable rate, a frame stays 20 to 250 ms"),
        ("rotated-90.mp4", "turned left"),
        ("rotated-270.mp4", "turned right"),
        ("rotated-180.mp4", "upside down"),
        ("mirrored.mp4", "mirrored"),
        ("edit-list.mp4", "begins between key frames"),
    ],
    indirect=["seen"],
)
def test_what_is_odd_is_remarked(seen: Survey, remark: str) -> None:
    assert seen.remarks == (remark,)


@pytest.mark.parametrize("seen", ["b-frames.mp4", "rotated-0.mp4", "starts-late.ts", "with-sound.mkv"], indirect=True)
def test_what_is_usual_is_not(seen: Survey) -> None:
    assert seen.remarks == ()


def test_oblong_pixels_and_few_key_frames_are_remarked(tmp_path: Path) -> None:
    def prepare(stream: VideoStream) -> None:
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)

    options = {"g": "600", "sc_threshold": "0"}
    assert survey(film(tmp_path / "a.mp4", count=260, options=options, prepare=prepare).path).remarks == (
        "pixels 4:3",
        "one key frame only",
    )
    options = {"g": "260", "sc_threshold": "0"}
    assert survey(film(tmp_path / "b.mp4", count=300, options=options).path).remarks == ("10 s without a key frame",)


def test_what_is_no_video_has_its_reason(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("no film")
    with pytest.raises(VideoError, match="not a video"):
        survey(tmp_path / "a.mp4")

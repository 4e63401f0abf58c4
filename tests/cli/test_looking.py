"""`rocot probe` and `rocot frames`: videos seen before they are used."""

import os
from pathlib import Path

import numpy as np
from PIL import Image

from tests.cli.bench import Bench
from tests.contracts.numbered import film


def test_good_and_bad_files_have_a_line_each(bench: Bench) -> None:
    film(bench.folder / "good.mp4")
    (bench.folder / "text.mp4").write_text("no film")
    (bench.folder / "cut.mp4").write_bytes((bench.folder / "good.mp4").read_bytes()[:2000])
    os.mkfifo(bench.folder / "pipe.mp4")
    done = bench.rocot("probe", "good.mp4", "text.mp4", "cut.mp4", "pipe.mp4", "gone.mp4")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    lines = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()[1:6]}
    assert lines["good.mp4"] == ["h264", "128x96", "3.0", "s", "25", "75", "3", "25", "tables"]
    assert lines["text.mp4"] == lines["pipe.mp4"] == ["not", "a", "video"]
    assert lines["cut.mp4"] == ["damaged"]
    assert lines["gone.mp4"] == ["unreadable"]
    assert "4 of 5 cannot be used" in done.stdout
    assert "gone.mp4: unreadable: No such file or directory" in done.stdout


def test_the_exit_code_tells_whether_any_can_be_used(bench: Bench) -> None:
    film(bench.folder / "good.mp4")
    assert bench.rocot("probe", "good.mp4").returncode == 0
    assert bench.rocot("probe", "gone.mp4", ".").returncode == 2


def test_a_sheet_shows_as_many_frames_as_asked(bench: Bench) -> None:
    film(bench.folder / "a.mp4")
    done = bench.rocot("frames", "a.mp4", "--sheet", "a.png", "--count", "6", "--start", "1", "--end", "2.5")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "6 frames of 1.00-2.50 s in a.png\n"
    assert tiles(bench.folder / "a.png") == 6


def test_a_damaged_file_shows_what_is_left_of_it(bench: Bench) -> None:
    film(bench.folder / "a.mp4", muxing={"movflags": "faststart"})
    data = (bench.folder / "a.mp4").read_bytes()
    (bench.folder / "a.mp4").write_bytes(data[: len(data) * 3 // 4])
    done = bench.rocot("frames", "a.mp4", "--sheet", "a.png", "--count", "6")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "3 frames of 0.00-3.00 s, 3 lost in a.png\n"
    assert tiles(bench.folder / "a.png") == 3


def tiles(path: Path) -> int:
    """Frames of 128x96 that have something white below their label."""
    picture = np.asarray(Image.open(path).convert("L"))
    return sum(
        bool((picture[row + 24 : row + 90, column : column + 120] > 200).any())
        for row in range(4, picture.shape[0] - 90, 100)
        for column in range(4, picture.shape[1] - 100, 132)
    )


def test_a_sheet_that_cannot_be_made_says_why(bench: Bench) -> None:
    film(bench.folder / "a.mp4")
    (bench.folder / "text.mp4").write_text("no film")
    for words, told in (
        (["text.mp4", "--sheet", "a.png"], "not a video: text.mp4"),
        (["a.mp4", "--sheet", "a.gif"], "a sheet is one of .png"),
        (["a.mp4", "--sheet", "gone/a.png"], "cannot be written"),
        (["a.mp4", "--sheet", "a.png", "--start", "4"], "lasts 3.00 s"),
    ):
        done = bench.rocot("frames", *words)
        assert done.returncode == 2
        assert told in done.stderr
        assert "Traceback" not in done.stderr

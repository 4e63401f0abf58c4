"""A script becomes a file: the same bytes each time, whole or not there."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import av
import pytest

from rocot.sources.scenes.film import shoot
from rocot.sources.scenes.lens import HEIGHT, WIDTH
from rocot.sources.scenes.script import RATE, Script, compose
from rocot.sources.scenes.store import is_whole
from rocot.sources.scenes.track import Beat


def short(index: int = 0, frames: int = 40) -> Script:
    return replace(compose(5, "train", index), frames=frames)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    made = set()
    for _ in range(4):
        shoot(short(), tmp_path / "a.mp4")
        made.add((tmp_path / "a.mp4").read_bytes())
        # An encoder that reads memory it never wrote gives itself away once that memory holds something else.
        del [os.urandom(50_000 + 1000 * i) for i in range(20)][:]
    assert len(made) == 1


def test_another_seed_gives_other_bytes(tmp_path: Path) -> None:
    shoot(short(0), tmp_path / "a.mp4")
    shoot(short(1), tmp_path / "b.mp4")
    assert (tmp_path / "a.mp4").read_bytes() != (tmp_path / "b.mp4").read_bytes()


def test_the_video_decodes_with_the_scripts_frame_count(tmp_path: Path) -> None:
    script = short(frames=63)
    shoot(script, tmp_path / "a.mp4")
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        times = [frame.time for frame in container.decode(stream)]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", WIDTH, HEIGHT)
    assert times == pytest.approx([i / RATE for i in range(63)], abs=1e-3)


def test_a_rendering_that_fails_leaves_nothing(tmp_path: Path) -> None:
    script = short()
    beat = Beat(1.0, 9.0, "no such pose", (0.0, 9.0), (0.0, 9.0), 0.0)
    broken = replace(script, actors=(replace(script.actors[0], kind="person", beats=(beat,)),))
    with pytest.raises(KeyError, match="no such pose"):
        shoot(broken, tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_rendering_that_is_killed_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from rocot.sources.scenes.render import render; "
        "render(5, 'train', 0, Path(sys.argv[1]))"
    )
    path = tmp_path / "a.mp4"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], env={**os.environ, "PYTHONPATH": str(Path.cwd())}
    )
    until = time.monotonic() + 30
    while not list(tmp_path.iterdir()) and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert list(tmp_path.iterdir()), "it was killed before it began"
    assert not path.exists()
    assert list(tmp_path.glob("*.mp4")) == []
    assert not is_whole(path)

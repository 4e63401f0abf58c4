"""Hostile and damaged files cost their clip: no crash, no hang, nothing else read, no frame silently wrong."""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from rocot.errors import VideoError
from rocot.sources.folder import FolderSource
from rocot.sources.footage import Here
from rocot.sources.protocol import Skipped
from rocot.video.isolated import Isolated, Limits
from tests.contracts.damaged import DAMAGED, LOOK, SPARSE, Damaged, outcome
from tests.contracts.hostile import HOSTILE, Hostile
from tests.contracts.numbered import film, spelt
from tests.video.workers import children, handles, resident

GIVEN_UP = {"decoder crashed", "decoder too slow"}
FOLLOWED = ("ffconcat", "m3u8", "sdp", "dash", "imf")


@pytest.fixture(scope="module")
def reader() -> Iterator[Isolated]:
    reader = Isolated("av", Limits(deadline=10, memory=4_000_000_000, workers=2))
    yield reader
    reader.close()


@pytest.mark.parametrize("case", DAMAGED, ids=lambda case: case.name)
@pytest.mark.timeout(60)
def test_damage_gives_right_frames_or_a_reason(reader: Isolated, tmp_path: Path, case: Damaged) -> None:
    found = outcome(reader, case.make(tmp_path))
    assert not found.reasons & GIVEN_UP
    assert found.right or found.wrong or found.reasons
    assert not found.wrong or case.lies


def test_a_folder_of_them_costs_what_is_bad_of_it(reader: Isolated, tmp_path: Path) -> None:
    root = tmp_path / "videos"
    for number, hostile in enumerate(HOSTILE):
        place = root / f"{number:03}"
        place.mkdir(parents=True)
        if hostile.name not in {"nul in the name", "name too long", "missing"}:
            hostile.make(place)
    for number, damaged in enumerate(DAMAGED[::4]):
        (root / f"d{number:03}").mkdir()
        damaged.make(root / f"d{number:03}")
    for name in ("first.mp4", "zlast.mp4"):
        film(root / name)
    (root / "out.mp4").symlink_to(film(tmp_path / "elsewhere.mp4").path)
    listed = list(FolderSource("own", Here(root), None, "train", (), reader).videos("train"))
    skipped = {video.id: video.reason for video in listed if isinstance(video, Skipped)}
    usable = {video.id for video in listed if not isinstance(video, Skipped)}
    assert {"first", "zlast"} <= usable
    assert skipped["out"] == "outside the folder"
    assert not set(skipped.values()) & GIVEN_UP
    assert len(skipped) > 40


@contextmanager
def unopened(path: Path) -> Iterator[None]:
    """Nobody opens the file within the block: a write lease ends, and its holder is told, when somebody does."""
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)
    file = os.open(path, os.O_RDWR)
    try:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        yield
        assert fcntl.fcntl(file, fcntl.F_GETLEASE) == fcntl.F_WRLCK, f"{path.name} was opened"
    finally:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        os.close(file)
        signal.signal(signal.SIGIO, before)


@pytest.mark.parametrize(
    "case", [case for case in HOSTILE if case.name.startswith(FOLLOWED)], ids=lambda case: case.name
)
def test_a_text_that_names_another_file_is_not_followed(reader: Isolated, tmp_path: Path, case: Hostile) -> None:
    path = case.make(tmp_path)
    with unopened(tmp_path / "secret.mp4"):
        for ask in (reader.probe, lambda path: reader.read(path, [0.5], LOOK)):
            with pytest.raises(VideoError) as caught:
                ask(path)
            assert caught.value.reason == "not a video"


def test_the_lease_tells_of_a_file_that_is_opened(tmp_path: Path) -> None:
    secret = film(tmp_path / "secret.mp4").path
    with pytest.raises(AssertionError, match="was opened"), unopened(secret), pytest.raises(BlockingIOError):
        os.open(secret, os.O_RDONLY | os.O_NONBLOCK)


def test_ten_gigabytes_of_nothing_take_no_longer_than_the_deadline(tmp_path: Path) -> None:
    path = film(tmp_path / "sparse.avi").path
    with path.open("r+b") as file:
        file.truncate(SPARSE)
    reader = Isolated("av", Limits(deadline=1, memory=4_000_000_000, workers=1))
    started = time.monotonic()
    with pytest.raises(VideoError) as caught:
        reader.read(path, [2.99], LOOK)
    reader.close()
    assert caught.value.reason == "decoder too slow"
    assert time.monotonic() - started < 30


def test_a_thousand_clips_leave_nothing_behind(tmp_path: Path) -> None:
    sound = film(tmp_path / "sound.mp4").path
    paths = [damaged.make(tmp_path).path for damaged in DAMAGED if not damaged.grows]
    before = children(os.getpid())
    reader = Isolated("av", Limits(deadline=10, memory=4_000_000_000, workers=1))
    seen = []
    for number in range(500):
        assert spelt(reader.read(sound, [1.5], LOOK).stills[0].jpeg) == 37
        with suppress(VideoError):
            reader.read(paths[number % len(paths)], [0.5, 1.5, 2.5], LOOK)
        if number % 50 == 40:
            (worker,) = set(children(os.getpid())) - set(before)
            seen.append((resident(os.getpid()), resident(worker), handles(os.getpid()), handles(worker)))
    reader.close()
    ours, workers, our_files, their_files = map(list, zip(*seen, strict=True))
    assert max(ours) - ours[0] < 8
    assert max(workers) - min(workers) < 30
    assert len(set(our_files)) == len(set(their_files)) == 1
    assert children(os.getpid()) == before

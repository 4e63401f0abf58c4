"""Readers in processes of their own keep the contract, and lose one call to what kills a decoder."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from av.video.stream import VideoStream

from rocot.errors import ConfigError, VideoError
from rocot.video.av_reader import AvReader
from rocot.video.isolated import CALLS, Isolated, Limits
from rocot.video.protocol import FrameReader, Look
from tests.contracts.damaged import SPARSE
from tests.contracts.frame_reader import FrameReaderContract
from tests.contracts.numbered import film, spelt
from tests.video.workers import children

LOOK = Look(height=96, quality=85)
ENOUGH = 4_000_000_000


class TestIsolated(FrameReaderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def isolated(cls) -> Iterator[Isolated]:
        reader = Isolated("av", Limits(deadline=20, memory=ENOUGH, workers=2))
        yield reader
        reader.close()

    @pytest.fixture
    def reader(self, isolated: Isolated) -> FrameReader:
        return isolated


def until(holds: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return film(tmp_path / "a.mp4").path


@pytest.fixture
def make() -> Iterator[Callable[..., Isolated]]:
    made = []

    def make(name: str = "av", *, deadline: float = 20, memory: int = ENOUGH, workers: int = 2) -> Isolated:
        made.append(Isolated(name, Limits(deadline, memory, workers)))
        return made[-1]

    yield make
    for reader in made:
        reader.close()


def read(reader: Isolated, clip: Path) -> list[int]:
    return [spelt(still.jpeg) for still in reader.read(clip, [0.5, 1.5], LOOK).stills]


def failed(reader: Isolated, clip: Path) -> VideoError:
    with pytest.raises(VideoError) as caught:
        read(reader, clip)
    return caught.value


def test_workers_start_when_they_are_needed_and_end_when_closed(make: Callable[..., Isolated], clip: Path) -> None:
    reader = make()
    assert children(os.getpid()) == []
    assert read(reader, clip) == [12, 37]
    first = children(os.getpid())
    assert len(first) == 1
    assert read(reader, clip) == [12, 37]
    assert children(os.getpid()) == first
    reader.close()
    assert children(os.getpid()) == []
    assert read(reader, clip) == [12, 37]


def test_packets_come_as_the_reader_gives_them(make: Callable[..., Isolated], clip: Path) -> None:
    assert make().packets(clip, 0.5, 1.5) == AvReader().packets(clip, 0.5, 1.5)


def test_no_more_workers_than_allowed(make: Callable[..., Isolated], clip: Path) -> None:
    reader = make(workers=2)
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda _: read(reader, clip), range(24))) == [[12, 37]] * 24
    assert len(children(os.getpid())) == 2


@pytest.mark.parametrize(
    ("number", "passing"), [(signal.SIGSEGV, False), (signal.SIGABRT, False), (signal.SIGKILL, True)]
)
def test_a_crash_fails_its_clip_alone(
    make: Callable[..., Isolated], clip: Path, number: signal.Signals, passing: bool
) -> None:
    reader = make()
    read(reader, clip)
    (guilty,) = children(os.getpid())
    os.kill(guilty, signal.SIGSTOP)
    with ThreadPoolExecutor(2) as threads:
        lost = threads.submit(failed, reader, clip)
        assert until(lambda: read(reader, clip) == [12, 37])  # a neighbour, meanwhile
        os.kill(guilty, number)
        os.kill(guilty, signal.SIGCONT)
        error = lost.result(10)
    assert (error.reason, error.passing) == ("decoder crashed", passing)
    assert number.name in error.detail
    assert read(reader, clip) == [12, 37]
    assert guilty not in children(os.getpid())


def test_a_hang_ends_at_the_deadline(make: Callable[..., Isolated], clip: Path) -> None:
    reader = make(deadline=0.5)
    read(reader, clip)
    (guilty,) = children(os.getpid())
    os.kill(guilty, signal.SIGSTOP)
    started = time.monotonic()
    error = failed(reader, clip)
    assert (error.reason, error.passing) == ("decoder too slow", True)
    assert 0.4 < time.monotonic() - started < 30
    assert children(os.getpid()) == []
    assert read(reader, clip) == [12, 37]


def test_a_worker_that_died_idle_costs_nothing(make: Callable[..., Isolated], clip: Path) -> None:
    reader = make()
    read(reader, clip)
    (idle,) = children(os.getpid())
    os.kill(idle, signal.SIGKILL)
    # Its threads may outlive its first by a moment, and until then nobody is told that it has ended.
    assert until(lambda: os.waitid(os.P_PID, idle, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None)
    assert read(reader, clip) == [12, 37]


def test_frames_that_take_too_much_memory_are_too_large_and_may_be_asked_for_again(
    make: Callable[..., Isolated], clip: Path, tmp_path: Path
) -> None:
    def prepare(stream: VideoStream) -> None:
        stream.width, stream.height = 4096, 4096

    large = film(tmp_path / "large.mp4", count=3, prepare=prepare, turn=lambda _: np.zeros((4096, 4096), np.uint8)).path
    reader = make(memory=140_000_000)
    error = failed(reader, large)
    assert (error.reason, error.passing) == ("too large", True)
    with pytest.raises(VideoError, match="too large"):
        reader.read(large, [0.04, 0.1], LOOK, salvage=True)
    assert children(os.getpid()) == []
    assert read(reader, clip) == [12, 37]
    assert make().probe(large).width == 4096


def test_too_little_memory_to_start_with_is_a_fault_of_the_machines(make: Callable[..., Isolated], clip: Path) -> None:
    with pytest.raises(ConfigError, match="does not start"):
        read(make(memory=10_000_000), clip)


def test_no_process_to_decode_in_is_a_fault_of_the_machines_too(
    make: Callable[..., Isolated], clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere")
    with pytest.raises(ConfigError, match="No such file"):
        read(make(), clip)


def test_a_worker_makes_way_for_another_in_time(make: Callable[..., Isolated], tmp_path: Path) -> None:
    reader, seen = make(workers=1), set()
    for _ in range(CALLS + 1):
        with pytest.raises(VideoError):
            reader.probe(tmp_path / "missing.mp4")
        seen.update(children(os.getpid()))
    assert len(seen) == 2
    assert len(children(os.getpid())) == 1


PARENT = """
import sys
from pathlib import Path
from rocot.video.isolated import Isolated, Limits
reader = Isolated("av", Limits(600, 4_000_000_000, 1))
print(reader.probe(Path(sys.argv[1])).codec, flush=True)
sys.stdin.readline()
reader.probe(Path(sys.argv[2]))
"""


@pytest.mark.parametrize("busy", [True, False])
def test_workers_end_with_a_parent_that_is_killed(clip: Path, tmp_path: Path, busy: bool) -> None:
    endless = film(tmp_path / "sparse.avi").path
    with endless.open("r+b") as file:
        file.truncate(SPARSE)
    command = [sys.executable, "-c", PARENT, str(clip), str(endless)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        assert parent.stdout.readline() == "h264\n"
        (worker,) = children(parent.pid)
        if busy:
            parent.stdin.write("\n")
            parent.stdin.flush()
            time.sleep(0.3)
        parent.kill()
    assert until(lambda: not running(worker))


def running(pid: int) -> bool:
    """Whether there is such a process, and it is not one that only waits to be buried."""
    place = Path(f"/proc/{pid}/cmdline")
    return place.exists() and bool(place.read_bytes())


def test_what_asks_a_process_to_end_leaves_its_workers_at_work(make: Callable[..., Isolated], clip: Path) -> None:
    reader = make()
    read(reader, clip)
    (worker,) = children(os.getpid())
    assert os.getpgid(worker) != os.getpgid(0)  # a terminal's Ctrl-C goes to the group
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(worker, number)
    assert read(reader, clip) == [12, 37]
    assert children(os.getpid()) == [worker]


def test_a_worker_holds_no_key(make: Callable[..., Isolated], clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROCOT_API_KEY", "canary-key")
    read(make(), clip)
    (worker,) = children(os.getpid())
    assert b"canary" not in Path(f"/proc/{worker}/environ").read_bytes()

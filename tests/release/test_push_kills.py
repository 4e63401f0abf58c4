"""Twenty pushes that are killed outright, each at another request."""

import multiprocessing
import signal
import threading
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from tests.release.pushing import NAME, hub_at, push_at, pushed, whole
from tests.servers.hub import DroppedError, HubServer

MOMENTS = ("before", "amid", "after")
TURNS = 20


@pytest.fixture(scope="module")
def forks() -> ForkServerContext:
    """Processes that have all imported already; single-threaded, so that they may be forked."""
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(["tests.release.pushing"])
    return made


def killed_at(server: HubServer, process: BaseProcess, number: int, moment: str) -> None:
    """Starts a process and has it killed at its nth request: before it is done, amid its body, or done and unanswered.

    A request without a body has no midst: the next one is the last then. Requests are counted from before the start: on
    a busy machine the process may have made some before this one goes on, and was once killed too late, or not at all.
    """
    begun, started = len(server.seen), threading.Event()

    def kill(when: str, _: str, count: int) -> None:
        if (count - begun == number and when == moment) or count - begun > number:
            started.wait()
            process.kill()
            process.join()
            raise DroppedError

    server.events = kill
    process.start()
    started.set()


@pytest.fixture(scope="module")
def requests(releases: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many a push makes that is not killed."""
    cache = tmp_path_factory.mktemp("cache")
    with HubServer() as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
        pushed(hub_at(server.url, cache / "first"), releases["0.1.0"])
        begun = len(server.seen)
        pushed(hub_at(server.url, cache / "second"), releases["0.2.0"])
        return len(server.seen) - begun


@pytest.mark.parametrize("turn", range(TURNS))
def test_main_is_one_release_or_the_other_wherever_a_push_is_killed(  # noqa: PLR0913, PLR0917  # fixtures, and a turn
    server: HubServer, releases: dict[str, Path], tmp_path: Path, forks: ForkServerContext, requests: int, turn: int
) -> None:
    hub = hub_at(server.url, tmp_path)
    pushed(hub, releases["0.1.0"])
    process = forks.Process(target=push_at, args=(server.url, str(releases["0.2.0"]), str(tmp_path / "own")))
    killed_at(server, process, 1 + turn * requests // TURNS, MOMENTS[turn % 3])
    process.join()
    # 255: the server that forks has lost count of how it ended; what went to its end says 0, what failed says 1
    assert process.exitcode in {-signal.SIGKILL, 255}
    left = whole(server)
    assert left in {"0.1.0", "0.2.0"}
    assert turn not in {0, TURNS - 1} or left == ("0.2.0" if turn else "0.1.0")
    server.events = lambda *_: None
    pushed(hub, releases["0.2.0"])
    assert whole(server) == whole(server, "v0.2.0") == "0.2.0"
    assert [commit.title for commit in server.repos[NAME].commits[1:]] == ["tiny 0.1.0", "tiny 0.2.0"]
    assert set(server.puts.values()) == {1}

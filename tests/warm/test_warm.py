"""A fork stands in for a process of its own: it ends like one, is signalled like one, and sees what one would see."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.warm.command import warm

SLEEPING = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
SEEN = """
import json, os, sys, threading
places = [os.getcwd(), os.environ.get("A_WORD"), sys.argv[0], sys.path[0]]
print(json.dumps([*places, sys.stdin.read(), threading.active_count()]))
print("told", file=sys.stderr)
sys.exit(7)
"""


def sleeping() -> tuple["subprocess.Popen[str]", int]:
    """A command that sleeps, and the pid that it says is its own."""
    words = [*warm(), "timeit", "-n", "1", "-r", "1", SLEEPING]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def runs(pid: int) -> bool:
    return Path(f"/proc/{pid}/cmdline").exists() and bool(Path(f"/proc/{pid}/cmdline").read_bytes())


def test_it_sees_and_ends_as_a_new_interpreter_would(tmp_path: Path) -> None:
    (tmp_path / "seen.py").write_text(SEEN)
    done = [
        subprocess.run(
            [*words, "seen"],
            cwd=tmp_path,
            env=os.environ | {"A_WORD": "word"},
            input="asked",
            capture_output=True,
            text=True,
            check=False,
        )
        for words in (warm(), (sys.executable, "-m"))
    ]
    assert json.loads(done[0].stdout) == [str(tmp_path), "word", str(tmp_path / "seen.py"), str(tmp_path), "asked", 1]
    assert len({(one.returncode, one.stdout, one.stderr) for one in done}) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_ends_whoever_asked_ends_the_command(number: signal.Signals) -> None:
    process, pid = sleeping()
    with process:
        assert runs(pid)
        process.send_signal(number)
        assert process.wait() == -number
    ends = time.monotonic() + 30
    while runs(pid) and time.monotonic() < ends:
        time.sleep(0.01)
    assert not runs(pid)


def test_one_that_is_killed_leaves_the_others_at_work() -> None:
    first, _ = sleeping()
    second, pid = sleeping()
    with first, second:
        first.kill()
        first.wait()
        assert runs(pid)
        second.terminate()
        assert second.wait() == -signal.SIGTERM


def test_it_goes_on_serving_where_those_who_asked_were_killed_at_once() -> None:
    for turn in range(12):
        with subprocess.Popen([*warm(), "timeit", "-n", "1", "-r", "1", "pass"], stdout=subprocess.DEVNULL) as process:
            time.sleep(turn * 0.004)  # from before it has connected until it is done
            process.kill()
    done = subprocess.run([*warm(), "timeit", "-n", "1", "-r", "1", "print('yes')"], capture_output=True, check=True)
    assert done.stdout.startswith(b"yes")

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PARENT = """
import subprocess, sys, time
from rocot.teacher.guard import Guard
guard = Guard()
child = subprocess.Popen([sys.executable, "-c", CHILD])
time.sleep(1.5)
{then}
print(child.pid, flush=True)
time.sleep(60)
"""
CHILD = """
import subprocess, sys, time
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid, flush=True)
time.sleep(60)
"""


def alive(pid: int) -> bool:
    """Whether a process runs; what has ended and is not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pids: list[int], seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and any(map(alive, pids)):
        time.sleep(0.05)
    return not any(map(alive, pids))


def started(then: str) -> tuple[subprocess.Popen[str], list[int]]:
    """A parent with a guard, and its child and grandchild."""
    code = PARENT.replace("CHILD", repr(CHILD)).format(then=then)
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout as told:  # not read to its end, which is when the last of the three has ended
        return parent, [int(told.readline()) for _ in range(2)]


@pytest.mark.parametrize("then", ["", "guard.settled()"])
def test_what_a_killed_process_leaves_behind_is_ended(then: str) -> None:
    parent, left = started(then)
    assert all(map(alive, left))
    parent.kill()
    parent.wait()
    assert gone(left, 10)


def test_a_guard_that_was_dismissed_ends_nothing() -> None:
    parent, left = started("guard.settled(); guard.dismiss()")
    parent.kill()
    parent.wait()
    assert not gone(left, 1)
    for pid in left:
        os.kill(pid, signal.SIGKILL)

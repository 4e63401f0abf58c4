import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rocot.engine.claims import Owner, held, lives, sweep
from rocot.engine.store import Store
from rocot.errors import StoreError

HOLDING = """
import sys, time
from pathlib import Path
from rocot.engine.claims import Owner
print(Owner(Path(sys.argv[1])).id, flush=True)
time.sleep(60)
"""


def test_a_worker_lives_as_long_as_it_holds_its_lock(tmp_path: Path) -> None:
    owner = Owner(tmp_path)
    assert lives(tmp_path, owner.id)
    assert sweep(tmp_path) == []
    owner.close()
    assert not lives(tmp_path, owner.id)
    assert not list(tmp_path.iterdir())


def test_a_killed_worker_is_dead_at_once_and_swept(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDING, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        owner = process.stdout.readline().strip()
        assert lives(tmp_path, owner)
        process.kill()
    assert not lives(tmp_path, owner)
    assert sweep(tmp_path) == [owner]
    assert not list(tmp_path.iterdir())


def test_a_child_that_outlives_its_parent_does_not_keep_its_claims(tmp_path: Path) -> None:
    # One write a line: print writes the line's end by itself, and two processes share the pipe.
    fork = r"import os; child = os.fork(); os.write(1, b'%d\n' % child); time.sleep(60)"
    forking = HOLDING.replace("time.sleep(60)", fork)
    command = [sys.executable, "-c", forking, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        owner = process.stdout.readline().strip()
        child = sum(int(process.stdout.readline()) for _ in range(2))  # the parent says its id, the child says 0
        process.kill()
        process.wait()
        try:
            assert not lives(tmp_path, owner)
        finally:
            os.kill(child, signal.SIGKILL)


async def test_a_claim_holds_against_the_living_and_not_for_the_dead(tmp_path: Path) -> None:
    with Store(tmp_path) as first, Store(tmp_path) as second:
        assert await first.claim("toy")
        assert await first.claim("toy"), "one may claim again what one has"
        assert not await second.claim("toy")
        assert second.claimed_elsewhere("toy")
        assert not first.claimed_elsewhere("toy")
        await second.release("toy")
        assert not await second.claim("toy"), "nobody gives up what is not theirs"
        first._owner.close()
        assert not second.claimed_elsewhere("toy")
        assert await second.claim("toy")


async def test_only_one_of_many_gets_a_claim(tmp_path: Path) -> None:
    stores = [Store(tmp_path) for _ in range(5)]
    got = await asyncio.gather(*(store.claim("toy") for store in stores))
    assert sum(got) == 1
    for store in stores:
        store.close()


def test_a_lock_is_held_alone_or_with_others(tmp_path: Path) -> None:
    path = tmp_path / "there" / "lock"
    with held(path, alone=False) as first, held(path, alone=False) as second, held(path, alone=True) as third:
        assert (first, second, third) == (True, True, False)
    with held(path, alone=True) as first, held(path, alone=False) as second:
        assert (first, second) == (True, False)
    with held(path, alone=True) as again:
        assert again


def test_a_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    code = f"""
import time
from pathlib import Path
from rocot.engine.claims import held
with held(Path({str(tmp_path / "lock")!r}), alone=True):
    print("held", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with held(tmp_path / "lock", alone=False) as got:
            assert not got
        process.kill()
        process.wait()
    with held(tmp_path / "lock", alone=True) as got:
        assert got


def test_a_lock_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"), held(tmp_path / "file" / "lock", alone=True):
        pass

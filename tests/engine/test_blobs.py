import errno
import hashlib
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rocot.engine.blobs import Blobs
from rocot.errors import StoreError


def test_a_blob_is_found_by_its_content(tmp_path: Path) -> None:
    digest = Blobs(tmp_path).put(b"pixels")
    assert digest == hashlib.sha256(b"pixels").hexdigest()
    assert (tmp_path / digest[:2] / f"{digest}.jpg").read_bytes() == b"pixels"
    assert Blobs(tmp_path).get(digest) == b"pixels"
    assert Blobs(tmp_path).get("0" * 64) is None


@pytest.mark.parametrize("name", ["../holiday", "../../holiday", "", "0" * 63 + "\0", "F" * 64])
def test_what_is_no_digest_is_no_path(tmp_path: Path, name: str) -> None:
    (tmp_path / "cache" / "frames").mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "cache"):
        (folder / "holiday.jpg").write_bytes(b"pixels")
    assert Blobs(tmp_path / "cache" / "frames").get(name) is None
    assert len(list(tmp_path.rglob("holiday.jpg"))) == 2


@pytest.mark.parametrize("damage", [b"", b"pixel", b"pjxels"])
def test_a_damaged_blob_is_not_there_and_can_be_put_again(tmp_path: Path, damage: bytes) -> None:
    digest = Blobs(tmp_path).put(b"pixels")
    (tmp_path / digest[:2] / f"{digest}.jpg").write_bytes(damage)
    blobs = Blobs(tmp_path)
    assert blobs.get(digest) is None
    blobs.put(b"pixels")
    assert Blobs(tmp_path).get(digest) == b"pixels"


def test_many_threads_may_put_the_same_blobs(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        digests = list(pool.map(blobs.put, [bytes([number % 5]) * 9999 for number in range(200)]))
    assert len(set(digests)) == 5
    assert all(blobs.get(digest) for digest in digests)
    assert sorted(path.stem for path in tmp_path.rglob("*") if path.is_file()) == sorted(set(digests))


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="choose another cache folder"):
        Blobs(tmp_path / "file").put(b"pixels")
    with pytest.raises(StoreError, match="cannot be read"):
        Blobs(tmp_path / "file").get("0" * 64)


BLOB = 1000


def blobs_of(count: int, seed: int = 0) -> list[bytes]:
    dice = random.Random(seed)
    return [dice.randbytes(BLOB) for _ in range(count)]


def held(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.jpg"))


def test_a_cache_keeps_to_its_quota(tmp_path: Path) -> None:
    quota = 256 * 8 * BLOB
    blobs = Blobs(tmp_path, quota)
    for number, blob in enumerate(blobs_of(6000)):
        blobs.put(blob)
        if number % 500 == 0:
            assert held(tmp_path) <= quota
    assert 0.7 * quota <= held(tmp_path) <= quota


def test_short_runs_keep_to_the_quota_as_well(tmp_path: Path) -> None:
    quota = 256 * 8 * BLOB
    for number in range(60):
        blobs = Blobs(tmp_path, quota)
        for blob in blobs_of(100, number):
            blobs.put(blob)
    assert held(tmp_path) <= quota


def test_what_was_used_last_stays(tmp_path: Path) -> None:
    shelf = 16 * BLOB
    blobs = Blobs(tmp_path, 256 * shelf)
    mine = [blob for blob in blobs_of(9000) if hashlib.sha256(blob).hexdigest()[:2] == "a7"]
    assert len(mine) > 30
    first = [blobs.put(blob) for blob in mine[:8]]
    for age, digest in enumerate(reversed(first)):
        os.utime(tmp_path / "a7" / f"{digest}.jpg", (time.time() - 100 - age,) * 2)
    assert blobs.get(first[0])
    assert blobs.put(mine[1]) == first[1]
    for blob in mine[8:20]:
        blobs.put(blob)
    assert blobs.get(first[0])
    assert blobs.get(first[1])
    left = [blobs.get(digest) is not None for digest in first[2:]]
    assert left == sorted(left, reverse=True)  # the oldest went
    assert not all(left)


def test_what_was_put_last_is_there_even_where_it_is_over_the_quota(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path, 1)
    for blob in blobs_of(20):
        assert blobs.get(blobs.put(blob)) == blob


def test_an_empty_cache_is_not_looked_at_over_and_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[object] = []
    scan = os.scandir

    def counted(path: Path) -> Iterator[os.DirEntry[str]]:
        if len(Path(path).name) == 2:  # a shelf: from Python 3.13 on the desk's listing comes this way too
            looks.append(path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", counted)
    blobs = Blobs(tmp_path)
    for blob in blobs_of(2000):
        blobs.put(blob)
    assert len(looks) == 1


def test_a_blob_is_put_while_its_folders_are_deleted_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, deletions = Path.write_bytes, iter(range(20))

    def deleted_first(path: Path, data: bytes) -> int:
        if next(deletions, None) is not None:
            shutil.rmtree(path.parent, ignore_errors=True)
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", deleted_first)
    blobs = Blobs(tmp_path)
    assert blobs.get(blobs.put(b"pixels")) == b"pixels"


def test_the_cache_may_be_deleted_while_it_is_used(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "cache")
    for blob in blobs_of(3):
        assert blobs.get(blobs.put(blob)) == blob
        shutil.rmtree(tmp_path / "cache")


def test_the_litter_of_killed_processes_goes_with_the_first_blob_of_another(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    old, new = tmp_path / "new" / "old", tmp_path / "new" / "new"
    for path in (old, new):
        path.write_bytes(b"half a fra")
    os.utime(old, (time.time() - 7200,) * 2)
    Blobs(tmp_path).put(b"pixels")
    assert list((tmp_path / "new").iterdir()) == [new]  # who writes it may be at work


def test_a_full_disk_costs_the_older_half_and_not_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs, several = Blobs(tmp_path), blobs_of(400)
    for age, blob in enumerate(several):
        path = tmp_path / (digest := blobs.put(blob))[:2] / f"{digest}.jpg"
        os.utime(path, (time.time() - 10_000 + age,) * 2)
    room = 300 * BLOB
    write = Path.write_bytes

    def limited(path: Path, data: bytes) -> int:
        if held(tmp_path) + len(data) > room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", limited)
    assert blobs.get(blobs.put(b"one more"))
    left = [blobs.get(hashlib.sha256(blob).hexdigest()) is not None for blob in several]
    assert 0.3 < sum(left) / 400 < 0.7
    assert sum(left[200:]) > 2 * sum(left[:200])
    room = 0
    with pytest.raises(StoreError, match="No space left on device"):
        blobs.put(b"yet one more")


PUTTING = """
import sys
from pathlib import Path
from rocot.engine.blobs import Blobs
from tests.engine.test_blobs import BLOB, blobs_of
blobs = Blobs(Path(sys.argv[1]), 256 * 8 * BLOB)
for blob in blobs_of(3000, int(sys.argv[2])) + blobs_of(200, 99):
    digest = blobs.put(blob)
    assert blobs.get(digest) in (blob, None)
"""


def test_processes_share_a_cache_and_its_quota(tmp_path: Path) -> None:
    started = [subprocess.Popen([sys.executable, "-c", PUTTING, str(tmp_path), str(number)]) for number in range(3)]
    assert [process.wait() for process in started] == [0, 0, 0]
    assert held(tmp_path) <= 256 * 8 * BLOB * (1 + 3 / 8)
    assert not list((tmp_path / "new").iterdir())

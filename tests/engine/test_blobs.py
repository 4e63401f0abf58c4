import hashlib
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

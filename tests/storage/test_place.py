import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

from rocot.errors import StorageError
from rocot.storage.place import Place, is_url


class TestContract:
    """What holds of every place."""

    @pytest.fixture(params=["path", "file", "memory"])
    def place(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
        if request.param == "memory":
            name = uuid4().hex
            yield Place(f"memory://{name}/a b")
            fsspec.filesystem("memory").rm(f"/{name}", recursive=True)
        else:
            yield Place(f"{'file://' * (request.param == 'file')}{tmp_path}/it's $x::y #1?")

    @pytest.fixture(autouse=True)
    def _something_there(self, place: Place) -> None:
        place.write("there.json", b"{}")

    def test_a_small_file_comes_back(self, place: Place) -> None:
        place.write("a.json", b"first")
        place.write("a.json", b"second")
        assert place.read("a.json") == b"second"
        assert place.size("a.json") == 6

    def test_what_is_not_there_is_none(self, place: Place) -> None:
        assert place.read("b") is None
        assert place.size("b") is None
        assert (place / "nowhere").names() == []
        place.remove("b")

    def test_a_file_comes_back_byte_for_byte(self, place: Place, tmp_path: Path) -> None:
        sent, back = tmp_path / "sent", tmp_path / "back"
        sent.write_bytes(os.urandom(100_000))
        place.send(sent, "deep/er/file.bin")
        place.fetch("deep/er/file.bin", back)
        assert back.read_bytes() == sent.read_bytes()
        assert (place / "deep" / "er").names() == ["file.bin"]

    def test_names_are_sorted_and_new_at_each_look(self, place: Place) -> None:
        place.write("b", b"")
        assert place.names() == ["b", "there.json"]
        place.write("a", b"")
        place.remove("b")
        assert place.names() == ["a", "there.json"]

    def test_a_file_that_is_missing_is_told_by_its_place(self, place: Place, tmp_path: Path) -> None:
        with pytest.raises(StorageError, match="not found"):
            place.fetch("b", tmp_path / "b")


def test_a_path_is_a_place_as_it_is_spelt(tmp_path: Path) -> None:
    assert Place(str(tmp_path)).url == f"file://{tmp_path}"
    assert Place("a/b").url == f"file://{Path.cwd()}/a/b"
    assert str(Place(f"file://{tmp_path}/") / "x") == f"file://{tmp_path}/x"
    assert [is_url(text) for text in ("s3://b", "file:///x", "lab/name", "/x://y", "a:b")] == [True, True] + [False] * 3


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("s3://key:secret@bucket/x", "password.*leave it out"),
        ("simplecache::s3://bucket/x", "one address alone"),
        ("s3::x://bucket", "one address alone"),
        ("nothing://bucket/x", "fsspec knows no nothing://"),
        ("", "the URL is empty"),
        (" ", "the URL is empty"),
        ("file://", "the URL is empty"),
        ("/", "the root of the disk; name a folder of its own"),
        ("file:///", "the root of the disk"),
        ("s3://", "s3://: names no bucket; want s3://bucket/folder"),
        ("memory:///", "names no bucket"),
        ("s3:/bucket/x", "one slash alone follows the colon; want s3://"),
        ("HF:/buckets/x", "one slash alone"),
    ],
)
def test_what_is_no_place_is_told_without_its_secret(url: str, told: str) -> None:
    with pytest.raises(StorageError, match=told) as caught:
        Place(url)
    assert "secret" not in str(caught.value)


def test_a_service_without_its_client_names_what_to_install() -> None:
    pytest.importorskip("fsspec")
    try:
        import gcsfs  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: F401, PLC0415
    except ImportError:
        with pytest.raises(StorageError, match="needs a client of gs"):
            Place("gs://bucket/x")


def test_what_may_pass_is_tried_again_and_what_may_not_is_not(tmp_path: Path) -> None:
    slept: list[float] = []
    place = Place(f"flaky://{tmp_path}", slept.append)
    Flaky.faults = [TimeoutError("slow"), ConnectionResetError("gone")]
    assert place.read("none") is None
    assert slept == [1, 2]
    Flaky.faults = [TimeoutError("slow")] * 4
    with pytest.raises(StorageError, match=r"flaky://.*cannot be reached \(slow\)"):
        place.read("none")
    Flaky.faults, slept[:] = [PermissionError("no")], []
    with pytest.raises(StorageError, match="permission denied"):
        place.read("none")
    Flaky.faults = [ForeignError("odd")]
    assert place.read("none") is None
    Flaky.faults = [KeyError("a bug")]
    with pytest.raises(KeyError):
        place.read("none")


def test_what_a_disk_says_for_good_is_told_at_once_and_by_what_to_do(tmp_path: Path) -> None:
    slept: list[float] = []
    place = Place(f"flaky://{tmp_path}", slept.append)
    for number, said in [
        (errno.ENOSPC, "the disk is full, here or there .*; make room, and run the same again"),
        (errno.EROFS, "only to be read .*; name another folder, or have it mounted"),
        (errno.ENOTDIR, "a file lies where a folder is wanted .*; name another folder"),
    ]:
        Flaky.faults = [OSError(number, os.strerror(number))]
        with pytest.raises(StorageError, match=said):
            place.read("none")
    assert not slept


def test_half_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "whole").write_bytes(b"12345")
    place = Place(f"flaky://{tmp_path}/there", lambda _: None)
    Flaky.cut = 3
    with pytest.raises(StorageError, match="3 bytes have arrived of 5"):
        place.send(tmp_path / "whole", "half")


class ForeignError(Exception):
    """Of some client."""


class Flaky(LocalFileSystem):  # type: ignore[misc]
    """A disk that fails as told."""

    protocol = "flaky"
    faults: ClassVar[list[Exception]] = []
    cut = 0

    def cat_file(self, path: str, **more: object) -> bytes:
        if Flaky.faults:
            raise Flaky.faults.pop(0)
        found: bytes = super().cat_file(path, **more)
        return found

    def put_file(self, lpath: str, rpath: str, **more: object) -> None:
        Path(rpath.removeprefix("flaky://")).write_bytes(Path(lpath).read_bytes()[: Flaky.cut])

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        stripped: str = super()._strip_protocol(path.removeprefix("flaky://"))
        return stripped


fsspec.register_implementation("flaky", Flaky, clobber=True)

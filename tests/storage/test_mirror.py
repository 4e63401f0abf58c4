"""Files at a URL: brought once, whole, and only into the cache."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import fsspec
import pytest

from rocot.errors import StorageError, VideoError
from rocot.storage.mirror import Mirror, Mirrors, can_lie
from rocot.storage.place import Place


@pytest.fixture
def url() -> Iterator[str]:
    """Of a folder with two files."""
    name = uuid4().hex
    there = Place(f"memory://{name}/films")
    there.write("a.mp4", b"first")
    (there / "deep er").write("b.mp4", b"0123456789")
    yield there.url
    fsspec.filesystem("memory").rm(f"/{name}", recursive=True)


@pytest.fixture
def mirrors(tmp_path: Path) -> Mirrors:
    return Mirrors(tmp_path / "videos")


def test_files_are_told_with_their_sizes_and_below_folders(url: str, mirrors: Mirrors) -> None:
    assert mirrors.of(url).files == {"a.mp4": 5, "deep er/b.mp4": 10}
    assert mirrors.of(f"{url}/nowhere").files == {}
    assert mirrors.of(url) is mirrors.of(f"{url}/")


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that have come, in their order."""
    names: list[str] = []
    fetch = Place.fetch

    def counted(place: Place, name: str, file: Path) -> None:
        names.append(name)
        fetch(place, name, file)

    monkeypatch.setattr(Place, "fetch", counted)
    return names


def test_a_file_is_brought_once_and_again_when_it_is_gone(url: str, mirrors: Mirrors, fetched: list[str]) -> None:
    mirror = mirrors.of(url)
    assert mirror.here("deep er/b.mp4") is None
    file = mirror.bring("deep er/b.mp4")
    assert (file, file.read_bytes()) == (mirror.root / "deep er/b.mp4", b"0123456789")
    assert mirror.bring("deep er/b.mp4") == mirror.here("deep er/b.mp4") == file
    assert len(fetched) == 1
    file.unlink()
    mirrors.bring(file)
    assert file.read_bytes() == b"0123456789"
    file.write_bytes(b"cut")
    assert mirror.bring("deep er/b.mp4").read_bytes() == b"0123456789"
    assert len(fetched) == 3
    left = {path.name for path in mirror.root.parent.rglob("*") if path.is_file()}
    assert left == {"url.txt", "b.mp4"}


def test_threads_that_want_the_same_file_bring_it_once(url: str, mirrors: Mirrors, fetched: list[str]) -> None:
    mirror, begun = mirrors.of(url), threading.Barrier(4)

    def bring(_: int) -> bytes:
        begun.wait()
        return mirror.bring("a.mp4").read_bytes()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(bring, range(4))) == [b"first"] * 4
    assert fetched == ["a.mp4"]


def test_a_part_of_a_file_brings_nothing(url: str, mirrors: Mirrors) -> None:
    mirror = mirrors.of(url)
    assert mirror.part("deep er/b.mp4", 2, 5) == b"234"
    assert mirror.here("deep er/b.mp4") is None


def test_a_file_that_is_another_by_now_or_gone_is_told(url: str, mirrors: Mirrors) -> None:
    mirror = mirrors.of(url)
    assert mirror.files["a.mp4"] == 5
    Place(url).write("a.mp4", b"longer than it was")
    with pytest.raises(VideoError, match="5 bytes were listed, and 18 came") as caught:
        mirror.bring("a.mp4")
    assert caught.value.reason == "file changed"
    Place(url).remove("a.mp4")
    for look in (lambda: mirror.bring("a.mp4"), lambda: mirror.part("a.mp4", 0, 1)):
        with pytest.raises(VideoError, match=r"a.mp4 was listed at memory://.*, and is not there any more") as caught:
            look()
        assert caught.value.reason == "missing file"
    assert not list(mirror.root.rglob("*.mp4"))


def test_files_of_others_are_left_alone(url: str, mirrors: Mirrors, tmp_path: Path) -> None:
    root = mirrors.of(url).root
    own = tmp_path / "videos" / "own.mp4"  # in a folder of somebody's own that is called as ours
    for path in (tmp_path / "mine.mp4", own, root / "no such.mp4", root, tmp_path / "videos/0123456789abcdef/a.mp4"):
        mirrors.bring(path)
    assert not list(tmp_path.rglob("*.mp4"))


@pytest.mark.parametrize("path", ["../a.mp4", "a/../../b.mp4", "/etc/passwd", "a//b.mp4", "./a.mp4", "a\0.mp4", ""])
def test_no_file_leaves_its_folder(path: str, tmp_path: Path) -> None:
    assert not can_lie(path)
    mirror = Mirror(Place("memory://nowhere"), tmp_path)
    with pytest.raises(StorageError, match="cannot lie under this path"):
        mirror.bring(path)


def test_a_disk_that_cannot_be_written_is_told(url: str, tmp_path: Path) -> None:
    (tmp_path / "videos").write_text("a file")
    with pytest.raises(StorageError, match=r"a.mp4: cannot be written .*make room, or choose another cache folder"):
        Mirrors(tmp_path / "videos").of(url).bring("a.mp4")

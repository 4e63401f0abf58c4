"""Videos here and at a URL: a source lists the same, and what is at a URL comes here when it is opened."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import fsspec
import pytest

from rocot.errors import ConfigError, VideoError
from rocot.sources.folder import FolderSource
from rocot.sources.footage import Footage, Here, There
from rocot.sources.manifest.file import Manifest, write
from rocot.sources.manifest.matching import match
from rocot.sources.manifest.source import ManifestSource
from rocot.sources.protocol import Skipped, Source, Video, mark_of
from rocot.storage.mirror import Mirror, Mirrors
from rocot.storage.place import Place
from tests.sources.manifest.test_file import entry, header
from tests.sources.manifest.test_matching import Said, told
from tests.sources.test_folder import HEADER, Known

LAID = {
    "b.mp4": "8",
    "deep/a.AVI": "9" + " " * 200_000,
    "deep/b.mp4": "8",
    "notes.txt": "no video",
    ".hidden.mp4": "8",
    ".cache/c.mp4": "8",
    "empty.mp4": "",
}


@pytest.fixture
def here(tmp_path: Path) -> Here:
    for name, text in LAID.items():
        path = tmp_path / "videos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Here(tmp_path / "videos")


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    name = uuid4().hex
    place = Place(f"memory://{name}/films")
    for path, text in LAID.items():
        place.write(path, text.encode())
    yield Mirrors(tmp_path / "cache").of(place.url)
    fsspec.filesystem("memory").rm(f"/{name}", recursive=True)


@pytest.fixture
def there(mirror: Mirror) -> There:
    return There(mirror)


@pytest.fixture(params=["here", "there"])
def footage(request: pytest.FixtureRequest) -> Footage:
    made: Footage = request.getfixturevalue(request.param)
    return made


class TestContract:
    """What holds of both."""

    def test_videos_are_found_and_hidden_ones_are_not(self, footage: Footage) -> None:
        assert set(footage.found()) == {"b.mp4", "deep/a.AVI", "deep/b.mp4", "empty.mp4"}
        assert [footage.holds(path) for path in ("b.mp4", "notes.txt", "none.mp4")] == [True, True, False]

    def test_marks_are_those_of_the_files(self, footage: Footage, here: Here) -> None:
        for path in ("b.mp4", "deep/a.AVI"):
            assert footage.mark(path) == mark_of(here.root / path)
            assert footage.bring(path).read_text() == LAID[path]
            assert footage.mark(path) == mark_of(here.root / path)

    def test_what_is_no_video_is_told(self, footage: Footage) -> None:
        with pytest.raises(VideoError) as caught:
            footage.mark("empty.mp4")
        assert caught.value.reason == "not a video"


def listed(source: Source) -> list[Video | Skipped]:
    return [
        one.model_copy(update={"path": ""}) if isinstance(one, Video) else one.model_copy(update={"detail": ""})
        for one in source.videos("train")
    ]


def test_a_folder_at_a_url_lists_what_the_same_folder_does_here(here: Here, there: There, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + "b.mp4,Fighting,1,2\ndeep/a.AVI,Normal,,\nnone.mp4,Normal,,\n")
    mine, theirs = (
        listed(FolderSource("own", footage, tmp_path / "a.csv", "train", (), Known())) for footage in (here, there)
    )
    assert mine == theirs
    assert [one.id for one in mine if isinstance(one, Video)] == ["b", "deep/a", "deep/b"]
    assert [(one.id, one.reason) for one in mine if isinstance(one, Skipped)] == [
        ("empty", "not a video"),
        ("none", "missing file"),
    ]


def test_a_folder_at_a_url_opens_a_parts_videos_alone(there: There, mirror: Mirror) -> None:
    source = FolderSource("own", there, None, "train", (), Known(), takes=lambda name: name == "b")
    (found,) = source.videos("train")
    assert isinstance(found, Video)
    assert found.path == str(mirror.root / "b.mp4")
    assert [path.name for path in mirror.root.rglob("*.mp4")] == ["b.mp4"]


def test_a_manifest_at_a_url_is_listed_without_bringing_anything(
    here: Here, there: There, mirror: Mirror, tmp_path: Path
) -> None:
    marks = {path: mark_of(here.root / path) for path in ("b.mp4", "deep/a.AVI")}
    known = [entry("deep/a", file="deep/a.AVI", mark=marks["deep/a.AVI"], duration=9.0), entry("b", mark="0" * 64)]
    write(tmp_path / "yard.parquet", Manifest(header(), known))
    mine, theirs = (
        listed(ManifestSource("my-yard", tmp_path / "yard.parquet", footage, "native", Known()))
        for footage in (here, there)
    )
    assert mine == theirs
    assert [type(one) for one in mine] == [Video, Skipped]
    assert not mirror.root.exists()


def test_two_files_of_one_name_are_compared(there: There, mirror: Mirror) -> None:
    found = match([Said("x/b.mp4")], there)
    assert found.paths == {"toy/x/b.mp4": "b.mp4"}
    assert told(found) == [("extra", "deep/a.AVI"), ("extra", "empty.mp4")]
    assert mirror.here("b.mp4") is not None


def test_a_url_without_videos_is_told(tmp_path: Path) -> None:
    nothing = There(Mirrors(tmp_path).of("memory://nowhere/at all"))
    with pytest.raises(ConfigError, match="memory://nowhere/at all: no videos in it"):
        FolderSource("own", nothing, None, "train", (), Known()).videos("train")
    with pytest.raises(ConfigError, match="memory://nowhere/at all: no videos in it"):
        match([Said("a.mp4")], nothing)


def test_a_url_where_a_folder_is_wanted_is_told_as_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"s3://lab/films: a folder of this machine is wanted, and no URL"):
        match([Said("a.mp4")], Here(Path("s3://lab/films")))
    with pytest.raises(ConfigError, match="no such folder"):
        match([Said("a.mp4")], Here(tmp_path / "none"))

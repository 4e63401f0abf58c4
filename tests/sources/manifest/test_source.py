"""An imported dataset as a source: its videos where they are, its labels as asked, its truth within the video."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from rocot.core.span import Span
from rocot.errors import ConfigError
from rocot.sources.footage import Here
from rocot.sources.manifest.entry import Entry
from rocot.sources.manifest.file import Manifest, write
from rocot.sources.manifest.source import Labels, ManifestSource
from rocot.sources.protocol import Skipped, Video, mark_of
from tests.sources.manifest.test_file import entry, header
from tests.sources.test_folder import Known

Lay = Callable[..., ManifestSource]


@pytest.fixture
def reader() -> Known:
    return Known()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    return folder


@pytest.fixture
def lay(tmp_path: Path, root: Path, reader: Known) -> Lay:
    def made(*entries: Entry, labels: Labels = "native") -> ManifestSource:
        write(tmp_path / "yard.parquet", Manifest(header(), entries))
        return ManifestSource("my-yard", tmp_path / "yard.parquet", Here(root), labels, reader)

    return made


def videos(found: Sequence[Video | Skipped]) -> list[Video]:
    assert all(isinstance(one, Video) for one in found), found
    return [one for one in found if isinstance(one, Video)]


def test_a_split_gives_its_videos_in_the_manifests_order(lay: Lay, root: Path) -> None:
    for name in "abc":
        (root / f"{name}.mp4").write_text("8")
    source = lay(entry("c"), entry("b", split="test", native_split="testing"), entry("a"))
    assert [video.id for video in videos(list(source.videos("train")))] == ["c", "a"]
    (tested,) = videos(list(source.videos("test")))
    assert (tested.source, tested.split, tested.duration) == ("my-yard", "test", 8.0)
    assert (tested.identity, tested.test_of) == ("yard/b", "yard")
    assert list(source.videos("val")) == []


def test_labels_are_the_datasets_or_the_common_ones(lay: Lay, root: Path) -> None:
    (root / "a.mp4").write_text("8")
    said = entry("a", labels=("Brawl",), common=("Fighting",))
    for labels, named in (("native", ("Brawl",)), ("common", ("Fighting",))):
        (video,) = videos(list(lay(said, labels=labels).videos("train")))
        assert video.truth.labels == named


def test_spans_end_where_the_video_does(lay: Lay, root: Path) -> None:
    (root / "a.mp4").write_text("8")
    (root / "b.mp4").write_text("2")
    spans = (Span(start=1, end=3), Span(start=7, end=9.5))
    said = [entry(name, labels=("Fighting",), spans=spans, localised=True) for name in "a"]
    (video,) = videos(list(lay(*said).videos("train")))
    assert video.truth.spans == (Span(start=1, end=3), Span(start=7, end=8))
    late = entry("b", labels=("Fighting",), spans=(Span(start=7, end=9),), localised=True)
    (skipped,) = lay(late).videos("train")
    assert isinstance(skipped, Skipped)
    assert skipped.reason == "span past the end"


def test_what_the_import_measured_is_not_measured_again(lay: Lay, root: Path, reader: Known) -> None:
    (root / "a.mp4").write_text("8")
    mark = mark_of(root / "a.mp4")
    (video,) = videos(list(lay(entry("a", mark=mark, duration=7.5, measured="video")).videos("train")))
    assert (video.duration, reader.probed) == (7.5, 0)


def test_a_length_that_no_video_has_is_measured(lay: Lay, root: Path) -> None:
    (root / "a.mp4").write_text("8")
    said = entry("a", mark=mark_of(root / "a.mp4"), duration=1e12, measured="video")
    (video,) = videos(list(lay(said).videos("train")))
    assert video.duration == 8


def test_another_file_under_the_name_is_skipped(lay: Lay, root: Path) -> None:
    (root / "a.mp4").write_text("8")
    (skipped,) = lay(entry("a", mark="0" * 64, duration=7.5, measured="video")).videos("train")
    assert isinstance(skipped, Skipped)
    assert skipped.reason == "file changed"


def test_missing_and_broken_files_are_skipped_by_name(lay: Lay, root: Path) -> None:
    (root / "a.mp4").write_text("8")
    (root / "b.mp4").write_text("bad")
    (root / "d.mp4").symlink_to(root.parent / "yard.parquet")
    found = list(lay(entry("a"), entry("b"), entry("c"), entry("d")).videos("train"))
    assert [one.reason for one in found if isinstance(one, Skipped)] == ["damaged", "missing file", "missing file"]


def test_a_folder_without_any_of_the_videos_is_no_run_of_skipped_ones(lay: Lay, root: Path) -> None:
    (root / "z.mp4").write_text("8")
    with pytest.raises(ConfigError, match="videos"):
        list(lay(entry("a")).videos("train"))

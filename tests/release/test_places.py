"""A video is the file with its content mark, whatever it is called, else the file of its name."""

from pathlib import Path

import pytest

from rocot.errors import ConfigError, VideoError
from rocot.release.places import Folders, places
from rocot.sources.footage import Here
from rocot.video.mark import mark_of


def laid(folder: Path, *names: str) -> dict[str, str]:
    """Files whose content is their name; their marks."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return {name: mark_of(folder / name) for name in names}


def test_a_video_is_found_by_its_path_without_the_suffix(tmp_path: Path) -> None:
    marks = laid(tmp_path, "gate/a.mp4", "yard/a.mkv", "a.v2.mp4")
    found = Folders([Here(tmp_path)])
    assert found.path("gate/a", marks["gate/a.mp4"]) == tmp_path / "gate/a.mp4"
    assert found.path("yard/a", marks["yard/a.mkv"]) == tmp_path / "yard/a.mkv"
    assert found.path("a.v2", marks["a.v2.mp4"]) == tmp_path / "a.v2.mp4"
    assert found.path("yard/a.mkv", marks["yard/a.mkv"]) == tmp_path / "yard/a.mkv"


def test_its_content_counts_for_more_than_its_name(tmp_path: Path) -> None:
    marks = laid(tmp_path, "a.mp4", "renamed.mp4")
    assert Folders([Here(tmp_path)]).path("a", marks["renamed.mp4"]) == tmp_path / "renamed.mp4"


def test_a_name_stands_where_no_file_has_the_content(tmp_path: Path) -> None:
    laid(tmp_path, "x/a.mp4", "y/a.mp4")
    found = Folders([Here(tmp_path)])
    assert found.path("y/a", "0" * 64) == tmp_path / "y/a.mp4"
    assert found.path("b", "0" * 64) is None


def test_several_folders_are_one(tmp_path: Path) -> None:
    marks = laid(tmp_path, "one/a.mp4", "two/b.mp4")
    found = Folders([Here(tmp_path / "one"), Here(tmp_path / "two")])
    assert found.path("b", marks["two/b.mp4"]) == tmp_path / "two/b.mp4"


def test_hidden_files_and_other_files_are_not_looked_at(tmp_path: Path) -> None:
    laid(tmp_path, ".a.mp4", ".hidden/a.mp4", "a.txt", "b.mp4")
    assert Folders([Here(tmp_path)]).path("a", "0" * 64) is None


def test_a_folder_that_is_none_or_empty_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        Folders([Here(tmp_path / "gone")])
    with pytest.raises(ConfigError, match="no videos in it"):
        Folders([Here(tmp_path)])


def test_what_is_made_again_needs_no_folder_and_a_named_folder_goes_first(tmp_path: Path) -> None:
    class Painter:
        def path(self, video: str) -> Path:
            if video == "none":
                raise VideoError("no such scene", video)
            return Path("/made") / video

    laid(tmp_path, "a.mp4")
    made = places({}, {"scenes": Painter()})["scenes"]
    assert made.path("a", "") == Path("/made/a")
    with pytest.raises(VideoError, match="no such scene"):
        made.path("none", "")
    assert places({"scenes": [Here(tmp_path)]}, {"scenes": Painter()})["scenes"].path("a", "") == tmp_path / "a.mp4"

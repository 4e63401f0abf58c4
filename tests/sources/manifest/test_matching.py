"""Which file is which video: by path, by name, and never outside the folder."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from rocot.errors import ConfigError
from rocot.sources.footage import Here
from rocot.sources.manifest.matching import Matching, match


@dataclass(frozen=True)
class Said:
    file: str
    id: str = ""

    @property
    def video(self) -> str:
        return f"toy/{self.id or self.file}"


Lay = Callable[..., Path]


@pytest.fixture
def lay(tmp_path: Path) -> Lay:
    """Files with their content, in a folder."""

    def lay(*names: str) -> Path:
        root = tmp_path / "videos"
        root.mkdir(exist_ok=True)
        for name in names:
            path, _, content = name.partition(" = ")
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content or path)
        return root

    return lay


def told(matching: Matching) -> list[tuple[str, str]]:
    return [(finding.kind, finding.video) for finding in matching.findings]


def test_a_video_is_found_by_its_path(lay: Lay) -> None:
    root = lay("Abuse/a.mp4", "Copies/a.mp4 = another", "b.mp4", "Arson/b.mp4 = another")
    matching = match([Said("Abuse/a.mp4"), Said("b.mp4")], Here(root))
    assert matching.paths == {"toy/Abuse/a.mp4": "Abuse/a.mp4", "toy/b.mp4": "b.mp4"}
    assert matching.root == root.resolve()
    assert told(matching) == []


@pytest.mark.parametrize("lying", ["a.mp4", "a.avi", "a.MKV", "deep/er/a.webm"])
@pytest.mark.parametrize("said", ["Abuse/a.mp4", "a", "else/a.avi"])
def test_a_video_is_found_by_its_name_whatever_its_folder_and_suffix(lay: Lay, lying: str, said: str) -> None:
    assert list(match([Said(said)], Here(lay(lying))).paths.values()) == [lying]


def test_dots_and_signs_in_a_name_are_part_of_it(lay: Lay) -> None:
    name = "v=x_-=y.2003.ts__#0-27-17_0-28-07_label_B2-G-0"
    matching = match([Said(name), Said("Title.2003"), Said("Title.2004")], Here(lay(f"{name}.mp4", "Title.2003.mp4")))
    assert set(matching.paths.values()) == {f"{name}.mp4", "Title.2003.mp4"}
    assert told(matching) == [("missing", "Title.2004")]


def test_letters_must_be_of_the_same_case(lay: Lay) -> None:
    matching = match([Said("Abuse001.mp4"), Said("b")], Here(lay("abuse001.mp4", "b.mp4")))
    assert told(matching) == [("missing", "Abuse001.mp4"), ("extra", "abuse001.mp4")]


def test_the_dataset_s_name_of_it_is_tried_last(lay: Lay) -> None:
    assert match([Said("odd/place", id="a")], Here(lay("a.mp4"))).paths == {"toy/a": "a.mp4"}


def test_the_file_that_shares_most_folders_is_taken(lay: Lay) -> None:
    root = lay("part1/Abuse/a.mp4", "part1/Arson/a.mp4 = another")
    assert match([Said("Abuse/a.mp4")], Here(root)).paths == {"toy/Abuse/a.mp4": "part1/Abuse/a.mp4"}


def test_the_suffix_decides_between_files_of_one_name(lay: Lay) -> None:
    assert match([Said("x/a.avi")], Here(lay("1/a.mp4", "2/a.avi"))).paths == {"toy/x/a.avi": "2/a.avi"}


def test_of_files_that_are_the_same_the_first_is_taken(lay: Lay) -> None:
    matching = match([Said("x/a.mp4")], Here(lay("2/a.mp4 = same", "1/a.mp4 = same")))
    assert matching.paths == {"toy/x/a.mp4": "1/a.mp4"}
    assert told(matching) == []


def test_files_of_one_name_that_differ_are_told(lay: Lay) -> None:
    matching = match([Said("x/a.mp4"), Said("b.mp4")], Here(lay("1/a.mp4 = one", "2/a.mp4 = two", "b.mp4")))
    assert told(matching) == [("ambiguous", "x/a.mp4")]
    assert "1/a.mp4" in matching.findings[0].detail
    assert "2/a.mp4" in matching.findings[0].detail


def test_files_of_one_size_and_date_may_differ_all_the_same(lay: Lay) -> None:
    root = lay("1/a.mp4 = one", "2/a.mp4 = two", "b.mp4")
    for name in ("1/a.mp4", "2/a.mp4"):
        os.utime(root / name, ns=(0, 0))
    assert told(match([Said("x/a.mp4"), Said("b.mp4")], Here(root))) == [("ambiguous", "x/a.mp4")]


def test_what_nobody_annotated_is_told_and_what_is_no_video_is_not(lay: Lay) -> None:
    matching = match([Said("a.mp4")], Here(lay("a.mp4", "z/b.avi", "notes.txt", ".hidden.mp4", ".trash/c.mp4")))
    assert told(matching) == [("extra", "z/b.avi")]


def test_a_video_that_several_splits_name_is_looked_for_once(lay: Lay) -> None:
    matching = match([Said("a.mp4"), Said("gone.mp4"), Said("a.mp4"), Said("gone.mp4")], Here(lay("a.mp4")))
    assert told(matching) == [("missing", "gone.mp4")]


@pytest.mark.parametrize("name", ["../secret.mp4", "{outside}/secret.mp4", "a/../../secret.mp4", "x\0y.mp4", "", "."])
def test_an_annotated_name_leads_nowhere_else(lay: Lay, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.mp4").write_text("secret")
    matching = match([Said(name.format(outside=tmp_path), id="s"), Said("a.mp4")], Here(lay("a.mp4")))
    assert list(matching.paths) == ["toy/a.mp4"]


def test_links_out_of_the_folder_are_told_and_not_followed(lay: Lay, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (outside / "b.mp4").write_text("b")
    root = lay("a.mp4", "real/c.mp4")
    (root / "b.mp4").symlink_to(outside / "b.mp4")
    (root / "part").symlink_to(outside)
    (root / "inside").symlink_to(root / "real")
    (root / "d.mp4").symlink_to(root / "real" / "c.mp4")
    matching = match([Said("a.mp4"), Said("b.mp4"), Said("c.mp4"), Said("d.mp4")], Here(root))
    assert matching.paths == {"toy/a.mp4": "a.mp4", "toy/c.mp4": "real/c.mp4", "toy/d.mp4": "d.mp4"}
    assert told(matching) == [("missing", "b.mp4"), ("outside", "part"), ("outside", "b.mp4")]


def test_links_in_a_circle_end(lay: Lay) -> None:
    root = lay("a.mp4")
    (root / "b.mp4").symlink_to(root / "c.mp4")
    (root / "c.mp4").symlink_to(root / "b.mp4")
    (root / "again").symlink_to(root)
    assert list(match([Said("a.mp4")], Here(root)).paths.values()) == ["a.mp4"]


def test_a_folder_with_the_name_of_a_video_is_none_and_what_lies_in_it_is_found(lay: Lay) -> None:
    assert match([Said("a.mp4"), Said("b.mp4")], Here(lay("a.mp4/b.mp4"))).paths == {"toy/b.mp4": "a.mp4/b.mp4"}


def test_a_named_pipe_is_not_opened(lay: Lay) -> None:
    root = lay("1/a.mp4", "b.mp4")
    (root / "2").mkdir()
    os.mkfifo(root / "2" / "a.mp4")
    assert told(match([Said("x/a.mp4"), Said("b.mp4")], Here(root))) == [("ambiguous", "x/a.mp4")]


def test_a_name_that_no_store_can_hold_is_told(lay: Lay) -> None:
    root = lay("a.mp4", "line\nbreak.mp4")
    (root / os.fsdecode(b"not-\xff-text.mp4")).write_text("x")
    matching = match([Said("a.mp4")], Here(root))
    assert told(matching) == [("unusable name", "line\\nbreak.mp4"), ("unusable name", "not-\\udcff-text.mp4")]


def test_a_folder_with_none_of_the_videos_is_the_wrong_one(lay: Lay) -> None:
    with pytest.raises(ConfigError, match=r"none of the dataset's videos is in it \(want a.mp4, say; got other.avi"):
        match([Said("a.mp4")], Here(lay("other.avi")))


@pytest.mark.parametrize("made", ["empty", "file", "nothing"])
def test_no_folder_of_videos_is_an_error_with_advice(tmp_path: Path, made: str) -> None:
    folder = tmp_path / "videos"
    if made == "empty":
        folder.mkdir()
    if made == "file":
        folder.write_text("")
    with pytest.raises(ConfigError, match=r"name the folder|must be a folder"):
        match([Said("a.mp4")], Here(folder))

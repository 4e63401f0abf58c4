from importlib import import_module
from pathlib import Path

import pytest

from rocot.errors import ConfigError
from rocot.sources.known.dataset import Counting, Dataset, known, shipped, taxonomy
from rocot.toml_file import load

MINIMAL = """
name = "x"
title = "X"
homepage = "h"
paper = "p"
citation = "c"
size = "s"
obtain = "o"
terms = "none stated"
licence = "none stated"
[files]
"x.txt" = "all"
[counting]
unit = "seconds"
stated = "seconds"
[[splits]]
native = "train"
common = "train"
videos = 1
[classes]
Fight = "Fighting"
[codes]
B1 = "Fight"
A = "Normal"
"""


def read(folder: Path, text: str) -> Dataset:
    path = folder / "x.toml"
    path.write_text(text)
    return load(path, Dataset)


@pytest.mark.parametrize("name", sorted(shipped()))
class TestEveryKnownDataset:
    def test_is_named_as_its_file_and_has_an_importer(self, name: str) -> None:
        assert known(name).name == name
        assert callable(import_module(f"rocot.sources.known.datasets.{name.replace('-', '_')}").read)

    def test_says_how_to_get_it_and_under_which_terms(self, name: str) -> None:
        about = known(name)
        for text in (about.title, about.paper, about.size, about.obtain, about.terms, about.licence):
            assert text == text.strip()
        assert about.homepage.startswith("https://")
        assert about.citation.strip().startswith("@")
        assert about.counting.stated.endswith(".")
        assert not about.redistribute_frames or about.licence != "none stated"

    def test_has_as_many_normal_videos_as_fit(self, name: str) -> None:
        assert all((split.normal or 0) <= split.videos for split in known(name).splits)


def test_an_unknown_dataset_is_told_with_those_that_are_known() -> None:
    with pytest.raises(ConfigError, match=r"'ucf' is no dataset that rocot knows; known are .*ucf-crime"):
        known("ucf")


def test_a_split_is_found_by_its_own_name() -> None:
    about = known("ucf-crime")
    assert (about.split("test").videos, about.split("test").official) == (290, True)
    with pytest.raises(KeyError):
        about.split("val")


def test_the_taxonomy_has_a_meaning_for_every_class() -> None:
    assert "Normal" not in taxonomy()
    assert all(taxonomy().values())


def test_counting_is_told_in_a_few_words() -> None:
    assert Counting(unit="seconds", stated="x").words == "seconds"
    frames = Counting(unit="frames", fps=23.976, first=1, end="inclusive", stated="x")
    assert frames.words == "frames from 1, 23.976 a second, end inclusive"
    assert Counting(unit="frames", stated="x").words == "frames from 0, at the video's own rate, end exclusive"


def test_the_smallest_file_is_enough(tmp_path: Path) -> None:
    assert read(tmp_path, MINIMAL).classes == {"Fight": "Fighting"}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"Fighting"', '"Brawl"', "classes lead to Brawl, which the common taxonomy has not"),
        ('B1 = "Fight"', 'B1 = "Brawl"', "codes stand for Brawl, which are no classes of it"),
        (
            "[classes]",
            '[[splits]]\nnative = "train"\ncommon = "test"\nvideos = 2\n[classes]',
            "two splits have one native name",
        ),
        ("videos = 1", "videos = 0", "splits\\[0\\].videos"),
        ('common = "train"', 'common = "training"', "splits\\[0\\].common"),
        ('licence = "none stated"\n', "", "licence: missing"),
        ('title = "X"', 'title = "X"\nallows = "licensed"', "wants the licence that says so"),
        ('title = "X"', 'title = "X"\nyear = 2024', "year"),
    ],
)
def test_a_file_that_does_not_hang_together_is_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        read(tmp_path, MINIMAL.replace(old, new, 1))

"""A manifest is read as what a stranger wrote: its names become paths, and lines on a terminal."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rocot.cli.filming import held, named
from rocot.errors import ConfigError, StoreError
from rocot.release.manifest import read_manifest
from rocot.release.validate import validate
from rocot.release.verify import verify_folder
from tests.release.test_export import exported
from tests.release.test_verify import lie

Values = dict[str, object]


@pytest.fixture
def release(tmp_path: Path) -> Path:
    exported(tmp_path, 3)
    return tmp_path / "release"


def renamed(split: str) -> Callable[[Values], None]:
    """The release's split under another name."""

    def change(values: Values) -> None:
        there = values["splits"]
        assert isinstance(there, dict)
        values["splits"] = {split: there["train"]}

    return change


@pytest.mark.parametrize(
    "split", ["../../../escaped", "/abs/olute", "..", ".hidden", "a/b", "a\nb", "a\x1b[2J", "A", "a" * 65, ""]
)
def test_a_split_whose_name_would_be_another_path_is_refused_by_whatever_reads_it(release: Path, split: str) -> None:
    lie(release, renamed(split))
    with pytest.raises(StoreError) as caught:
        read_manifest(release)
    message = str(caught.value)
    assert message.startswith(f"{release}/manifest.json: no manifest of a release (splits: ")
    assert f"must be 1 to 64 of a-z 0-9 . _ -, the first a letter or digit (got {split!r})" in message
    assert message.isprintable()
    assert (verify_folder(release).exit_code, validate(release).exit_code) == (2, 2)
    with pytest.raises(ConfigError, match="no release, or a damaged one"):  # what exports, copies and trains begin with
        held(release)


@pytest.mark.parametrize(
    ("name", "said", "wanted"),
    [
        ("release", "tiny\nrocot: all is well", "must be 1 to 64 of a-z 0-9"),
        ("release", "../tiny", "must be 1 to 64 of a-z 0-9"),
        ("version", "0.1.0\nrocot: all is well", "must be a semantic version such as 0.1.0"),
        ("version", "newest", "must be a semantic version such as 0.1.0"),
    ],
)
def test_a_release_is_called_as_a_recipe_calls_it(release: Path, name: str, said: str, wanted: str) -> None:
    lie(release, lambda values: values.update({name: said}))
    with pytest.raises(StoreError) as caught:
        read_manifest(release)
    assert f"({name}: {wanted}" in str(caught.value)
    assert f"(got {said!r})" in str(caught.value)


def test_what_is_told_of_a_manifest_stays_in_its_line(release: Path) -> None:
    """Keys that nobody knows, and the name of another version, are the author's words too."""
    lie(release, lambda values: values.update({"more\nrocot: all is well": 1}))
    with pytest.raises(StoreError, match=r"more\\nrocot: all is well: Extra inputs are not permitted"):
        read_manifest(release)
    lie(release, lambda values: values.update({"format": 1, "rocot": "0\nrocot: all is well"}))
    with pytest.raises(StoreError, match=r"made by rocot 0\\nrocot: all is well"):
        read_manifest(release)


def test_a_note_of_another_rocot_stays_in_its_line(release: Path) -> None:
    def change(values: Values) -> None:
        columns = values["columns"]
        assert isinstance(columns, dict)
        values.update({"rocot": "0\nrocot: all is well", "columns": {**columns, "all": "0" * 64}})

    lie(release, change)
    assert all("\n" not in note for note in validate(release).notes)


def test_a_source_that_is_told_stays_in_its_line(release: Path) -> None:
    def change(values: Values) -> None:
        sources = values["sources"]
        assert isinstance(sources, list)
        values["sources"] = [{**sources[0], "name": "yard\nrocot: all is well"}]

    lie(release, change)
    with pytest.raises(ConfigError, match=r"it has yard\\nrocot: all is well"):
        named(["other=videos"], held(release).manifest.sources)

"""What names a dataset of the Hub, and what lies here."""

from pathlib import Path

import pytest

from rocot.cli.naming import on_hub
from rocot.errors import ConfigError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with two folders in it."""
    monkeypatch.chdir(tmp_path)
    for folder in ("here", "runs"):
        (tmp_path / folder).mkdir()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("lab/car-park", "lab/car-park@main"),
        ("lab/car-park@v1.0.0", "lab/car-park@v1.0.0"),
        ("lab/car-park@refs/pr/1", "lab/car-park@refs/pr/1"),
        ("here/car-park@v1.0.0", "here/car-park@v1.0.0"),
        ("hub:lab/car-park", "lab/car-park@main"),
        ("hub:here/car-park", "here/car-park@main"),
        ("hub:lab/rows.parquet@main", "lab/rows.parquet@main"),
    ],
)
def test_a_name_is_the_hubs(said: str, meant: str) -> None:
    assert str(on_hub(Path(said))) == meant


@pytest.mark.parametrize("said", ["here", "here/none", "runs/typo", "lab", "lab/x/y", "../lab/x", "lab/rows.parquet"])
def test_what_lies_here_or_could_is_a_path(said: str) -> None:
    assert on_hub(Path(said)) is None


def test_nothing_said_names_nothing() -> None:
    assert on_hub(None) is None


@pytest.mark.parametrize("said", ["hub:lab", "hub:lab/x/y", "hub:-/x", "hub:lab/x@"])
def test_what_follows_the_prefix_must_be_a_name(said: str) -> None:
    with pytest.raises(ConfigError, match="want hub:ORG/NAME"):
        on_hub(Path(said))

from pathlib import Path

import pytest

from rocot.errors import ConfigError, StorageError
from rocot.release.manifest import NAME, read_manifest
from rocot.release.placing import fetch, placing, put
from rocot.release.ready import ready
from rocot.storage.place import Place
from tests.release.pushing import Quiet, laid


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(str(tmp_path / "there"))


def placed(run: Path, place: Place) -> list[str]:
    """Puts a release there; what was sent."""
    release = ready(run)
    seen = placing(release, place)
    put(release, place, seen, Quiet())
    return [file.path for file in seen.send]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_release_goes_there_and_comes_back(releases: dict[str, Path], place: Place, tmp_path: Path) -> None:
    placed(releases["0.1.0"], place)
    manifest = fetch(place, tmp_path / "back", Quiet())
    assert manifest == read_manifest(releases["0.1.0"] / "release")
    assert files(tmp_path / "back") == files(tmp_path / "there")
    assert not [name for name in files(tmp_path / "back") if name.startswith(("usage", "left_out"))]


def test_what_is_there_is_not_sent_again(releases: dict[str, Path], place: Place) -> None:
    assert len(placed(releases["0.1.0"], place)) > 2
    assert placing(ready(releases["0.1.0"]), place).done
    assert placed(releases["0.1.0"], place) == []


def test_a_new_version_takes_the_place_of_the_old_one(releases: dict[str, Path], place: Place, tmp_path: Path) -> None:
    placed(releases["0.1.0"], place)
    (tmp_path / "there" / "LICENSE").write_bytes(b"theirs")
    placed(releases["0.2.0"], place)
    assert fetch(place, tmp_path / "back", Quiet()).version == "0.2.0"
    there = files(tmp_path / "there")
    assert there.pop("LICENSE") == b"theirs"
    assert there == files(tmp_path / "back")


def test_while_it_changes_it_is_no_release(releases: dict[str, Path], place: Place, tmp_path: Path) -> None:
    placed(releases["0.1.0"], place)

    class Killed(Quiet):
        def stored(self, file: object) -> None:
            raise KeyboardInterrupt

    release = ready(releases["0.2.0"])
    with pytest.raises(KeyboardInterrupt):
        put(release, place, placing(release, place), Killed())
    with pytest.raises(StorageError, match=f"no release of rocot: it has no {NAME}"):
        fetch(place, tmp_path / "back", Quiet())
    placed(releases["0.2.0"], place)
    assert fetch(place, tmp_path / "back", Quiet()).version == "0.2.0"


def test_bytes_that_the_manifest_does_not_name_are_refused(
    releases: dict[str, Path], place: Place, tmp_path: Path
) -> None:
    placed(releases["0.1.0"], place)
    fetch(place, tmp_path / "back", Quiet())
    before = files(tmp_path / "back")
    placed(releases["0.2.0"], place)
    shard = tmp_path / "there" / "data" / "test-00000-of-00001.parquet"
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    with pytest.raises(StorageError, match=r"test-00000-of-00001.parquet is not the file"):
        fetch(place, tmp_path / "back", Quiet())
    assert files(tmp_path / "back") == before


def test_what_is_no_release_is_not_replaced(place: Place, tmp_path: Path) -> None:
    placed(laid(tmp_path / "run", "0.1.0"), place)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("all of it")
    with pytest.raises(ConfigError, match="something else than a release"):
        fetch(place, tmp_path / "mine", Quiet())

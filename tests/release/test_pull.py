from collections import deque
from pathlib import Path

import pytest

from rocot.errors import ConfigError, HubError, StoreError
from rocot.release.manifest import read_manifest, write_manifest
from rocot.release.pull import Pulled, pull
from rocot.release.validate import validate
from tests.release.pushing import NAME, Quiet, hub_at
from tests.servers.hub import HubServer
from tests.servers.hub_repo import Blob


def pulled(server: HubServer, to: Path, revision: str = "main") -> Pulled:
    return pull(hub_at(server.url, to.parent / "cache"), to, Quiet(), revision)


def same(release: Path, folder: Path) -> bool:
    """Whether a folder holds what was pushed of a release, and nothing else."""
    here = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    away = {path.relative_to(release): path.read_bytes() for path in release.rglob("*") if path.is_file()}
    return here == {path: content for path, content in away.items() if path.parts[0] not in {"usage", "left_out"}}


def test_what_was_pushed_comes_back_byte_for_byte(filled: HubServer, releases: dict[str, Path], tmp_path: Path) -> None:
    done = pulled(filled, tmp_path / "new")
    assert same(releases["0.2.0"] / "release", tmp_path / "new")
    assert done.fetched > 0
    assert validate(tmp_path / "new").exit_code == 0
    pulled(filled, tmp_path / "old", "v0.1.0")
    assert same(releases["0.1.0"] / "release", tmp_path / "old")


def test_a_pull_writes_nothing_there(filled: HubServer, tmp_path: Path) -> None:
    pulled(filled, tmp_path / "new")
    assert filled.writes == []


def test_what_is_here_is_not_fetched(filled: HubServer, releases: dict[str, Path], tmp_path: Path) -> None:
    pulled(filled, tmp_path / "new", "v0.1.0")
    assert pulled(filled, tmp_path / "new", "v0.1.0").fetched == 0
    done = pulled(filled, tmp_path / "new")
    assert 0 < done.fetched < done.size
    assert same(releases["0.2.0"] / "release", tmp_path / "new")


def test_a_pull_that_was_ended_goes_on(filled: HubServer, releases: dict[str, Path], tmp_path: Path) -> None:
    pulled(filled, tmp_path / "new", "v0.1.0")
    filled.seen.clear()
    filled.faults["GET resolve"] = deque([*[""] * 5, *["503"] * 99])
    with pytest.raises(HubError, match="status 503"):
        pulled(filled, tmp_path / "new")
    assert same(releases["0.1.0"] / "release", tmp_path / "new")
    filled.faults.clear()
    before = filled.seen.count("GET resolve")
    done = pulled(filled, tmp_path / "new")
    assert same(releases["0.2.0"] / "release", tmp_path / "new")
    assert done.fetched < done.size
    assert filled.seen.count("GET resolve") - before <= 4
    assert not list(tmp_path.glob(".new.pulling*"))


def test_bytes_that_are_not_those_of_the_manifest_are_refused(filled: HubServer, tmp_path: Path) -> None:
    repo = filled.repos[NAME]
    path = "data/held-00000-of-00001.parquet"
    content = filled.read(NAME, path)
    repo.commit({path: Blob(len(content), content[:-1] + b"x")}, (), "flip", "alice")
    with pytest.raises(HubError, match=r"held-.* is not the file that its manifest lists"):
        pulled(filled, tmp_path / "new")
    repo.commit({}, (path,), "drop", "alice")
    with pytest.raises(HubError, match=r"lacks data/held-.* no whole release"):
        pulled(filled, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_damage_under_way_is_mended(filled: HubServer, releases: dict[str, Path], tmp_path: Path) -> None:
    pulled(filled, tmp_path / "new")
    shard = tmp_path / "new" / "data" / "held-00000-of-00001.parquet"
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    pulled(filled, tmp_path / "new")
    assert same(releases["0.2.0"] / "release", tmp_path / "new")


def test_what_lies_in_the_way_is_kept(filled: HubServer, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError, match="something else than a release"):
        pulled(filled, tmp_path / "notes")
    with pytest.raises(ConfigError, match="is no folder"):
        pulled(filled, tmp_path / "notes" / "mine.txt")
    assert filled.seen == []


def test_a_place_that_cannot_be_written_is_told(filled: HubServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be written .* pull again: what has arrived is kept"):
        pull(hub_at(filled.url, tmp_path), tmp_path / "file" / "new", Quiet(), "main")


def test_what_is_no_release_is_told(filled: HubServer, tmp_path: Path) -> None:
    with pytest.raises(HubError, match="no such dataset"):
        pull(hub_at(filled.url, tmp_path, name="tester/other"), tmp_path / "new", Quiet(), "main")
    with pytest.raises(HubError, match="v9: not there"):
        pulled(filled, tmp_path / "new", "v9")
    repo = filled.repos[NAME]
    repo.commit({}, ("manifest.json",), "drop", "alice")
    with pytest.raises(HubError, match=r"is no release of rocot: it has no manifest\.json"):
        pulled(filled, tmp_path / "new")


@pytest.mark.parametrize("path", ["../../evil.parquet", "/etc/evil.parquet", "data/../../../evil.parquet"])
def test_a_manifest_that_reaches_outside_is_refused(
    filled: HubServer, releases: dict[str, Path], tmp_path: Path, path: str
) -> None:
    manifest = read_manifest(releases["0.2.0"] / "release")
    assert manifest is not None
    entry = manifest.splits["held"]
    reaching = entry.model_copy(update={"files": (entry.files[0].model_copy(update={"path": path}),)})
    (tmp_path / "evil").mkdir()
    write_manifest(tmp_path / "evil", manifest.model_copy(update={"splits": {"held": reaching}}))
    content = (tmp_path / "evil" / "manifest.json").read_bytes()
    filled.repos[NAME].commit({"manifest.json": Blob(len(content), content)}, (), "reach", "alice")
    with pytest.raises(StoreError, match="lies outside the release"):
        pulled(filled, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_gated_dataset_is_told(filled: HubServer, tmp_path: Path) -> None:
    repo = filled.repos[NAME]
    repo.private, repo.gated = False, "manual"
    with pytest.raises(HubError, match="is gated; ask for access"):
        pull(hub_at(filled.url, tmp_path, token="hf_other"), tmp_path / "new", Quiet(), "main")

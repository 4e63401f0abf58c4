"""Releases that are read where they lie on the Hub: verified anew each time, or brought here to be compared."""

from collections import deque
from pathlib import Path

import pytest

from rocot.errors import HubError
from rocot.release.differ import compare
from rocot.release.remote import borrowed, verify_hub
from rocot.release.verify import Verification, verify_folder
from tests.release.pushing import NAME, Quiet, hub_at
from tests.servers.hub import HubServer
from tests.servers.hub_repo import Blob

SHARD = "data/train-00000-of-00001.parquet"


def verified(server: HubServer, tmp_path: Path, revision: str = "main") -> Verification:
    folder = tmp_path / "looked at"
    folder.mkdir(exist_ok=True)
    found = verify_hub(hub_at(server.url, tmp_path / "cache"), revision, folder, Quiet())
    assert not [path for path in folder.rglob("*") if path.is_file() and ".cache" not in path.parts]
    return found


def spoilt(server: HubServer, path: str) -> None:
    """A commit by somebody else in which a shard of as many bytes says something else."""
    content = bytearray(server.read(NAME, path))
    content[len(content) // 2] ^= 1
    server.repos[NAME].commit({path: Blob(len(content), bytes(content))}, (), "spoil", "alice")


def test_a_release_on_the_hub_verifies_as_the_one_here(
    filled: HubServer, releases: dict[str, Path], tmp_path: Path
) -> None:
    for version, revision in (("0.1.0", "v0.1.0"), ("0.2.0", "main")):
        found, here = verified(filled, tmp_path, revision), verify_folder(releases[version] / "release")
        assert found == here.model_copy(update={"path": found.path})
        assert found.path.startswith(f"{NAME} at {revision}, commit ")
    assert filled.writes == []


def test_every_file_is_fetched_each_time(filled: HubServer, tmp_path: Path) -> None:
    count = verified(filled, tmp_path).files
    for _ in range(2):
        filled.seen.clear()
        verified(filled, tmp_path)
        assert filled.seen.count("GET resolve") == count + 1


def test_damage_there_is_told_by_its_file(filled: HubServer, tmp_path: Path) -> None:
    spoilt(filled, SHARD)
    found = verified(filled, tmp_path)
    assert found.exit_code == 1
    assert [(problem.where, "sha256" in problem.what) for problem in found.damage] == [(SHARD, True)]
    filled.repos[NAME].commit({}, (SHARD,), "drop", "alice")
    assert "not there" in verified(filled, tmp_path).damage[0].what


def test_what_lies_among_the_shards_is_told_and_a_licence_is_not(filled: HubServer, tmp_path: Path) -> None:
    more = {"LICENSE": Blob(4, b"mine"), "data/more-00000-of-00001.parquet": Blob(4, b"mine")}
    filled.repos[NAME].commit(more, (), "add", "alice")
    found = verified(filled, tmp_path)
    assert [problem.where for problem in found.damage] == ["data/more-00000-of-00001.parquet"]


def test_without_a_manifest_it_cannot_be_told(filled: HubServer, tmp_path: Path) -> None:
    filled.repos[NAME].commit({}, ("manifest.json",), "drop", "alice")
    found = verified(filled, tmp_path)
    assert (found.exit_code, found.damage) == (2, ())
    assert "cannot be told" in found.unusable[0].what


def test_a_hub_that_fails_for_a_while_is_asked_again(filled: HubServer, tmp_path: Path) -> None:
    filled.faults["GET resolve"] = deque(["503", "close"])
    assert verified(filled, tmp_path).exit_code == 0
    filled.faults["GET resolve"] = deque(["503"] * 99)
    with pytest.raises(HubError, match="status 503"):
        verified(filled, tmp_path)


def test_two_versions_there_are_compared_and_fetched_once(
    filled: HubServer, releases: dict[str, Path], tmp_path: Path
) -> None:
    hub = hub_at(filled.url, tmp_path / "cache")
    one, two = (borrowed(hub, revision, Quiet()) for revision in ("v0.1.0", "v0.2.0"))
    found, here = compare(one, two), compare(releases["0.1.0"], releases["0.2.0"])
    assert (found.added, found.removed, found.moved, found.part) == (here.added, here.removed, here.moved, "major")
    filled.seen.clear()
    assert borrowed(hub, "v0.1.0", Quiet()) == one
    assert "GET resolve" not in filled.seen


def test_what_was_borrowed_and_rots_here_is_fetched_again(filled: HubServer, tmp_path: Path) -> None:
    hub = hub_at(filled.url, tmp_path / "cache")
    shard = borrowed(hub, "main", Quiet()) / SHARD
    whole = shard.read_bytes()
    shard.resolve().write_bytes(b"x" + whole[1:])
    assert (borrowed(hub, "main", Quiet()) / SHARD).read_bytes() == whole


def test_what_is_no_whole_release_there_is_not_borrowed(filled: HubServer, tmp_path: Path) -> None:
    hub = hub_at(filled.url, tmp_path / "cache")
    spoilt(filled, SHARD)
    with pytest.raises(HubError, match=rf"{SHARD} of {NAME} is not the file .*rocot verify {NAME}@main"):
        borrowed(hub, "main", Quiet())
    with pytest.raises(HubError, match="v9: not there"):
        borrowed(hub, "v9", Quiet())
    filled.repos[NAME].commit({}, (SHARD,), "drop", "alice")
    with pytest.raises(HubError, match=f"lacks {SHARD}"):
        borrowed(hub, "main", Quiet())

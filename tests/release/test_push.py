import shutil
from collections import deque
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rocot.errors import ConfigError, HubError
from rocot.release.manifest import read_manifest, write_manifest
from rocot.release.ready import ready
from rocot.release.rights import Shipped
from rocot.release.shards import written
from tests.release.pushing import NAME, hub_at, laid, looked, pushed, whole
from tests.servers.hub import HubServer
from tests.servers.hub_repo import Blob


def foreign(server: HubServer, path: str, content: bytes = b"theirs", author: str = "alice") -> None:
    server.repos[NAME].commit({path: Blob(len(content), content)}, (), f"Add {path}", author)


def test_a_first_push_is_private_whole_and_tagged(server: HubServer, releases: dict[str, Path], tmp_path: Path) -> None:
    done = pushed(hub_at(server.url, tmp_path), releases["0.1.0"])
    repo = server.repos[NAME]
    assert repo.private
    assert whole(server) == whole(server, "v0.1.0") == "0.1.0"
    assert repo.tags == {"v0.1.0": done.commit}
    assert [commit.title for commit in repo.commits] == ["initial commit", "tiny 0.1.0"]
    assert not [path for path in repo.head.files if path.startswith(("usage", "left_out"))]


def test_a_second_push_of_the_same_writes_nothing(server: HubServer, releases: dict[str, Path], tmp_path: Path) -> None:
    pushed(hub_at(server.url, tmp_path), releases["0.1.0"])
    server.seen.clear()
    assert looked(hub_at(server.url, tmp_path), releases["0.1.0"]).plan.done
    assert pushed(hub_at(server.url, tmp_path), releases["0.1.0"]).sent == 0
    assert server.writes == []


def test_a_new_version_takes_the_place_of_the_old_one_in_one_commit(
    server: HubServer, releases: dict[str, Path], tmp_path: Path
) -> None:
    pushed(hub_at(server.url, tmp_path), releases["0.1.0"])
    foreign(server, "LICENSE")
    pushed(hub_at(server.url, tmp_path), releases["0.2.0"])
    assert whole(server) == "0.2.0"
    assert whole(server, "v0.1.0") == "0.1.0"
    assert len(server.repos[NAME].commits) == 4
    assert server.read(NAME, "LICENSE") == b"theirs"
    assert set(server.puts.values()) == {1}


def test_what_is_there_is_not_sent_again(server: HubServer, releases: dict[str, Path], tmp_path: Path) -> None:
    run = shutil.copytree(releases["0.1.0"], tmp_path / "run")
    pushed(hub_at(server.url, tmp_path), run)
    laid(run, "0.1.0", ("held",))
    seen = looked(hub_at(server.url, tmp_path), run, tag="v0.1.1")
    assert [file.path for file in seen.plan.send if "held-" not in file.path] == ["README.md", "manifest.json"]
    server.seen.clear()
    pushed(hub_at(server.url, tmp_path), run, tag="v0.1.1")
    assert server.seen.count("PUT storage") == len(seen.plan.send) - 2
    assert set(server.puts.values()) == {1}


def test_looking_changes_nothing(server: HubServer, releases: dict[str, Path], tmp_path: Path) -> None:
    looked(hub_at(server.url, tmp_path), releases["0.1.0"])
    assert server.writes == []
    assert server.repos == {}


def test_what_has_changed_is_told_against_the_highest_version(
    server: HubServer, releases: dict[str, Path], tmp_path: Path
) -> None:
    hub = hub_at(server.url, tmp_path)
    assert looked(hub, releases["0.1.0"]).changes is None
    pushed(hub, releases["0.1.0"])
    found = looked(hub, releases["0.2.0"]).changes
    assert found is not None
    assert (found.against, found.version, found.same_flow) == ("v0.1.0", "0.1.0", False)
    assert [(one.split, one.rows_was, one.rows_now) for one in found.splits] == [
        ("train", 6, 6),
        ("val", 6, 0),
        ("held", 0, 6),
        ("test", 0, 6),
    ]
    assert (found.added, found.altered, found.removed) == (6, 2, 3)


def test_a_version_that_is_published_is_not_moved(server: HubServer, releases: dict[str, Path], tmp_path: Path) -> None:
    hub = hub_at(server.url, tmp_path)
    pushed(hub, releases["0.1.0"])
    server.seen.clear()
    with pytest.raises(HubError, match=r"has a tag v0\.1\.0 for another release .* raise release\.version"):
        pushed(hub, releases["0.2.0"], tag="v0.1.0")
    assert server.writes == []


@pytest.mark.parametrize("tag", ["main", "", "a b", "../x", "-v"])
def test_what_is_no_tag_is_refused(server: HubServer, releases: dict[str, Path], tmp_path: Path, tag: str) -> None:
    with pytest.raises(ConfigError, match="no name for a tag"):
        pushed(hub_at(server.url, tmp_path), releases["0.1.0"], tag=tag)


def test_an_invalid_release_is_refused_and_nothing_is_asked(
    server: HubServer, releases: dict[str, Path], tmp_path: Path
) -> None:
    run = shutil.copytree(releases["0.1.0"], tmp_path / "run")
    shard = run / "release" / "data" / "train-00000-of-00001.parquet"
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    with pytest.raises(ConfigError, match=r"not pushed.*\n.*is not the file that was exported"):
        pushed(hub_at(server.url, tmp_path), run)
    (run / "release" / "manifest.json").unlink()
    with pytest.raises(ConfigError, match="no release to push"):
        pushed(hub_at(server.url, tmp_path), run)
    assert server.seen == []


def test_a_file_that_changes_under_way_is_not_published(
    server: HubServer, releases: dict[str, Path], tmp_path: Path
) -> None:
    run = shutil.copytree(releases["0.1.0"], tmp_path / "run")
    shard = run / "release" / "data" / "val-00000-of-00001.parquet"

    def meddle(when: str, route: str, _: int) -> None:
        if (when, route) == ("after", "POST create"):
            shard.write_bytes(shard.read_bytes() + b"x")

    server.events = meddle
    with pytest.raises(HubError, match=r"val-00000-of-00001\.parquet was changed while it was pushed"):
        pushed(hub_at(server.url, tmp_path), run)
    assert whole(server) == ""


def test_files_that_would_be_loaded_with_the_release_are_told(
    server: HubServer, releases: dict[str, Path], tmp_path: Path
) -> None:
    hub = hub_at(server.url, tmp_path)
    pushed(hub, releases["0.1.0"])
    foreign(server, "data/.extra-00000-of-00001.parquet")  # which nobody loads
    assert not looked(hub, releases["0.2.0"]).plan.done
    foreign(server, "data/extra-00000-of-00001.parquet")
    with pytest.raises(HubError, match=r"holds data/extra-00000-of-00001\.parquet, which no manifest of rocot lists"):
        pushed(hub, releases["0.2.0"])


def test_a_card_is_pushed_with_the_release(server: HubServer, releases: dict[str, Path], tmp_path: Path) -> None:
    pushed(hub_at(server.url, tmp_path), releases["0.1.0"])
    card = (releases["0.1.0"] / "release" / "README.md").read_bytes()
    assert server.read(NAME, "README.md") == card
    run = laid(tmp_path / "run", "0.1.1", card=lambda *_: {"README.md": "---\nlicense: cc-by-4.0\n# Tiny\n"})
    with pytest.raises(HubError, match="Invalid metadata in README"):
        pushed(hub_at(server.url, tmp_path), run)
    assert server.read(NAME, "README.md") == card


def test_it_is_made_public_last_and_only_when_asked(
    server: HubServer, releases: dict[str, Path], tmp_path: Path
) -> None:
    hub = hub_at(server.url, tmp_path)
    pushed(hub, releases["0.1.0"], public=True)
    assert not server.repos[NAME].private
    assert server.writes[-1] == "PUT settings"
    server.seen.clear()
    with pytest.raises(HubError, match="is public; make it private"):
        pushed(hub, releases["0.2.0"], private=True)
    pushed(hub, releases["0.2.0"])
    assert not server.repos[NAME].private
    assert "PUT settings" not in server.seen


def test_frames_that_may_not_be_given_on_go_to_private_or_gated_repositories(
    server: HubServer, releases: dict[str, Path], tmp_path: Path
) -> None:
    run = shutil.copytree(releases["0.1.0"], tmp_path / "run")
    manifest = read_manifest(run / "release")
    assert manifest is not None
    held = Shipped(visibility="restricted", rights="the owner's word")
    write_manifest(run / "release", manifest.model_copy(update={"pixels": held}))
    hub = hub_at(server.url, tmp_path)
    with pytest.raises(HubError, match="is to be public: the release holds frames"):
        pushed(hub, run, public=True)
    assert server.writes == []
    pushed(hub, run)
    server.repos[NAME].private = False
    for gate in (False, "auto"):
        server.repos[NAME].gated = gate
        with pytest.raises(HubError, match="is public: the release holds frames"):
            pushed(hub, run)
    server.repos[NAME].gated = "manual"
    pushed(hub, run)


def test_pictures_that_the_manifest_says_nothing_of_are_not_pushed(
    server: HubServer, releases: dict[str, Path], tmp_path: Path
) -> None:
    run = shutil.copytree(releases["0.1.0"], tmp_path / "run")
    folder = run / "release"
    path = folder / "data" / "val-00000-of-00001.parquet"
    rows = pq.read_table(path)
    picture = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    images = pa.array([[{"bytes": b"\xff\xd8", "path": None}]] * len(rows), pa.list_(picture))
    pq.write_table(rows.append_column("images", images), path)
    manifest = read_manifest(folder)
    assert manifest is not None
    entry = manifest.splits["val"].model_copy(update={"files": (written(path, folder),)})
    write_manifest(folder, manifest.model_copy(update={"splits": {**manifest.splits, "val": entry}}))
    with pytest.raises(ConfigError, match=r"val-.* holds bytes in its column images"):
        pushed(hub_at(server.url, tmp_path), run)
    assert server.seen == []


@pytest.mark.parametrize(
    ("token", "name", "status"),
    [("hf_nobody", NAME, 401), ("hf_reader", "reader/scenes", 403), ("hf_tester", "other/scenes", 403)],
)
def test_a_token_that_may_not_write_is_told_so(
    server: HubServer, tmp_path: Path, token: str, name: str, status: int
) -> None:
    run = laid(tmp_path / "run", "0.1.0", ("train",), count=1)
    with pytest.raises(HubError, match=f"refused with status {status}.*hf auth login") as caught:
        pushed(hub_at(server.url, tmp_path, name=name, token=token), run)
    assert token not in str(caught.value)


@pytest.mark.parametrize("name", ["scenes", "a/b/c", "a/..", "../x", "a b/c", "org/"])
def test_what_names_no_dataset_is_refused(server: HubServer, tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="names no dataset of the Hub"):
        hub_at(server.url, tmp_path, name=name)


def test_another_push_in_between_stands_and_is_told(
    server: HubServer, releases: dict[str, Path], tmp_path: Path
) -> None:
    hub = hub_at(server.url, tmp_path)
    pushed(hub, releases["0.1.0"])
    theirs = b'{"version": "9", "splits": {}}'

    def interfere(when: str, route: str, _: int) -> None:
        if (when, route) == ("before", "POST commit") and server.repos[NAME].head.author == "tester":
            server.repos[NAME].commit({"manifest.json": Blob(len(theirs), theirs)}, (), "tiny 9", "alice")

    server.events = interfere
    with pytest.raises(HubError, match=r"another release was pushed while .* alice \(\w{7}, tiny 9\); theirs stands"):
        pushed(hub, releases["0.2.0"])
    assert server.read(NAME, "manifest.json") == theirs
    server.events = lambda *_: None
    server.repos[NAME].commit(
        {}, tuple(path for path in server.repos[NAME].head.files if ".parquet" in path), "x", "alice"
    )
    pushed(hub, releases["0.2.0"])
    assert whole(server) == "0.2.0"


def test_a_commit_of_other_files_in_between_is_built_upon(
    server: HubServer, releases: dict[str, Path], tmp_path: Path
) -> None:
    hub = hub_at(server.url, tmp_path)
    pushed(hub, releases["0.1.0"])
    meddled: list[int] = []

    def interfere(when: str, route: str, number: int) -> None:
        if (when, route) == ("before", "POST commit") and not meddled:
            meddled.append(number)
            foreign(server, "LICENSE")

    server.events = interfere
    pushed(hub, releases["0.2.0"])
    assert whole(server) == "0.2.0"
    assert server.read(NAME, "LICENSE") == b"theirs"
    assert set(server.puts.values()) == {1}


def test_a_shard_that_comes_and_goes_in_between_is_in_the_release(
    server: HubServer, releases: dict[str, Path], tmp_path: Path
) -> None:
    """The client leaves out of a commit what main held when it looked: that look must not outlive its parent."""
    hub = hub_at(server.url, tmp_path)
    pushed(hub, releases["0.1.0"])
    path = "data/train-00000-of-00001.parquet"
    file = next(file for file in ready(releases["0.2.0"]).files if file.path == path)
    old = server.repos[NAME].head.files[path]
    turns = {"POST preupload": Blob(file.bytes, sha256=file.sha256), "POST commit": old}

    def interfere(when: str, route: str, _: int) -> None:
        if when == "before" and route in turns:
            server.repos[NAME].commit({path: turns.pop(route)}, (), "to and fro", "alice")

    server.events = interfere
    pushed(hub, releases["0.2.0"])
    assert whole(server) == "0.2.0"


def test_a_server_that_wants_an_hour_is_not_waited_for(
    server: HubServer, releases: dict[str, Path], tmp_path: Path
) -> None:
    hub = hub_at(server.url, tmp_path)
    pushed(hub, releases["0.1.0"])
    for route in ("GET info", "POST preupload", "PUT storage", "POST commit"):
        server.faults[route] = deque(["429 for an hour"])
        with pytest.raises(HubError, match="3600 s"):
            pushed(hub, releases["0.2.0"])
        server.faults.clear()
    assert whole(server) == "0.1.0"


def test_listings_are_read_to_their_last_page(server: HubServer, releases: dict[str, Path], tmp_path: Path) -> None:
    server.page = 2
    pushed(hub_at(server.url, tmp_path), releases["0.1.0"])
    assert looked(hub_at(server.url, tmp_path), releases["0.1.0"]).plan.done


def test_nobody_listening_is_told(server: HubServer, releases: dict[str, Path], tmp_path: Path) -> None:
    server.close()
    with pytest.raises(HubError, match="no whole answer from the Hub"):
        pushed(hub_at(server.url, tmp_path), releases["0.1.0"])
    server.listen(0)

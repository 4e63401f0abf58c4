from pathlib import Path

import pytest

from rocot.engine.copying import arriving
from rocot.engine.disk import is_network, kind_of, make_folder, refuse_network
from rocot.engine.reader import StoreReader
from rocot.engine.store import Store
from rocot.errors import StoreError

MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:40 / /home rw shared:1 - nfs4 server:/home rw
31 30 0:41 / /home/me/my\\040disk rw - ext4 /dev/vdb rw
32 22 0:42 / /bücher rw - cifs //server/share rw
33 22 0:43 / /data rw - ext4 /dev/vdc rw
34 22 0:44 / /data rw master:1 - fuse.juicefs JuiceFS:x rw
35 22 0:45 / /a\\134040b rw - lustre pool rw
torn
"""


def test_the_innermost_mount_counts() -> None:
    assert kind_of(Path("/srv/run"), MOUNTS) == "ext4"
    assert kind_of(Path("/home/me/run"), MOUNTS) == "nfs4"
    assert kind_of(Path("/home/me/my disk/run"), MOUNTS) == "ext4"
    assert kind_of(Path("/homeless"), MOUNTS) == "ext4"


def test_of_mounts_at_one_place_the_last_counts() -> None:
    assert kind_of(Path("/data/run"), MOUNTS) == "fuse.juicefs"


def test_places_are_spelt_in_any_alphabet() -> None:
    assert kind_of(Path("/bücher/run"), MOUNTS) == "cifs"
    assert kind_of(Path("/a\\040b/run"), MOUNTS) == "lustre"


@pytest.mark.parametrize(
    "kind",
    [
        *("nfs", "nfs4", "cifs", "smb3", "lustre", "beegfs", "gpfs", "ceph", "9p", "fuse", "fuse.s3fs", "fuse.new"),
        *("dvs", "virtiofs", "vboxsf"),
    ],
)
def test_what_other_machines_share_is_a_network(kind: str) -> None:
    assert is_network(kind)


@pytest.mark.parametrize("kind", ["", "ext4", "xfs", "btrfs", "zfs", "overlay", "tmpfs", "fuseblk", "fuse.bindfs"])
def test_what_this_machine_has_alone_is_none(kind: str) -> None:
    assert not is_network(kind)


def test_a_network_disk_is_refused(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    with pytest.raises(StoreError, match=r"network file system .nfs4.*local disk.*rocot backup"):
        refuse_network(Path("/home/me/run"), mounts)


def test_a_local_disk_is_taken(tmp_path: Path) -> None:
    refuse_network(tmp_path)


def test_a_store_on_a_network_disk_is_neither_made_nor_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store(tmp_path / "run").close()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").iterdir()}
    monkeypatch.setattr("rocot.engine.disk.is_network", lambda _: True)
    for touch in (True, False):
        with pytest.raises(StoreError, match="run lies on a network file system"):
            StoreReader(tmp_path / "run", touch=touch)
    with pytest.raises(StoreError, match="new lies on a network file system"):
        Store(tmp_path / "new")
    with pytest.raises(StoreError, match="new lies on a network file system"), arriving(tmp_path / "new"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["run"], "what is refused leaves no folder"
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "run").iterdir()} == before


def test_what_is_no_folder_is_told_as_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "gone").symlink_to("nothing")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(StoreError, match="file: it is a file, and no folder; choose another run folder"):
        make_folder(tmp_path / "file")
    for name in ("gone", "loop"):
        with pytest.raises(
            StoreError, match=f"{name}: it is a link that leads to no folder; choose another run folder"
        ):
            make_folder(tmp_path / name)
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    (tmp_path / "folder").mkdir()
    make_folder(tmp_path / "link")

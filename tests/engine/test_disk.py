from pathlib import Path

import pytest

from rocot.engine.disk import kind_of, refuse_network
from rocot.errors import StoreError

MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:40 / /home rw shared:1 - nfs4 server:/home rw
31 30 0:41 / /home/me/my\\040disk rw - ext4 /dev/vdb rw
"""


def test_the_innermost_mount_counts() -> None:
    assert kind_of(Path("/srv/run"), MOUNTS) == "ext4"
    assert kind_of(Path("/home/me/run"), MOUNTS) == "nfs4"
    assert kind_of(Path("/home/me/my disk/run"), MOUNTS) == "ext4"
    assert kind_of(Path("/homeless"), MOUNTS) == "ext4"


def test_a_network_disk_is_refused(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    with pytest.raises(StoreError, match=r"network file system .nfs4.*local disk"):
        refuse_network(Path("/home/me/run"), mounts)


def test_a_local_disk_is_taken(tmp_path: Path) -> None:
    refuse_network(tmp_path)

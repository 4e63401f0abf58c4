"""Where a run folder may lie: SQLite's WAL and file locks need a disk of this machine."""

from pathlib import Path

from rocot.errors import StoreError

MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "lustre", "beegfs", "gpfs", "glusterfs", "fuse.sshfs"}
    | {"fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.gcsfuse"}
)


def refuse_network(folder: Path, mounts: Path = MOUNTS) -> None:
    """Raises StoreError for a folder on a network file system, where the system tells (Linux)."""
    if not mounts.is_file():
        return
    kind = kind_of(folder.resolve(), mounts.read_text(errors="replace"))
    if kind in _NETWORK:
        raise StoreError(
            f"{folder} lies on a network file system ({kind}), where SQLite's locks cannot be trusted;"
            " put the run on a local disk and copy it afterwards"
        )


def kind_of(folder: Path, mounts: str) -> str:
    """The type of the file system that holds a folder, by a table as in /proc/self/mountinfo; "" if it is not there."""
    best, kind = Path("/"), ""
    for line in mounts.splitlines():
        place, _, source = line.partition(" - ")
        point = Path(place.split(" ")[4].encode().decode("unicode_escape"))
        if folder.is_relative_to(point) and len(point.parts) >= len(best.parts):
            best, kind = point, source.split(" ")[0]
    return kind

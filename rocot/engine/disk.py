"""Where a run folder may lie: SQLite's WAL and file locks need a disk of this machine."""

import os
import re
from pathlib import Path

from rocot.errors import StoreError

MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "lustre", "beegfs", "gpfs", "glusterfs", "panfs", "wekafs"}
    | {"orangefs", "pvfs2", "coda", "9p", "gfs2", "ocfs2", "dvs", "virtiofs", "vboxsf"}
)
"""`virtiofs` and `vboxsf` are folders of a machine that runs this one, which may share them with others."""
_LOCAL_FUSE = frozenset({"fuse.fuse-overlayfs", "fuse.bindfs", "fuse.encfs", "fuse.gocryptfs", "fuse.mergerfs"})
"""What lays one local folder over another. All else that comes by FUSE is taken for a network: s3fs, gcsfuse, sshfs,
juicefs, rclone and every new one; `fuseblk` is a local disk."""
_OCTAL = re.compile(rb"\\([0-7]{3})")


def make_folder(folder: Path) -> None:
    """Makes a run's folder where it is missing. Raises StoreError where it cannot be, or must not lie there."""
    refuse_network(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = f"cannot be made ({error.strerror})"
        if isinstance(error, FileExistsError):  # of any other nothing more can be asked, perhaps
            why = "it is a link that leads to no folder" if folder.is_symlink() else why
            why = "it is a file, and no folder" if folder.is_file() else why
        raise StoreError(f"{folder}: {why}; choose another run folder") from error


def refuse_network(folder: Path, mounts: Path = MOUNTS) -> None:
    """Raises StoreError for a folder on a network file system, where the system tells (Linux)."""
    if not mounts.is_file():
        return
    kind = kind_of(Path(os.path.realpath(folder)), mounts.read_text(encoding="utf-8", errors="surrogateescape"))
    if is_network(kind):
        raise StoreError(
            f"{folder} lies on a network file system ({kind}), where SQLite's locks cannot be trusted and its log"
            " cannot be shared; put the run on a local disk, and keep a copy there by `rocot backup` or --backup"
        )


def is_network(kind: str) -> bool:
    """Whether a type of file system, as mountinfo spells it, is no disk of this machine alone."""
    return kind in _NETWORK or kind == "fuse" or (kind.startswith("fuse.") and kind not in _LOCAL_FUSE)


def kind_of(folder: Path, mounts: str) -> str:
    """The type of the file system that holds a folder, by a table as in /proc/self/mountinfo; "" if it is not there.

    The deepest mount counts, and of several at one place the last: it hides those before.
    """
    deepest, kind = 0, ""
    for line in mounts.splitlines():
        place, _, source = line.partition(" - ")
        fields, kinds = place.split(" "), source.split(" ")
        if len(fields) < 5:
            continue
        point = Path(_plain(fields[4]))
        if folder.is_relative_to(point) and len(point.parts) >= deepest:
            deepest, kind = len(point.parts), kinds[0]
    return kind


def _plain(point: str) -> str:
    r"""A mount's place, in which the kernel writes space, tab, newline and backslash as `\040` and its like."""
    octets = point.encode("utf-8", "surrogateescape")
    return _OCTAL.sub(lambda found: bytes([int(found[1], 8) & 0xFF]), octets).decode("utf-8", "surrogateescape")

"""The folder that stands for xet's storage (`local://`): which large files it holds, and their bytes."""

import struct
import tempfile
from pathlib import Path

ENTRY = 48
"""Bytes of every entry of a shard's table of files."""
VERIFIED, DESCRIBED = 1 << 31, 1 << 30
"""Flags of a file: an entry more for each of its parts, and one with its sha256."""


class Storage:
    """Reads what clients have stored."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()  # clients work in folders of their own
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        """What clients are told."""
        return f"local://{self.folder}"

    def names(self) -> dict[str, str]:
        """The xet hash of each stored file, by its sha256."""
        found: dict[str, str] = {}
        for shard in sorted(self.folder.glob("xet/xorbs/shards/*.mdb")):
            found.update(_names(shard.read_bytes()))
        return found

    def bytes_stored(self) -> int:
        """Of all chunks."""
        return sum(path.stat().st_size for path in self.folder.glob("xet/xorbs/xorbs/default.*[!t]"))

    def read(self, sha256: str, size: int) -> bytes:
        """The bytes of a file, put together from its chunks by xet's own client."""
        import hf_xet  # noqa: PLC0415  # only where a client without xet reads what one with it has stored

        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "file"
            session = hf_xet.XetSession()
            with session.new_file_download_group(
                endpoint=self.url, token="", token_expiry_unix_secs=2**40, token_refresh_url="", custom_headers={}
            ) as group:
                group.start_download_file(hf_xet.XetFileInfo(self.names()[sha256], size), str(target))
            return target.read_bytes()


def _names(shard: bytes) -> dict[str, str]:
    """Of a shard's table of files: a head of 48 bytes, then for each file an entry, its parts, and its sha256."""
    found, place = {}, ENTRY
    while place + ENTRY <= len(shard) and shard[place : place + 32] != b"\xff" * 32:
        name, (flags, parts) = _hex(shard[place : place + 32]), struct.unpack_from("<II", shard, place + 32)
        place += ENTRY * (1 + parts * (2 if flags & VERIFIED else 1))
        if flags & DESCRIBED:
            found[_hex(shard[place : place + 32])] = name
            place += ENTRY
    return found


def _hex(raw: bytes) -> str:
    """Four little-endian numbers of 64 bits."""
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", raw))

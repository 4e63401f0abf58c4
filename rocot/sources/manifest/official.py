"""The official test lists that ship with rocot, as digests: a leak is known without that dataset's files.

`data_manifests/official/<dataset>.txt` holds one digest a line: the first 16 hexadecimal digits of the sha256 of a
video's identity, sorted. Identities are what `Entry.video` says (`ucf-crime/Abuse028_x264`). ECVA's list is that of
VAU-Bench's test of it. To make a list from a manifest with the official test split:

    python -m rocot.sources.manifest.official ucf-crime.parquet ucf-crime > data_manifests/official/ucf-crime.txt
"""

import hashlib
import re
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from rocot.assets import ASSETS
from rocot.errors import ConfigError

DIGITS = 16
"""Hexadecimal. That one of ten million other videos falls on one of the 1,635 digests has a chance of 1 in 10^9."""

_DIGEST = re.compile(rf"[0-9a-f]{{{DIGITS}}}")


def official_test(video: str) -> str | None:
    """The dataset whose official test split holds the video of that identity; None where no shipped list does."""
    return _listed().get(digest(video))


def shipped() -> tuple[str, ...]:
    """The datasets of which the official test list is known."""
    return tuple(path.stem for path in _paths())


def digest(video: str) -> str:
    """The digest of an identity, as the lists hold it."""
    return hashlib.sha256(video.encode()).hexdigest()[:DIGITS]


def listing(dataset: str, videos: Iterable[str]) -> str:
    """The list of a dataset's test videos, those of other datasets left out, as it is shipped."""
    digests = sorted({digest(video) for video in videos if video.startswith(f"{dataset}/")})
    head = (
        f"# The {len(digests)} official test videos of {dataset}: the first {DIGITS} hexadecimal digits of the sha256",
        f"# of each identity, {dataset}/<name>, sorted. Made by:",
        f"# python -m rocot.sources.manifest.official MANIFEST.parquet {dataset}",
    )
    return "\n".join([*head, *digests, ""])


@cache
def _listed() -> dict[str, str]:
    made: dict[str, str] = {}
    for path in _paths():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line.startswith("#"):
                continue
            if not _DIGEST.fullmatch(line):
                raise ConfigError(f"{path}:{number}: want {DIGITS} hexadecimal digits (got {line[:40]!r})")
            made[line] = path.stem
    return made


def _paths() -> list[Path]:
    return sorted((ASSETS / "data_manifests" / "official").glob("*.txt"))


def _made(manifest: Path, dataset: str) -> str:
    from rocot.sources.manifest.file import read  # noqa: PLC0415 - pyarrow, which who asks for a leak need not load

    known = read(manifest)
    tests = known.header.official_tests()
    return listing(dataset, (entry.video for entry in known.entries if entry.native_split in tests))


if __name__ == "__main__":
    sys.stdout.write(_made(Path(sys.argv[1]), sys.argv[2]))

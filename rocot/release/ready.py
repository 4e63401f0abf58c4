"""A release that may be published: whole, valid, and with no more in it than its manifest says."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types as is_

from rocot.errors import ConfigError
from rocot.release.find import find
from rocot.release.manifest import NAME, Manifest
from rocot.release.shards import Listed
from rocot.release.validate import validate

SHOWN = 3
"""Faults that a refusal names."""


@dataclass(frozen=True)
class Release:
    """A release on this machine, whole and valid."""

    folder: Path
    manifest: Manifest
    files: tuple[Listed, ...]
    """All that is published of it, the manifest the last one."""

    @property
    def folders(self) -> frozenset[str]:
        """Its folders: what else lies in them would be loaded with it."""
        return frozenset(file.path.split("/")[0] for file in self.files if "/" in file.path)


def ready(path: Path) -> Release:
    """The release at a path (a run's folder, or its own), every byte and row of it checked.

    Raises ConfigError for one that is not to be published.
    """
    found = find(path)
    if found.kind not in {"run", "release"} or found.manifest is None:
        faults = [f"{problem.where} {problem.what}" for problem in found.problems]
        raise ConfigError.listing(f"{path}: no release to push", faults or ["there is no manifest.json; export again"])
    report = validate(path)
    if report.exit_code:
        told = [f"{problem.where} {problem.what}" for problem in report.problems]
        told += [f"{one.reason}: {one.count} rows, {one.examples[0].row} for one" for one in report.invalid]
        more = [f"and {len(told) - SHOWN} more"] if len(told) > SHOWN else []
        raise ConfigError.listing(f"{path}: not pushed, `rocot validate {path}` tells all", [*told[:SHOWN], *more])
    if found.manifest.pixels is None:
        _refuse_pictures(found.root, found.manifest)
    return Release(found.root, found.manifest, (*found.manifest.listed, Listed.of(found.root / NAME, found.root)))


def _refuse_pictures(folder: Path, manifest: Manifest) -> None:
    """Raises ConfigError for shards with bytes in them, as pictures are, in a release that says that it has none."""
    for file in manifest.listed:
        for field in pq.read_schema(folder / file.path) if file.path.endswith(".parquet") else ():
            if _holds_bytes(field.type):
                raise ConfigError(
                    f"{folder / file.path} holds bytes in its column {field.name}, and the release says that it holds"
                    " no frames: it is not pushed. Export it again, with --with-frames if that is what it is for"
                )


def _holds_bytes(kind: pa.DataType) -> bool:
    if is_.is_binary(kind) or is_.is_large_binary(kind) or is_.is_binary_view(kind):
        return True
    return any(_holds_bytes(kind.field(index).type) for index in range(kind.num_fields))

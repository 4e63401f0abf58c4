"""The manifest of a release: what it holds, byte for byte. Written last: a release without one is none."""

import hashlib
import json
from pathlib import Path, PurePosixPath

from pydantic import Field, ValidationError

from rocot.core.gate import Gate
from rocot.core.record import Record
from rocot.errors import StoreError
from rocot.recipe import Mix
from rocot.release.controls import ControlEntries
from rocot.release.shards import Written, sync

NAME = "manifest.json"
MOST_BYTES = 32 * 1024**2
"""Of a manifest; one that names 100,000 shards has 25 MB."""


class SplitEntry(Record):
    """One split of a release."""

    rows: int
    kept: int
    """Rows that are meant for training."""
    partial: int = 0
    """Rows that lack frames which damaged files have lost."""
    outcomes: dict[str, int]
    """Rows by outcome."""
    broken: dict[str, int]
    """Rows that break a rule which looks at the whole split, by rule."""
    not_kept: dict[str, int]
    """Rows that are not meant for training, by reason; with `kept` they come to `rows`."""
    left_out: dict[str, int]
    """Samples that did not become rows, by stage and reason; each stands in `left_out/<split>.parquet`."""
    files: tuple[Written, ...]
    """Its shards, in order."""
    controls: ControlEntries | None = None
    """Where they were asked for."""

    @property
    def written(self) -> tuple[Written, ...]:
        """Every file of the split that the manifest answers for."""
        others = () if self.controls is None else (*self.controls.plain.files, *self.controls.two_pass.files)
        return *self.files, *others


class Manifest(Record):
    """What two equal runs agree on; dates, usage and cost stand in `usage/`, which it does not list."""

    format: int = 1
    release: str
    version: str
    fingerprint: str
    """Of the flow."""
    recipe: str
    """Digest of the recipe without its folders."""
    columns: str
    """Digest of the row's columns: names, types, nullability, order."""
    rocot: str
    tiou_floor: float
    gate: Gate
    """The recipe's: what is right, and the weight of every rule."""
    mix: Mix
    """The recipe's: what is kept for training."""
    splits: dict[str, SplitEntry] = Field(min_length=1)

    def same_make(self, other: "Manifest") -> bool:
        """Whether both come from one recipe, flow and version of rocot, so that their splits belong together."""
        return self.model_copy(update={"splits": other.splits}) == other


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes it, and syncs it."""
    path = folder / NAME
    text = json.dumps(manifest.model_dump(mode="json"), indent=2, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
    sync(path)


def read_manifest(folder: Path) -> Manifest | None:
    """The folder's manifest, None where there is none. Raises StoreError for one that cannot be used."""
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        with path.open("rb") as opened:
            text = opened.read(MOST_BYTES + 1)
        if len(text) > MOST_BYTES:
            raise StoreError(f"{path}: no manifest of a release (over {MOST_BYTES // 1024**2} MiB); export again")
        manifest = Manifest.model_validate_json(text)
    except (OSError, ValidationError) as error:
        told = error.errors(include_url=False)[0] if isinstance(error, ValidationError) else None
        what = ": ".join(filter(None, (".".join(map(str, told["loc"])), told["msg"]))) if told else str(error)
        raise StoreError(f"{path}: no manifest of a release ({what}); export again") from error
    for file in (file for entry in manifest.splits.values() for file in entry.written):
        place = PurePosixPath(file.path)
        if place.is_absolute() or ".." in place.parts or not 2 <= len(place.parts) <= 3:
            raise StoreError(f"{path}: lists {file.path!r}, which lies outside the release; it is not read")
    return manifest


def damage(folder: Path, file: Written) -> str | None:
    """What is wrong with a listed file's bytes, None where they are those that were written."""
    path = folder / file.path
    try:
        if not path.is_file():
            return "is listed in the manifest and not there"
        with path.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if found != file.sha256 or path.stat().st_size != file.bytes:
        return f"is not the file that was exported: {path.stat().st_size} bytes, {file.bytes} were written" + (
            "" if path.stat().st_size != file.bytes else ", and they differ (sha256)"
        )
    return None

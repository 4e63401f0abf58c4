"""The manifest of a release: what it holds, byte for byte. Written last: a release without one is none.

What it lists is what a push uploads, a pull fetches and `rocot verify` checks; `left_out/` and `usage/` lie beside.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import Field, ValidationError

from rocot.arrow import schema_digest
from rocot.core.gate import Gate
from rocot.core.record import Json, Record, digest
from rocot.errors import StoreError
from rocot.recipe import FramesRecipe, Mix, Name, Semantic
from rocot.release.configs import KINDS, config_of
from rocot.release.controls import ControlEntries
from rocot.release.rights import Origin, Shipped
from rocot.release.shards import Listed, Written, sync
from rocot.sources.names import printable
from rocot.toml_faults import WORDS

NAME = "manifest.json"
CARD = "README.md"
"""The card of a release, on the Hub its page."""
PLOTS = "plots"
"""The folder of the pictures in it."""
FORMAT = 2
"""1 had no configs but `all` and no card."""
SEAL = "digest"
"""Key of the digest of all that a manifest says."""
MOST_BYTES = 32 * 1024**2
"""Of a manifest; one that names 100,000 shards has 25 MB."""
LONGEST_NAME = 80
"""Characters of a name that cannot be used, as they are told."""


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
    """Its shards in the config `all`, in order."""
    sft: tuple[Written, ...]
    """Those of kept rows to learn from."""
    rft: tuple[Written, ...]
    """Those of kept rows to answer."""
    controls: ControlEntries | None = None
    """Where they were asked for."""

    @property
    def written(self) -> tuple[Written, ...]:
        """Every file of the split that the manifest answers for."""
        others = () if self.controls is None else (*self.controls.plain.files, *self.controls.two_pass.files)
        return *self.files, *self.sft, *self.rft, *others


class Columns(Record):
    """Digest of the columns of each config: names, types, nullability, order."""

    all: str
    sft: str
    rft: str
    controls: str

    @classmethod
    def now(cls) -> "Columns":
        """As this version of rocot writes them."""
        return cls.model_validate({config: schema_digest(kind) for config, kind in KINDS.items()})


class Manifest(Record):
    """What two equal runs agree on; dates, usage and cost stand in `usage/`, which it does not list."""

    format: Literal[2] = 2
    release: Name
    version: Semantic
    fingerprint: str
    """Of the flow."""
    recipe: str
    """Digest of the recipe without its folders."""
    columns: Columns
    rocot: str
    tiou_floor: float
    gate: Gate
    """The recipe's: what is right, and the weight of every rule."""
    mix: Mix
    """The recipe's: what is kept for training."""
    frames: FramesRecipe
    """The recipe's: which frames stand for a clip, and how they are drawn; with the videos they can be made again."""
    sources: tuple[Origin, ...] = ()
    """Where the videos come from, and under which terms."""
    pixels: Shipped | None = None
    """On what ground `sft` and `rft` hold the frames themselves; null where they do not."""
    withdrawn: tuple[str, ...] = ()
    """Ids of videos, `<source>/<video>`, and of clips that were taken out for good, sorted. Whoever has an older
    version of the release can take them out of it too."""
    card: Listed | None = None
    """README.md, where there is one."""
    plots: tuple[Listed, ...] = ()
    """The pictures in it."""
    splits: dict[Name, SplitEntry] = Field(min_length=1)
    """By name, which becomes part of a path wherever a split is written."""

    @property
    def listed(self) -> tuple[Listed, ...]:
        """Every file that it answers for, by path."""
        files: list[Listed] = [file for entry in self.splits.values() for file in entry.written]
        shown = [*([self.card] if self.card else []), *self.plots]
        return tuple(sorted([*files, *shown], key=lambda file: file.path))

    def parted_by(self, other: "Manifest") -> str | None:
        """What keeps the splits of the two from belonging together, None for one recipe, flow and version of rocot."""
        told_anew = ("splits", "card", "plots", "sources")  # terms, as they are told today
        if self.model_copy(update={name: getattr(other, name) for name in told_anew}) == other:
            return None
        if self.withdrawn != other.withdrawn:
            return "made before what is withdrawn now"
        return "made by another recipe, flow or version of rocot"


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes it, and syncs it."""
    path = folder / NAME
    path.write_text(sealed(manifest.model_dump(mode="json")), encoding="utf-8")
    sync(path)


def sealed(values: Mapping[str, Json]) -> str:
    """A manifest as it stands in the file: with a digest of all that it says, since no other file answers for it."""
    whole = {**values, SEAL: digest(values)}
    return json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def read_manifest(folder: Path) -> Manifest | None:
    """The folder's manifest, None where there is none. Raises StoreError for one that cannot be used."""
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        with path.open("rb") as opened:
            return manifest_of(opened.read(MOST_BYTES + 1), str(path))
    except OSError as error:
        raise StoreError(f"{path}: no manifest of a release ({error}); export again") from error


def manifest_of(text: bytes, name: str) -> Manifest:
    """A manifest from its bytes; `name` is what an error calls it. Raises StoreError for one that cannot be used."""
    if len(text) > MOST_BYTES:
        raise StoreError(f"{name}: no manifest of a release (over {MOST_BYTES // 1024**2} MiB); export again")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StoreError(f"{name}: no manifest of a release ({str(error)[:100]}); export again") from error
    _refuse_other_formats(found, name)
    seal = found.pop(SEAL, None) if isinstance(found, dict) else None
    try:
        manifest = Manifest.model_validate(found)
    except ValidationError as error:
        raise StoreError(f"{name}: no manifest of a release ({_fault(error)}); export again") from error
    if seal != _digest(found):
        raise StoreError(f"{name}: was changed after it was written (its {SEAL} is of other words); export again")
    for file in manifest.listed:
        if not _lies_within(file.path):
            raise StoreError(f"{name}: lists {file.path!r}, which lies outside the release; it is not read")
    return manifest


def _fault(error: ValidationError) -> str:
    """The first one, in one line, whatever names whoever wrote the manifest has chosen."""
    told = error.errors(include_url=False)[0]
    key = told["loc"][-1:] == ("[key]",)  # it is the name that is at fault, not what it stands for
    where, what = ".".join(map(str, told["loc"][:-2] if key else told["loc"])), told["msg"]
    if told["type"] == "string_pattern_mismatch":
        what = f"{WORDS[told['ctx']['pattern']]} (got {told['input'][:LONGEST_NAME]!r})"
    return printable(": ".join(filter(None, (where, what))))


def _digest(found: Json) -> str | None:
    """Of JSON that somebody wrote; None of what has no spelling, as a lone surrogate has none."""
    try:
        return digest(found)
    except ValueError:
        return None


def _refuse_other_formats(found: object, name: str) -> None:
    said = found.get("format") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(said, int) or said == FORMAT:
        return
    by = printable(f"rocot {found['rocot']}"[:40]) if isinstance(found.get("rocot"), str) else "another rocot"
    if said < FORMAT:
        raise StoreError(
            f"{name}: a release of format {said}, made by {by}; this rocot reads format {FORMAT}, which has the"
            " configs sft and rft besides. Export the run again with `rocot export`: nothing is asked again"
        )
    raise StoreError(f"{name}: a release of format {said}, made by {by}; upgrade rocot, which reads {FORMAT}")


def _lies_within(path: str) -> bool:
    """Whether a listed file lies where a release keeps its files."""
    place = PurePosixPath(path)
    plain = not place.is_absolute() and ".." not in place.parts and place.as_posix() == path
    drawn = len(place.parts) == 2 and place.parent.name == PLOTS
    return plain and (path == CARD or drawn or (config_of(path) is not None and 2 <= len(place.parts) <= 3))


def damage(folder: Path, file: Listed) -> str | None:
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

"""Export: a run's judged samples become a release, whole or not at all.

    <run>/release/
        data/<split>-00000-of-00001.parquet    the rows: atomic, sorted by id, byte-reproducible
        left_out/<split>.parquet               the samples that did not become rows, and why
        usage/<split>.parquet                  tokens, latency, dates, endpoints: what differs between two equal runs
        manifest.json                          written last: rows and sha256 of every file in data/

Exporting a split keeps the other splits of the same recipe, flow and version of rocot, and drops those of another
make: a release never mixes two.
"""

import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rocot import __version__
from rocot.core.record import Record, digest
from rocot.core.reflection import Judged
from rocot.core.row import Edition, Row
from rocot.errors import StoreError
from rocot.recipe import Recipe
from rocot.release.beside import LeftOut, Usage
from rocot.release.manifest import Manifest, SplitEntry, damage, read_manifest, write_manifest
from rocot.release.shards import SHARD_BYTES, write_shards, write_table, written
from rocot.release.swap import replacing
from rocot.release.table import schema_digest

FOLDER = "release"
"""Name of the release within a run's folder."""


@dataclass(frozen=True)
class Harvest:
    """What a run has for one split; all three may stream."""

    split: str
    items: Iterable[Judged]
    """Ascending by key."""
    left_out: Iterable[LeftOut] = ()
    """Ascending by item."""
    usage: Iterable[Usage] = ()


class Dropped(Record):
    """A split of the old release that the new one does not hold."""

    split: str
    why: str


class Exported(Record):
    """What an export made."""

    folder: str
    split: str
    entry: SplitEntry
    carried: tuple[str, ...]
    """Other splits that were kept."""
    dropped: tuple[Dropped, ...]
    """Other splits that were not, since they do not belong to this release."""


@dataclass
class _Tally:
    """Counts rows as they stream by."""

    kept: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)

    def rows(self, items: Iterable[Judged], edition: Edition) -> Iterator[Row]:
        last = ""
        for item in items:
            row = Row.of(item, edition)
            if row.id <= last:
                raise ValueError(f"rows must ascend by id: {row.id!r} came after {last!r}")
            last = row.id
            self.kept += row.kept
            self.outcomes[row.outcome] += 1
            yield row

    def lost(self, left_out: Iterable[LeftOut]) -> Iterator[LeftOut]:
        for sample in left_out:
            self.left_out[sample.why] += 1
            yield sample


def edition(recipe: Recipe, fingerprint: str) -> Edition:
    """What all rows of this export share."""
    return Edition(
        release=recipe.release.name,
        version=recipe.release.version,
        fingerprint=fingerprint,
        rocot=__version__,
        tiou_floor=recipe.gate.tiou,
        keep=recipe.mix.keep,
    )


def export(
    run: Path, recipe: Recipe, fingerprint: str, harvest: Harvest, *, shard_bytes: int = SHARD_BYTES
) -> Exported:
    """Writes or replaces `<run>/release`. The old release stands until the new one is whole and on the disk.

    Raises StoreError where it cannot be written; then nothing has changed.
    """
    folder = run / FOLDER
    with replacing(folder) as fresh:
        made = _blank(recipe, fingerprint)
        entry = _write(fresh, harvest, edition(recipe, fingerprint), shard_bytes)
        carried, dropped = _carry(folder, fresh, made, harvest.split)
        write_manifest(fresh, made.model_copy(update={"splits": {**carried, harvest.split: entry}}))
    return Exported(
        folder=str(folder), split=harvest.split, entry=entry, carried=tuple(sorted(carried)), dropped=dropped
    )


def _blank(recipe: Recipe, fingerprint: str) -> Manifest:
    shared = edition(recipe, fingerprint).model_dump()
    return Manifest.model_construct(
        **shared, format=1, recipe=recipe_digest(recipe), columns=schema_digest(Row), splits={}
    )


def recipe_digest(recipe: Recipe) -> str:
    """sha256 of what the recipe says, but for where files lie."""
    return digest(
        recipe.model_dump(
            mode="json", exclude={"sources": {"__all__": {"videos", "annotations"}}, "prompts": {"folder"}}
        )
    )


def _write(fresh: Path, harvest: Harvest, shared: Edition, shard_bytes: int) -> SplitEntry:
    for name in ("data", "left_out", "usage"):
        (fresh / name).mkdir()
    tally = _Tally()
    rows = tally.rows(harvest.items, shared)
    shards = write_shards(fresh / "data", harvest.split, rows, Row, shard_bytes=shard_bytes)
    beside = f"{harvest.split}.parquet"
    write_table(fresh / "left_out" / beside, tally.lost(harvest.left_out), LeftOut)
    write_table(fresh / "usage" / beside, harvest.usage, Usage)
    files = tuple(written(path, fresh) for path in shards)
    return SplitEntry(
        rows=tally.outcomes.total(),
        kept=tally.kept,
        outcomes=dict(tally.outcomes),
        left_out=dict(tally.left_out),
        files=files,
    )


def _carry(folder: Path, fresh: Path, made: Manifest, split: str) -> tuple[dict[str, SplitEntry], tuple[Dropped, ...]]:
    """Takes over the other splits of the release that stands, where they belong to the new one."""
    try:
        old = read_manifest(folder)
    except StoreError as error:
        return {}, (Dropped(split="*", why=str(error)),)
    others = {} if old is None else {name: entry for name, entry in old.splits.items() if name != split}
    carried, dropped = {}, []
    for name, entry in others.items():
        assert old is not None
        why = "made by another recipe, flow or version of rocot" if not old.same_make(made) else None
        why = why or next((f"{file.path} {what}" for file in entry.files if (what := damage(folder, file))), None)
        if why is None:
            beside = [f"{table}/{name}.parquet" for table in ("left_out", "usage")]
            for place in [*(file.path for file in entry.files), *beside]:
                _take(folder / place, fresh / place)
            carried[name] = entry
        else:
            dropped.append(Dropped(split=name, why=f"{why}; export it again"))
    return carried, tuple(dropped)


def _take(old: Path, new: Path) -> None:
    """The same bytes under another name: a hard link, or a copy where the file system has none."""
    try:
        os.link(old, new)
    except OSError:
        if old.exists():
            shutil.copyfile(old, new)

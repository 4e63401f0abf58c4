"""Export: a run's judged samples become a release, whole or not at all.

    <run>/release/
        data/<split>-00000-of-00001.parquet    the rows: atomic, sorted by clip and rollout, byte-reproducible
        left_out/<split>.parquet               the samples that did not become rows, and why
        usage/attempts.parquet                 tokens, latency, dates, endpoints: what differs between two equal runs
        manifest.json                          written last: rows and sha256 of every file in data/

Exporting a split keeps the other splits of the same recipe, flow and version of rocot, and drops those of another
make: a release never mixes two.
"""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rocot import __version__
from rocot.arrow import schema_digest
from rocot.core.clip import Clip
from rocot.core.record import Record, digest
from rocot.core.reflection import Judged
from rocot.core.row import Edition, Row
from rocot.engine.harvest import Harvest, Lost
from rocot.engine.reader import StoreReader
from rocot.engine.stage import Step
from rocot.engine.tables import AttemptRow, attempts
from rocot.errors import StoreError
from rocot.recipe import Recipe
from rocot.release.beside import LeftOut, Usage
from rocot.release.manifest import Manifest, SplitEntry, damage, read_manifest, write_manifest
from rocot.release.shards import SHARD_BYTES, growing_table, write_shards, written
from rocot.release.swap import replacing

FOLDER = "release"
"""Name of the release within a run's folder."""


@dataclass(frozen=True)
class Samples:
    """What a run has for one split."""

    split: str
    ends: Iterable[Judged | Lost]
    """One for each sample, streaming; the judged ones ascend by clip and rollout."""
    attempts: Iterable[AttemptRow]
    """All that were ever made in the run, whatever the split: they were paid."""


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
    """Counts samples as they stream by, and hands on those that are no rows."""

    edition: Edition
    kept: int = 0
    partial: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)

    def rows(self, ends: Iterable[Judged | Lost], lose: Callable[[LeftOut], None]) -> Iterator[Row]:
        last = ("", -1)
        for end in ends:
            if isinstance(end, Lost):
                lost = LeftOut.of(end)
                self.left_out[lost.why] += 1
                lose(lost)
                continue
            row = Row.of(end, self.edition)
            if (row.clip, row.rollout) <= last:
                raise ValueError(f"rows must ascend by clip and rollout: {row.id!r} came after {last}")
            last = row.clip, row.rollout
            self.kept += row.kept
            self.partial += bool(row.lost_times)
            self.outcomes[row.outcome] += 1
            yield row


def gathered(store: StoreReader, steps: Sequence[Step], split: str) -> Samples:
    """What a run's store has for these very stages."""
    return Samples(split, Harvest(store, Clip, steps, Judged).items(split), attempts(store))


def edition(recipe: Recipe, fingerprint: str) -> Edition:
    """What all rows of this export share."""
    return Edition(
        release=recipe.release.name,
        version=recipe.release.version,
        fingerprint=fingerprint,
        rocot=__version__,
        tiou_floor=recipe.gate.tiou,
        improved_floor=recipe.gate.improved,
        keep=recipe.mix.keep,
    )


def export(
    run: Path, recipe: Recipe, fingerprint: str, samples: Samples, *, shard_bytes: int = SHARD_BYTES
) -> Exported:
    """Writes or replaces `<run>/release`. The old release stands until the new one is whole and on the disk.

    Raises StoreError where it cannot be written; then nothing has changed.
    """
    folder = run / FOLDER
    with replacing(folder) as fresh:
        made = _blank(recipe, fingerprint)
        entry = _write(fresh, samples, edition(recipe, fingerprint), shard_bytes)
        carried, dropped = _carry(folder, fresh, made, samples.split)
        write_manifest(fresh, made.model_copy(update={"splits": {**carried, samples.split: entry}}))
    return Exported(
        folder=str(folder), split=samples.split, entry=entry, carried=tuple(sorted(carried)), dropped=dropped
    )


def _blank(recipe: Recipe, fingerprint: str) -> Manifest:
    shared = edition(recipe, fingerprint).model_dump(exclude={"improved_floor"})
    return Manifest.model_construct(
        **shared, gate=recipe.gate, format=1, recipe=recipe_digest(recipe), columns=schema_digest(Row), splits={}
    )


def recipe_digest(recipe: Recipe) -> str:
    """sha256 of what the recipe says, but for where files lie."""
    return digest(
        recipe.model_dump(
            mode="json",
            exclude={"sources": {"__all__": {"videos", "annotations", "questions", "manifest"}}, "prompts": {"folder"}},
        )
    )


def _write(fresh: Path, samples: Samples, shared: Edition, shard_bytes: int) -> SplitEntry:
    for name in ("data", "left_out", "usage"):
        (fresh / name).mkdir()
    tally = _Tally(shared)
    with growing_table(fresh / "left_out" / f"{samples.split}.parquet", LeftOut) as lose:
        rows = tally.rows(samples.ends, lose)
        shards = write_shards(fresh / "data", samples.split, rows, Row, shard_bytes=shard_bytes)
    with growing_table(fresh / "usage" / "attempts.parquet", Usage) as spend:
        for attempt in samples.attempts:
            spend(Usage.of(attempt))
    files = tuple(written(path, fresh) for path in shards)
    return SplitEntry(
        rows=tally.outcomes.total(),
        kept=tally.kept,
        partial=tally.partial,
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
            for place in (*(file.path for file in entry.files), f"left_out/{name}.parquet"):
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

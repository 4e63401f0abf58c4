"""Export: a run's judged samples become a release, whole or not at all.

    <run>/release/
        README.md                              the card, where the caller hands one in
        data/<split>-00000-of-00001.parquet    config `all`, the rows: sorted by clip and rollout, byte-reproducible
        sft/<split>-....parquet                config `sft`: kept rows to learn from
        rft/<split>-....parquet                config `rft`: kept rows to answer
        left_out/<split>.parquet               the samples that did not become rows, and why
        usage/attempts.parquet                 tokens, latency, dates, endpoints: what differs between two equal runs
        controls/<control>/<split>-....parquet config `controls`, where they are asked for
        plots/                                 of the card
        manifest.json                          written last: rows, bytes and sha256 of all but left_out/ and usage/

What only the whole split can tell of a row, `rocot.release.screen` tells once all have come: rows wait in files of the
new release until then (`rocot.release.sheets`), and memory stays flat. A long split is read by several processes
(`rocot.release.hands`); how many changes no byte.

Exporting a split keeps the other splits of the same recipe, flow and version of rocot, and drops those of another
make: a release never mixes two.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from rocot import __version__
from rocot.core.record import Record, digest
from rocot.core.row import Edition
from rocot.engine.collecting import seldom_collected
from rocot.engine.presser import YOUNG
from rocot.errors import StoreError
from rocot.recipe import Recipe
from rocot.release.beside import LeftOut, Usage, usage_table
from rocot.release.controls import write_controls
from rocot.release.gather import Samples
from rocot.release.manifest import CARD, Columns, Manifest, SplitEntry, damage, read_manifest, write_manifest
from rocot.release.origins import origins
from rocot.release.pixels import Pixels, columns
from rocot.release.rights import Shipped
from rocot.release.screen import Screen, Verdict
from rocot.release.shards import ROWS_A_GROUP, Listed, growing, growing_table, sync
from rocot.release.sheets import Maker, Sheet
from rocot.release.splits import settled, write_split
from rocot.release.swap import replacing, take

FOLDER = "release"
"""Name of the release within a run's folder."""

Card: TypeAlias = Callable[[Path, Manifest], Mapping[str, str]]
"""Makes README.md and its plots, as texts by path, of the folder as it stands then, and of its manifest but for these.
Equal for two equal runs: the manifest lists them."""


class Dropped(Record):
    """A split of the old release that the new one does not hold."""

    split: str
    """`*` where nothing can be read of the old release."""
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
    withdrawn: int = 0
    """Samples that the run has and the release has not, since they were withdrawn; of a clip that was not looked
    through, one."""

    @property
    def told_left_out(self) -> dict[str, int]:
        """Samples that did not become rows, by stage and reason; what is withdrawn among them."""
        return {**self.entry.left_out, **({"export: withdrawn": self.withdrawn} if self.withdrawn else {})}


@dataclass
class _Tally:
    """Counts samples as they stream by."""

    kept: int = 0
    partial: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    not_kept: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    withdrawn: int = 0
    """In no count of the manifest: a run that never made them writes the same release."""

    def add(self, sheet: Sheet) -> None:
        """Samples, as far as they can tell by themselves."""
        self.partial += sheet.partial
        self.outcomes.update(sheet.outcomes)
        self.left_out.update(lost.why for lost in sheet.lost)
        self.withdrawn += sheet.withdrawn

    def settle(self, verdict: Verdict) -> None:
        """What the whole split says of a row."""
        self.kept += verdict.not_kept is None
        self.broken.update(fault.rule for fault in verdict.faults)
        if verdict.not_kept is not None:
            self.not_kept[verdict.not_kept] += 1


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


def export(  # noqa: PLR0913  # a run, what it is made by, its samples, and two settings by name
    run: Path,
    recipe: Recipe,
    fingerprint: str,
    samples: Samples,
    *,
    controls: bool = False,
    card: Card | None = None,
    pixels: Pixels | None = None,
    shard_bytes: int | None = None,
    processes: int | None = None,
) -> Exported:
    """Writes or replaces `<run>/release`. The old release stands until the new one is whole and on the disk.

    With `controls` what training has to be held against is written as well; see `rocot.release.controls`. `card` makes
    README.md and its plots; without it there are none. With `pixels` the configs for training hold the frames. Shards
    end at the recipe's size unless `shard_bytes` is given. So many `processes` read the store beside this one; as many
    as are worth while where none is said.

    Raises StoreError where it cannot be written, ConfigError where frames cannot be had; then nothing has changed.
    """
    folder = run / FOLDER
    shard_bytes = recipe.release.shard_mb * 10**6 if shard_bytes is None else shard_bytes
    with replacing(folder) as fresh, seldom_collected(YOUNG):
        made = _blank(recipe, fingerprint)
        entry, withdrawn = _write(fresh, samples, recipe, edition(recipe, fingerprint), shard_bytes, processes)
        if controls:
            shards = [fresh / file.path for file in entry.files]
            told = write_controls(fresh, samples.split, shards, shard_bytes=shard_bytes)
            entry = entry.model_copy(update={"controls": told})
        if pixels is not None:
            entry = pixels.put_in(fresh, samples.split, entry, shard_bytes=shard_bytes)
            made = made.model_copy(update={"pixels": pixels.ground, "columns": columns()})
        carried, dropped = _carry(folder, fresh, made, samples.split)
        splits = {**carried, samples.split: entry}
        made = made.model_copy(update={"splits": {name: splits[name] for name in sorted(splits)}})
        if card is not None:
            made = made.model_copy(update=_write_card(fresh, card(fresh, made)))
        write_manifest(fresh, made)
    return Exported(
        folder=str(folder),
        split=samples.split,
        entry=entry,
        carried=tuple(sorted(carried)),
        dropped=dropped,
        withdrawn=withdrawn,
    )


def _blank(recipe: Recipe, fingerprint: str) -> Manifest:
    shared = edition(recipe, fingerprint).model_dump(exclude={"improved_floor", "keep"})
    return Manifest.model_construct(
        **shared,
        gate=recipe.gate,
        mix=recipe.mix,
        frames=recipe.frames,
        sources=origins(recipe),
        recipe=recipe_digest(recipe),
        columns=Columns.now(),
        withdrawn=tuple(sorted(recipe.withdrawn_ids)),
        splits={},
    )


def _write_card(fresh: Path, texts: Mapping[str, str]) -> dict[str, object]:
    """Writes the card and its plots; what the manifest says of them."""
    for name, text in texts.items():
        path = fresh / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        sync(path)
    plots = tuple(Listed.of(fresh / name, fresh) for name in sorted(texts) if name != CARD)
    return {"card": Listed.of(fresh / CARD, fresh), "plots": plots}


def recipe_digest(recipe: Recipe) -> str:
    """sha256 of what the recipe says, but for where files lie, how large shards are and what is withdrawn.

    What is withdrawn stands in the manifest by itself.
    """
    return digest(
        recipe.model_dump(
            mode="json",
            exclude={
                "release": {"shard_mb"},
                "sources": {"__all__": {"videos", "annotations", "questions", "manifest"}},
                "prompts": {"folder"},
                "withdrawn": True,
            },
        )
    )


def _write(  # noqa: PLR0913, PLR0917  # those of `export`
    fresh: Path, samples: Samples, recipe: Recipe, shared: Edition, shard_bytes: int, processes: int | None
) -> tuple[SplitEntry, int]:
    """The split, and how many samples of it are withdrawn."""
    for name in ("left_out", "usage"):
        (fresh / name).mkdir()
    tally, screen, sheets = _Tally(), Screen(recipe.gate, recipe.mix), list[Sheet]()
    maker = Maker(fresh / "sheets", shared, recipe.gate, recipe.mix, recipe.withdrawn_ids)
    maker.folder.mkdir()
    with growing_table(fresh / "left_out" / f"{samples.split}.parquet", LeftOut) as lose:
        for sheet in samples.sheets(maker, processes):
            tally.add(sheet)
            for lost in sheet.lost:
                lose(lost)
            if sheet.rows:
                screen.extend(maker.marks(sheet))
                sheets.append(sheet.model_copy(update={"lost": ()}))
    rows = settled(map(maker.rows, sheets), screen.verdicts(), tally.settle)
    shards = write_split(fresh, samples.split, rows, shard_bytes=shard_bytes)
    maker.folder.rmdir()
    with growing(fresh / "usage" / "attempts.parquet", Usage) as spend:
        left = iter(samples.attempts)
        while page := list(islice(left, ROWS_A_GROUP)):
            spend(usage_table(page))
    entry = SplitEntry(
        rows=tally.outcomes.total(),
        kept=tally.kept,
        partial=tally.partial,
        outcomes=dict(tally.outcomes),
        broken=dict(tally.broken),
        not_kept=dict(tally.not_kept),
        left_out=dict(tally.left_out),
        files=shards["all"],
        sft=shards["sft"],
        rft=shards["rft"],
    )
    return entry, tally.withdrawn


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
        why = _parted_by_pixels(old.pixels, made.pixels) or old.parted_by(made)
        why = why or next((f"{file.path} {what}" for file in entry.written if (what := damage(folder, file))), None)
        if why is None:
            for place in (*(file.path for file in entry.written), f"left_out/{name}.parquet"):
                (fresh / place).parent.mkdir(parents=True, exist_ok=True)
                take(folder / place, fresh / place)
            carried[name] = entry
        else:
            dropped.append(Dropped(split=name, why=why))
    return carried, tuple(dropped)


def _parted_by_pixels(old: Shipped | None, new: Shipped | None) -> str | None:
    """What keeps splits apart whose frames are in the release, or are not, on these grounds; None for the same."""
    if old == new:
        return None
    if old is None or new is None:
        held, lacks = ("no frames", "some") if old is None else ("frames", "none")
        return f"has {held} in it where the new one has {lacks}"
    return f"has its frames on another ground: {old.ground}, where the new one has {new.ground}"

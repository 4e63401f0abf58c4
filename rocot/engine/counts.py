"""How the samples of a run stand, counted in SQL: no row is read for it but the few bytes of the table `standing`."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal, TypeAlias

from rocot.engine.outcome import Kind
from rocot.engine.reader import StoreReader
from rocot.engine.stage import Step


@dataclass(frozen=True)
class StageCount:
    """How many items ended so at a stage."""

    stage: str
    kind: Literal["done", "rejected", "failed", "missing"]
    """Missing: they reached the stage, and it is still to be done."""
    reason: str
    counted_as: str | None
    """See `Item.counted_as`; None where an older rocot stored them, and nobody has looked since."""
    count: int


@dataclass(frozen=True)
class SplitCount:
    """Clips of a split."""

    split: str
    listed: int
    gone: int
    """Registered earlier, and no longer listed."""
    whole: bool
    """Whether the split was listed to its end, at least once: then `listed` is all there is, as far as is known."""
    expected: int | None
    """Clips in all, about, as told by whoever is listing them; None where nobody can tell."""


@dataclass(frozen=True)
class _Ending:
    """One of the few ways in which outcomes end; its place in the store's table of them."""

    id: int
    kind: Kind
    reason: str
    counted_as: str | None


_Way: TypeAlias = tuple[int | None, ...]
"""How many chains went this way, and the endings at each step; None where they did not come so far."""


def count_splits(store: StoreReader) -> list[SplitCount]:
    """The clips of each split."""

    def row(split: str, listed: int, gone: int, whole: int, expected: int | None) -> SplitCount:
        return SplitCount(split, listed, gone, bool(whole), expected)

    return store.rows(
        row,
        """
        SELECT split, sum(gone = 0), sum(gone), coalesce(whole, 0), expected FROM clip LEFT JOIN listing USING (split)
        GROUP BY split ORDER BY split
        """,
    )


def count_stages(store: StoreReader, steps: Sequence[Step], split: str) -> list[StageCount]:
    """How the samples of a split stand, for these very stages. At each stage the counts add up to what reached it.

    While somebody writes, have it read of one moment (`StoreReader.moment`).
    """
    endings = store.rows(_Ending, "SELECT id, kind, reason, counted_as FROM ending")
    trunk = list(takewhile(lambda step: step.rollouts is None, steps))
    arrived = sum(count.listed for count in count_splits(store) if count.split == split)
    table: list[StageCount] = []
    counted = _counted(_ways(store, endings, split, trunk, []), len(trunk))
    if len(steps) > len(trunk):
        branch = steps[len(trunk) :]
        counted += _counted(_ways(store, endings, split, trunk, branch), len(branch))
    for step, here in zip(steps, counted, strict=True):
        arrived *= (step.rollouts or 1) if step in steps[len(trunk) : len(trunk) + 1] else 1
        told = [
            StageCount(step.stage.name, end.kind, end.reason, end.counted_as, here[end.id])
            for end in sorted(endings, key=lambda end: (end.kind, end.reason, end.counted_as or ""))
            if here[end.id]
        ]
        missing = arrived - here.total()
        table += told
        if missing:
            table.append(StageCount(step.stage.name, "missing", "", "", missing))
        arrived = sum(count.count for count in told if count.kind == "done")
    return table


def _counted(ways: Sequence[_Way], steps: int) -> list[Counter[int]]:
    """How many chains ended how at each step."""
    counted: list[Counter[int]] = [Counter() for _ in range(steps)]
    for count, *ends in ways:
        for here, end in zip(counted, ends, strict=True):
            if end is not None:
                here[end] += count or 0
    return counted


def _ways(
    store: StoreReader, endings: Sequence[_Ending], split: str, trunk: Sequence[Step], branch: Sequence[Step]
) -> list[_Way]:
    """Walks every chain of the listed clips once, down its links, and counts those that went the same way.

    Without a branch, down the trunk; with one, down each rollout of what came out of the trunk.
    """
    done = ", ".join(str(end.id) for end in endings if end.kind == "done") or "NULL"
    known = dict(store.rows(lambda fingerprint, id_: (fingerprint, id_), "SELECT fingerprint, id FROM step"))
    after, before = "-clip.seq", ""
    joins, told = [], []
    for index, step in enumerate((*trunk, *branch)):
        # The order of the joins is the order of the walk: from the clips down, whatever SQLite would guess.
        join = "CROSS JOIN" if branch and index <= len(trunk) else "LEFT JOIN"
        came = f" AND {before}.ending IN ({done})" if before else ""
        at = f"at{index}"
        joins.append(
            f"{join} standing AS {at} ON {at}.after = {after} AND {at}.step = {known.get(step.fingerprint, 'NULL')}"
            f" AND {at}.rollout < {step.rollouts or 1}{came}"
        )
        after, before = f"{at}.outcome", at
        if not branch or index >= len(trunk):
            told.append(f"{at}.ending")
    query = f"SELECT count(*){''.join(f', {end}' for end in told)} FROM clip {' '.join(joins)}"  # noqa: S608  # numbers
    grouped = f" GROUP BY {', '.join(told)}" if told else ""
    return store.rows(lambda *way: way, f"{query} WHERE clip.split = ? AND clip.gone = 0{grouped}", (split,))

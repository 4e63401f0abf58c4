"""The clips of which nothing is left to do, told by their seals: many at a time, and no stored text is parsed.

A chain has ended where each of its outcomes follows the one before under the present fingerprint, the last one bears
the seal that it would get now, and is of the last stage, or of a sample that was turned away or spoilt for good. Of
everything else nothing is said here: `Pages` looks at it.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self, TypeAlias, cast

from pydantic_core import from_json, to_json

from rocot.core.record import Json
from rocot.engine.outcome import Kind
from rocot.engine.reader import StoreReader
from rocot.engine.seals import PLAIN, noted, seal_of, shape_of
from rocot.engine.stage import Step
from rocot.engine.walk import fans_out

Asked: TypeAlias = tuple[int, str, Sequence[Json]]
"""Of a clip: link, checksum, and contexts of all steps."""
_Chain: TypeAlias = tuple[int | None, bytes, bytes, bytes | None, bytes]
"""Rollout; how its items ended before the fan-out, and behind it; the last one's seal, and the rows that it covers."""
_MOST_KNOWN = 4096
"""Ways of clips that are kept: there are few, but for the orders in which many rollouts are stored."""
_UNFIT = "?"


class Passed(NamedTuple):
    """How one item ended at one stage."""

    stage: str
    kind: Kind
    reason: str


_Way: TypeAlias = tuple[Passed, ...]


@dataclass(frozen=True)
class Chart:
    """What has to be known of a plan's steps to tell ended chains. It can be sent."""

    stages: Sequence[str]
    """Their names."""
    fingerprints: Sequence[str]
    shapes: Sequence[str]
    """Of what they make, hexadecimal; see `seals.shape_of`."""
    fan: int
    """The step that the fan-out is before; their number where there is none."""
    rollouts: int

    @classmethod
    def of(cls, steps: Sequence[Step]) -> Self:
        """That of a plan."""
        fan = next((index for index in range(len(steps)) if fans_out(steps, index)), len(steps))
        return cls(
            stages=[step.stage.name for step in steps],
            fingerprints=[step.fingerprint for step in steps],
            shapes=[shape_of(step.stage.output).hex() for step in steps],
            fan=fan,
            rollouts=(steps[fan].rollouts or 0) if fan < len(steps) else 1,
        )


@dataclass(frozen=True, eq=False)
class Ended:
    """A clip whose every chain has ended. Clips that went the same way get the same one, and are counted together."""

    outcomes: Sequence[Passed]
    finished: int
    """Items that came out of the last stage."""


class Told(NamedTuple):
    """What the clips of a page came to."""

    ended: Sequence[tuple[Ended, int]]
    """How many clips went each way."""
    left: Sequence[int]
    """Places in the page of those that have to be looked at."""


class Endings:
    """Tells of the clips of a plan."""

    def __init__(self, store: StoreReader, chart: Chart) -> None:
        self._store, self._stages = store, chart.stages
        self._fan, self._rollouts = chart.fan, chart.rollouts
        self._query = _query(len(chart.stages), chart.fan)
        self._fingerprints = chart.fingerprints
        self._shapes = list(map(bytes.fromhex, chart.shapes))
        self._ways: dict[tuple[int, bytes], _Way | None] = {}
        """The few ways in which items go."""
        self._known: dict[tuple[object, ...], tuple[Ended, Sequence[int]] | None] = {}
        """What the chains of a clip come to if their seals hold, and which step ends each of them; None: nothing."""

    def of(self, page: Sequence[Asked]) -> list[Ended | None]:
        """What each clip came to; None for those that have to be looked at. Raises StoreError."""
        chains: dict[int, list[_Chain]] = {link: [] for link, _, _ in page}

        def put(link: int, *chain: int | bytes | None) -> None:
            chains[link].append(cast("_Chain", chain))

        self._store.rows(put, self._query, (json.dumps(list(chains)), self._rollouts, *self._fingerprints))
        return [self._clip(root, contexts, chains[link]) if root else None for link, root, contexts in page]

    def _clip(self, root: str, contexts: Sequence[Json], chains: Sequence[_Chain]) -> Ended | None:
        """What the chains of a clip came to, if the seal of each is what it would be now."""
        told = tuple([way for chain in chains for way in chain[:3]])
        if told not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[told] = self._come_to(chains)
        known = self._known[told]
        if known is None:
            return None
        ended, last = known
        notes, clip = noted(self._shapes, contexts), root.encode()
        for chain, step in zip(chains, last, strict=True):
            if seal_of(notes[step], clip, chain[4]) != chain[3]:
                return None
        return ended

    def _come_to(self, chains: Sequence[_Chain]) -> tuple[Ended, Sequence[int]] | None:
        """Of a clip that ended before the fan-out there is one chain, else one for each rollout."""
        if not chains:
            return None
        before = chains[0][1]
        trunk = self._way(0, before) if self._fan else ()
        if trunk is None:
            return None
        outcomes, finished, last = [*trunk], 0, list[int]()
        goes_on = len(trunk) == self._fan and (not trunk or trunk[-1].kind == "done")
        for _, trunk_way, branch_way, *_ in chains:
            branch = self._way(self._fan, branch_way) if goes_on and self._fan < len(self._stages) else ()
            if trunk_way != before or branch is None:
                return None
            outcomes += branch
            finished += (branch or trunk)[-1].kind == "done"
            last.append(len(trunk) + len(branch) - 1)
        wanted, rollouts = self._rollouts if goes_on else 1, {chain[0] for chain in chains}
        return (Ended(outcomes, finished), last) if len(chains) == len(rollouts) == wanted else None

    def _way(self, start: int, told: bytes) -> _Way | None:
        """How items end from this step on, to the fan-out or the end; None where something is left to do."""
        if (start, told) not in self._ways:
            self._ways[start, told] = self._read(start, told)
        return self._ways[start, told]

    def _read(self, start: int, told: bytes) -> _Way | None:
        end = self._fan if start < self._fan else len(self._stages)
        parts = told.decode("utf-8", "replace").split("\1") if told else []  # no seal was looked at so far
        stages = self._stages[start:end]
        if len(parts) > len(stages) or _UNFIT in parts:
            return None
        ends = [part.partition("\0") for part in parts]
        way = tuple(
            Passed(stage, cast("Kind", kind), reason) for stage, (kind, _, reason) in zip(stages, ends, strict=False)
        )
        broken = any(passed.kind != "done" for passed in way[:-1])
        short = len(way) < len(stages) and (not way or way[-1].kind == "done")
        return None if broken or short else way


def summed(found: Sequence[Ended | None]) -> Told:
    """The same, told together."""
    counts = Counter(ended for ended in found if ended is not None)
    return Told(list(counts.items()), [place for place, ended in enumerate(found) if ended is None])


def sent(told: Told) -> bytes:
    """As one process tells it to another: a line."""
    return to_json([[(ended.outcomes, ended.finished, count) for ended, count in told.ended], told.left]) + b"\n"


def heard(line: bytes) -> Told:
    """What `sent` was given."""
    ended, left = from_json(line)
    return Told([(Ended([Passed(*one) for one in ways], finished), count) for ways, finished, count in ended], left)


def _query(steps: int, fan: int) -> str:
    """A row for each chain, down its links: ?1 are the links of clips, ?2 the number of rollouts, then fingerprints."""
    ats = [f"at{index}" for index in range(steps)]
    rollout = f"at{fan}.rollout" if fan < steps else "NULL"
    ways = ", ".join(
        f"CAST(concat_ws(x'01', {', '.join(map(_way, some)) or 'NULL'}) AS BLOB)" for some in (ats[:fan], ats[fan:])
    )
    seal = ", ".join(f"{at}.seal" for at in reversed(ats))
    rows = ", ".join(map(PLAIN.format, ats))
    joins = " ".join(_joins(steps, fan))
    return (
        f"SELECT link.value, {rollout}, {ways}, coalesce({seal}, NULL), CAST(concat({rows}) AS BLOB)"  # noqa: S608
        f" FROM json_each(?1) AS link {joins}"
    )


def _way(at: str) -> str:
    """How a step ended; a failure that may pass is unfit, and what an older rocot stored and did not count."""
    fits = f"{at}.passing = 0 AND {at}.counted_as IS NOT NULL"
    told = f"concat_ws(x'00', {at}.kind, {at}.reason)"
    return f"CASE WHEN {at}.seq IS NULL THEN NULL WHEN {fits} THEN {told} ELSE '{_UNFIT}' END"


def _joins(steps: int, fan: int) -> Iterator[str]:
    """The order of the joins is the order of the walk: from the clips down, whatever SQLite would guess."""
    for index in range(steps):
        at, before = f"at{index}", f"at{index - 1}"
        follows = f"{before}.seq AND {before}.kind = 'done'" if index else "link.value"
        rollout = "IS NULL" if index < fan else f"= at{fan}.rollout"
        if index == fan:
            rollout = "BETWEEN 0 AND ?2 - 1"
        yield (
            f"{'LEFT' if index else 'CROSS'} JOIN outcome AS {at} ON {at}.after = {follows}"
            f" AND {at}.fingerprint = ?{index + 3} AND {at}.rollout {rollout}"
        )

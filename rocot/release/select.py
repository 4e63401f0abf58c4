"""Select: which of the rows that could be kept the recipe's mix takes.

Rows are looked at in the order of sha256(seed, id), which is as good as chance, hangs on nothing but the row itself,
and is the same however rows come in. First the caps, each row against the rows that were taken before it: of its video,
of its source, of its true classes. Then the shares: the most rows are taken that fit them, of each kind the first
ones. A row that is added or taken away moves only the rows behind it that it competes with.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from math import ceil

import apsw

from rocot.core.row import NotKept, Row
from rocot.recipe import Mix, Shares

UNKNOWN = "unknown"
"""The class of rows whose truth has no labels."""


@dataclass(frozen=True)
class Candidate:
    """A row that nothing but the mix can leave out."""

    member: int
    source: str
    video: str
    classes: tuple[str, ...]
    kind: str
    """`normal`, or its outcome; what a share is of."""


def draw(seed: int, name: str) -> str:
    """Where a row stands in the order of the draw: 16 hexadecimal digits."""
    return sha256(f"{seed} {name}".encode("utf-8", "replace")).hexdigest()[:16]


def candidate(row: Row, member: int) -> Candidate:
    """A row as the mix sees it."""
    labels = tuple(sorted(set(row.truth.labels))) if row.truth.labels else (UNKNOWN,)
    return Candidate(member, row.source, row.video, labels, "normal" if row.truth.normal else row.outcome)


@dataclass
class Caps:
    """Counts what was taken, and says which cap a further row would cross."""

    mix: Mix
    videos: Counter[tuple[str, str]] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    classes: Counter[str] = field(default_factory=Counter)

    def take(self, row: Candidate) -> NotKept | None:
        """Takes a row, or says why not."""
        mix, video = self.mix, (row.source, row.video)
        if mix.per_video is not None and self.videos[video] >= mix.per_video:
            return "mix: video"
        if mix.per_source is not None and self.sources[row.source] >= mix.per_source:
            return "mix: source"
        if mix.per_class is not None and any(self.classes[label] >= mix.per_class for label in row.classes):
            return "mix: class"
        if mix.per_video is not None:
            self.videos[video] += 1
        self.sources[row.source] += 1
        self.classes.update(row.classes)
        return None


def room(counts: Mapping[str, int], shares: Shares) -> dict[str, int]:
    """How many rows of each kind fit the shares, of as many rows as can fit them.

    A kind of share s has ceil(s N) rows at most where N are taken in all: N is the greatest fixed point of
    N = sum over kinds of min(count, ceil(s N)), found by going down from all rows.
    """
    most = {kind: getattr(shares, kind, None) for kind in counts}

    def fitting(whole: int) -> dict[str, int]:
        return {
            kind: count if (share := most[kind]) is None else min(count, ceil(share * whole - 1e-9))
            for kind, count in counts.items()
        }

    taken = dict(counts)
    while (fewer := fitting(sum(taken.values()))) != taken:
        taken = fewer
    return taken


def select(candidates: Iterable[Candidate], mix: Mix) -> Iterator[tuple[int, NotKept]]:
    """Which rows the mix leaves out, and why. They come in the order of the draw."""
    caps, kinds = Caps(mix), Counter[str]()
    with apsw.Connection("") as taken:
        taken.execute("CREATE TABLE taken (member INTEGER, kind TEXT)")
        for row in candidates:
            why = caps.take(row)
            if why is not None:
                yield row.member, why
            else:
                kinds[row.kind] += 1
                taken.execute("INSERT INTO taken VALUES (?, ?)", (row.member, row.kind))
        left = room(kinds, mix.shares)
        for member, kind in taken.execute("SELECT member, kind FROM taken ORDER BY rowid"):
            left[kind] -= 1
            if left[kind] < 0:
                yield member, "mix: share"


def spelt(row: Candidate) -> str:
    """As it lies in a table, without its number."""
    return json.dumps([row.source, row.video, row.classes, row.kind])


def read(member: int, text: str) -> Candidate:
    """What `spelt` wrote."""
    source, video, classes, kind = json.loads(text)
    return Candidate(member, source, video, tuple(classes), kind)

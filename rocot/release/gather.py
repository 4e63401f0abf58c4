"""Gather: what a run's store has for a release, as one stream, or a stretch of clips after the other."""

import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rocot.core.clip import Clip
from rocot.core.record import Item
from rocot.core.reflection import Judged
from rocot.core.withdrawal import covers
from rocot.engine.harvest import Harvest, Lost
from rocot.engine.pressing import name_of
from rocot.engine.reader import StoreReader
from rocot.engine.stage import Step
from rocot.engine.tables import AttemptRow, attempts
from rocot.release.hands import Setting, Stretch, made_beside, stretches, worth
from rocot.release.shards import ROWS_A_GROUP
from rocot.release.sheets import Maker, Sheet, ascend


@dataclass(frozen=True)
class Samples:
    """What a run has for one split."""

    split: str
    ends: Iterable[Judged | Lost]
    """One for each sample, streaming; the judged ones ascend by clip and rollout."""
    attempts: Iterable[AttemptRow]
    """All that were ever made in the run, whatever the split: they were paid."""
    stored: "Stored | None" = None
    """Where the same samples can be had from by other processes."""

    def sheets(self, maker: Maker, processes: int | None = None) -> Iterator[Sheet]:
        """All of it, laid down in the order of its rows; see `export` for `processes`.

        Raises ValueError for rows that do not ascend by clip and rollout (a bug).
        """
        count = 0 if self.stored is None else worth(self.stored.clips(self.split)) if processes is None else processes
        last = ("", -1)
        made = self.stored.sheets(self.split, maker, count) if self.stored and count else maker.sheets(self.ends)
        for sheet in made:
            ascend([] if sheet.first is None else [sheet.first], last)
            last = sheet.last or last
            yield sheet


@dataclass(frozen=True)
class Stored:
    """The samples of a run's store."""

    store: StoreReader
    steps: Sequence[Step]
    withdrawn: Collection[str]
    rows: int = ROWS_A_GROUP
    """Of a sheet, where nothing is left out."""

    def clips(self, split: str) -> int:
        """How many a split has."""
        return self.store.rows(int, "SELECT count(*) FROM clip WHERE split = ? AND gone = 0", (split,))[0]

    def sheets(self, split: str, maker: Maker, count: int) -> Iterator[Sheet]:
        """The sheets of a split, made in so many processes."""
        found = harvest(self.store, self.steps, self.withdrawn)

        def here(part: Stretch) -> Sheet:
            return maker.sheet(part.number, found.items(split, after=part.after, last=part.last))

        setting = Setting(
            paths=tuple(sys.path),
            run=str(self.store.path.parent),
            split=split,
            steps=tuple(
                (one.stage.name, name_of(one.stage.output), one.fingerprint, one.rollouts) for one in self.steps
            ),
            folder=str(maker.folder),
            edition=maker.edition,
            gate=maker.gate,
            mix=maker.mix,
            gone=tuple(self.withdrawn),
        )
        ends = self.store.every(max(1, self.rows // (self.steps[-1].rollouts or 1)), split)
        yield from made_beside(setting, stretches(ends), count, here)


def harvest(store: StoreReader, steps: Sequence[Step], withdrawn: Collection[str]) -> Harvest[Judged]:
    """What a run's store has for these very stages; of clips that are withdrawn, that they are there."""

    def gone(item: Item) -> bool:
        return isinstance(item, Clip) and covers(withdrawn, item.source, item.video, item.id)

    return Harvest(store, Clip, steps, Judged, gone)


def gathered(store: StoreReader, steps: Sequence[Step], split: str, withdrawn: Collection[str] = ()) -> Samples:
    """All of it that a split has."""
    found = harvest(store, steps, withdrawn).items(split)
    return Samples(split, found, attempts(store), Stored(store, steps, withdrawn))

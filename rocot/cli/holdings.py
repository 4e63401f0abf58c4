"""What the folder of a part holds, as far as a merge has to know it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rocot.cli.runs import understood
from rocot.core.part import Census, Part
from rocot.core.reflection import Judged
from rocot.engine.batches import open_batches
from rocot.engine.claims import living
from rocot.engine.counts import count_splits, count_stages
from rocot.engine.merged import Portion
from rocot.engine.parts import censuses, part_of
from rocot.engine.reader import WORKERS, RecipeRow, StoreReader
from rocot.engine.stage import Plan
from rocot.engine.tables import sum_spent
from rocot.errors import ConfigError

_PAGE = 10_000
_CLIPS = f"""
SELECT seq, id, record ->> 'source', record ->> 'video' FROM clip
WHERE seq > ? AND json_valid(record) ORDER BY seq LIMIT {_PAGE}
"""  # noqa: S608  # our own number


@dataclass(frozen=True)
class Holding:
    """A part, opened and closed again."""

    folder: Path
    portion: Portion
    recipe: RecipeRow
    """The one that it was made with last."""
    recipes: tuple[RecipeRow, ...]
    """All of them, oldest first."""
    censuses: Mapping[str, Census]
    """By split, of those that it has listed to their end."""
    clips: Mapping[str, int]
    """By split."""
    left: Mapping[str, int]
    """By split: samples that are still to be done."""
    calls: int
    failed: int
    """Of these."""
    strangers: tuple[str, ...]
    """Clips that belong to another part, the first few."""
    working: int
    """Processes that have it open to work on it."""
    batches: int
    """That are open at a service."""

    @property
    def part(self) -> Part:
        """Which one it is."""
        return self.portion.part

    @property
    def name(self) -> str:
        """How it is called in what is told."""
        return f"{self.part.words} ({self.folder})"


@dataclass
class Reader:
    """Reads parts; those of one fingerprint share their flow, whatever their machines call its folders."""

    _flows: dict[str, Plan[Judged]] = field(default_factory=dict)

    def read(self, folder: Path) -> Holding:
        """What a folder holds. Raises ConfigError for what is no part of a run, StoreError."""
        with StoreReader(folder) as store, store.moment():
            part = part_of(store)
            if part is None:
                raise ConfigError(f"{folder}: a whole run, and no part of one; `rocot generate --part` makes parts")
            recipes = store.rows(RecipeRow, "SELECT fingerprint, recipe, made FROM recipe ORDER BY seq")
            plan = self._flow(folder, store)
            splits = [count for count in count_splits(store) if count.listed]
            return Holding(
                folder=folder,
                portion=Portion.of(store, part),
                recipe=recipes[-1],
                recipes=tuple(recipes),
                censuses=censuses(store),
                clips={split.split: split.listed for split in splits},
                left={split.split: _left(store, plan, split.split) for split in splits},
                calls=sum(spent.attempts for spent in sum_spent(store)),
                failed=sum(spent.failed for spent in sum_spent(store)),
                strangers=tuple(_strangers(store, part)),
                working=len(living(folder / WORKERS)),
                batches=len(open_batches(store)),
            )

    def _flow(self, folder: Path, store: StoreReader) -> Plan[Judged]:
        last = store.recipe()
        if last is None or last.fingerprint not in self._flows:
            _, plan = understood(folder, last)
            self._flows[plan.fingerprint] = plan
            return plan
        return self._flows[last.fingerprint]


def _left(store: StoreReader, plan: Plan[Judged], split: str) -> int:
    """Samples of listed clips that have not come to their end."""
    steps = tuple(plan)
    rollouts, wide, left = steps[-1].rollouts or 1, {}, 0
    for step in steps:
        wide[step.stage.name] = rollouts if step.rollouts is None else 1
    for told in count_stages(store, steps, split):
        left += told.count * wide[told.stage] * (told.kind == "missing")
    return left


def _strangers(store: StoreReader, part: Part) -> Iterator[str]:
    """Clips of videos that are another part's: one at most, as it tells all."""
    after = 0
    while rows := store.rows(lambda *row: row, _CLIPS, (after,)):
        for _, clip, source, video in rows:
            if not part.holds(source, video):
                yield clip
                return
        after = rows[-1][0]

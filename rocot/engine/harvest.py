"""The finished items of a run, rebuilt from what each stage added, and what became of all the others."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from pydantic import ValidationError

from rocot.core.record import Item
from rocot.engine.growth import grown
from rocot.engine.page import Met, Pages
from rocot.engine.reader import ClipRow, StoreReader
from rocot.engine.stage import Step
from rocot.engine.walk import fans_out

T = TypeVar("T", bound=Item)

PAGE = 32
"""Clips whose chains are looked up at once, and so are in memory."""


@dataclass(frozen=True)
class Lost:
    """A sample that did not come to the end of the flow."""

    key: str
    stage: str
    """Where it stands."""
    kind: Literal["rejected", "failed", "missing", "withheld"]
    """Missing: nothing is stored, or nothing usable (reason `damaged` or `outdated`); running again mends it.
    Withheld: whoever harvests does not want the clip; of one such clip one is told."""
    reason: str
    detail: str


def _none(_: Item) -> bool:
    return False


@dataclass(frozen=True)
class Harvest(Generic[T]):
    """Every chain of a plan over the clips of a split that are still listed, some clips in memory at a time.

    Only what follows on from one another is joined: an answer to frames that have changed since is not there. Chains of
    many clips are looked up by their links at once; a clip of which that does not find all chains done is followed by
    itself, step by step, and so is told what became of each.
    """

    store: StoreReader
    first: type[Item]
    """What the plan starts with; its fields that are not stored (where a file lies) come back as their defaults."""
    steps: Sequence[Step]
    last: type[T]
    """What the plan ends with."""
    unwanted: Callable[[Item], bool] = _none
    """Clips that are not followed, whatever is stored of them."""

    def items(self, split: str, *, after: str = "", last: str | None = None) -> Iterator[T | Lost]:
        """One for each chain, sorted by the clip's id and the rollout's number. Raises StoreError.

        Of the clips from behind `after` to `last`; of all where none is given.
        """
        while page := self.store.clips(split, after=after, count=PAGE):
            after = page[-1].id
            yield from self._page([row for row in page if last is None or row.id <= last])
            if last is not None and after >= last:
                return

    def clip(self, key: str) -> Iterator[T | Lost]:
        """Those of one clip; none where it is not listed."""
        row = self.store.clip(key)
        if row is not None and not row.gone:
            yield from self._clip(row)

    def _page(self, page: Sequence[ClipRow]) -> Iterator[T | Lost]:
        met = {row.id: one for row in page if (one := self._met(row)) is not None}
        pages = Pages(self.store, self.steps, since=0, ripens=False)
        found = dict(zip(met, pages.follow(list(met.values())), strict=True))
        for row in page:
            here = found.pop(row.id, None)
            if here is None or not here.whole or any(one.kind != "done" for one in here.outcomes):
                yield from self._clip(row)
            else:
                for item in here.ends:
                    yield self._end(item)

    def _met(self, row: ClipRow) -> Met | None:
        """The clip as chains begin with it; None where `_clip` has something to say of it."""
        if not row.whole:
            return None
        try:
            item = self.first.model_validate_json(row.record)
        except ValidationError:
            return None
        return None if self.unwanted(item) else Met(item, row.record, row.link, (None,) * len(self.steps))

    def _end(self, item: Item) -> T:
        assert isinstance(item, self.last), f"the plan ends with {type(item).__name__}, not {self.last.__name__}"
        return item

    def _clip(self, row: ClipRow) -> Iterator[T | Lost]:
        stage = self.steps[0].stage.name
        if not row.whole:
            self.store.damaged += 1
            yield Lost(row.id, stage, "missing", "damaged", "the clip's record is not as it was written")
            return
        try:
            item = self.first.model_validate_json(row.record)
        except ValidationError as error:
            yield Lost(row.id, stage, "missing", "outdated", f"another rocot wrote the clip's record: {error}")
            return
        if self.unwanted(item):
            yield Lost(row.id, stage, "withheld", "withheld", "")
            return
        yield from self._from(0, item, row.link)

    def _from(self, index: int, item: Item, after: int) -> Iterator[T | Lost]:
        """The chains of an item that go on with this step."""
        if index == len(self.steps):
            yield self._end(item)
            return
        rollouts = fans_out(self.steps, index)
        if rollouts is None:
            yield from self._chain(index, item, after)
        else:
            for rollout in range(rollouts):
                yield from self._chain(index, item.fanned(rollout), after)

    def _chain(self, index: int, item: Item, after: int) -> Iterator[T | Lost]:
        step = self.steps[index]
        stage = step.stage.name
        damaged = self.store.damaged
        outcome = self.store.follower(after, step.fingerprint, item.key)
        if outcome is None:
            yield Lost(item.key, stage, "missing", "damaged" if self.store.damaged > damaged else "not done", "")
        elif outcome.kind != "done":
            yield Lost(item.key, stage, outcome.kind, outcome.reason, outcome.detail)
        else:
            richer = grown(item, step.stage.output, outcome.payload)
            if richer is None:
                yield Lost(item.key, stage, "missing", "outdated", "another rocot wrote what the stage made")
            else:
                yield from self._from(index + 1, richer, outcome.seq)

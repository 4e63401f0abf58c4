"""What of a plan is in the store already: looked up by what would go into each stage now."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from rocot.core.record import Item
from rocot.engine.growth import grown, input_of
from rocot.engine.outcome import Outcome
from rocot.engine.reader import StoreReader
from rocot.engine.stage import Stage, Step


def erased(step: Step) -> Stage[Item, Item]:
    """The stage without its types, which the plan's builder has checked."""
    return cast("Stage[Item, Item]", step.stage)


@dataclass(frozen=True)
class Sight:
    """What the store says of one stage for one item."""

    given: str
    """Digest of what goes in."""
    outcome: Outcome | None
    """None: to be done."""
    item: Item | None
    """What comes out, where the stage is done."""


def look(store: StoreReader, step: Step, item: Item, since: int) -> Sight:
    """Looks up one stage.

    A failure that may pass counts as undone, unless its seq is above `since`: then somebody made it in this very run.
    """
    stage = erased(step)
    given = input_of(item, stage.context(item))
    found = store.outcome(item.key, step.fingerprint, given)
    if found is None or (found.kind == "failed" and found.passing and found.seq <= since):
        return Sight(given, None, None)
    if found.kind != "done":
        return Sight(given, found, None)
    after = grown(item, stage.output, found.payload)
    return Sight(given, None if after is None else found, after)


def fans_out(steps: Sequence[Step], index: int) -> int | None:
    """The number of rollouts that begin before this step, if the fan-out is there."""
    here = steps[index].rollouts
    return here if here is not None and (index == 0 or steps[index - 1].rollouts is None) else None


@dataclass
class Replay:
    """All chains of a clip, read from the store without asking or writing anything."""

    store: StoreReader
    steps: Sequence[Step]
    since: int
    outcomes: list[Outcome] = field(default_factory=list)
    """What was found."""
    ends: list[Item] = field(default_factory=list)
    """The items that came out of the last stage."""
    uncounted: list[tuple[int, str]] = field(default_factory=list)
    """seq of outcomes that an older rocot stored, and what they are counted by."""
    sights: dict[tuple[str, str], Sight] = field(default_factory=dict)
    """What was found, by the item's key and the stage's fingerprint: a chain need not look it up again."""

    def complete(self, item: Item, link: int) -> bool:
        """Whether nothing is left to do for the clip of that link, and every outcome follows the right one."""
        return self._from(0, item, link)

    def _from(self, index: int, item: Item, after: int) -> bool:
        rollouts = fans_out(self.steps, index)
        if rollouts is None:
            return self._chain(index, item, after)
        return all(self._chain(index, item.fanned(rollout), after) for rollout in range(rollouts))

    def _chain(self, index: int, item: Item, after: int) -> bool:
        sight = look(self.store, self.steps[index], item, self.since)
        if sight.outcome is None or sight.outcome.after != after:
            return False
        self.sights[item.key, self.steps[index].fingerprint] = sight
        self.outcomes.append(sight.outcome)
        if sight.item is None:
            return True
        if sight.outcome.counted_as is None and sight.item.counted_as:
            self.uncounted.append((sight.outcome.seq, sight.item.counted_as))
        if index + 1 < len(self.steps):
            return self._from(index + 1, sight.item, sight.outcome.seq)
        self.ends.append(sight.item)
        return True

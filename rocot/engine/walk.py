"""What of a plan is in the store already: looked up by what would go into each stage now."""

from collections.abc import Sequence
from dataclasses import dataclass
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

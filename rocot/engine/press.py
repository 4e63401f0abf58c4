"""A chain through a last stage that asks nobody: no store, no await."""

from dataclasses import dataclass

from rocot.core.record import Item
from rocot.engine.chain import Place, blank_of, ended, failed
from rocot.engine.growth import input_of
from rocot.engine.outcome import Outcome
from rocot.engine.page import Ripe, unfolded
from rocot.engine.stage import Instant, Step
from rocot.errors import ItemError


@dataclass(frozen=True)
class Press:
    """The last stage of a plan, without the store."""

    first: type[Item]
    """Of the clips."""
    steps: tuple[Step, ...]
    stage: Instant
    """Of the last step."""

    def through(self, ripe: Ripe) -> Outcome | None:
        """What comes of a chain; None where what is stored of it does not fit its types any more."""
        clip = ripe.clip or self.first.model_validate_json(ripe.record)
        item = unfolded(self.steps, clip, ripe.trunk, ripe.rollout, ripe.branch, ripe.named)
        if item is None:
            return None
        step, given = self.steps[-1], input_of(item, ripe.context)
        blank = blank_of(step, Place(item, ripe.after), given, clip=ripe.key, rollout=ripe.rollout)
        try:
            made = self.stage.at_once(item, ripe.context)
        except ItemError as error:
            return failed(blank, error)
        return ended(blank, step, item, made)

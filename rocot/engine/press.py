"""A chain through a last stage that asks nobody: no store, no await."""

from dataclasses import dataclass

from rocot.core.record import Item
from rocot.engine.chain import Place, blank_of, ended, failed
from rocot.engine.growth import Spelt, input_spelt, read_through
from rocot.engine.outcome import Outcome
from rocot.engine.page import Ripe, unfolded
from rocot.engine.stage import Instant, Step
from rocot.errors import ItemError


@dataclass(frozen=True)
class Press:
    """The last stage of a plan, without the store."""

    first: type[Item]
    """Of the clips that come as a record alone."""
    steps: tuple[Step, ...]
    stage: Instant
    """Of the last step."""

    def through(self, ripe: Ripe) -> Outcome | None:
        """What comes of a chain; None where what is stored of it does not fit its types any more."""
        grown = self._grown(ripe)
        if grown is None:
            return None
        step, item, given = self.steps[-1], grown.item, input_spelt(grown.record, ripe.context)
        blank = blank_of(step, Place(item, ripe.after), given, clip=ripe.key, rollout=ripe.rollout)
        try:
            made = self.stage.at_once(item, ripe.context)
        except ItemError as error:
            return failed(blank, error)
        return ended(blank, step, item, made)

    def _grown(self, ripe: Ripe) -> Spelt | None:
        """The item at the end of a chain."""
        parts = [*ripe.trunk, *ripe.branch]
        first = self.first if ripe.clip is None else type(ripe.clip)
        read = read_through(first, ripe.record, [step.stage.output for step in self.steps[: len(parts)]], parts)
        if read is not None and ripe.rollout is not None:
            item = read.item.fanned(ripe.rollout)
            read = Spelt(item, read.record if vars(item) == vars(read.item) else item.model_dump_json())
        if read is not None and ripe.named in {None, read.item.key}:
            return read
        clip = ripe.clip or self.first.model_validate_json(ripe.record)
        slow = unfolded(self.steps, clip, ripe.trunk, ripe.rollout, ripe.branch, ripe.named)
        return None if slow is None else Spelt(slow, slow.model_dump_json())

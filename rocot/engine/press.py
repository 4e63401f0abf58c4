"""Chains through a last stage that asks nobody: no store, no await."""

from collections.abc import Sequence
from dataclasses import dataclass

from rocot.core.record import Item
from rocot.engine.chain import Place, blank_of, ended, failed
from rocot.engine.growth import Spelt, input_spelt, read_through
from rocot.engine.outcome import Outcome
from rocot.engine.page import Ripe, unfolded
from rocot.engine.stage import Instant, Rejected, Step
from rocot.errors import ItemError

TURN = 16
"""Chains that are put through together: 10 ms, in which no call goes on, and no process beside gets a page."""


@dataclass(frozen=True)
class Press:
    """The last stage of a plan, without the store."""

    first: type[Item]
    """Of the clips that come as a record alone."""
    steps: tuple[Step, ...]
    stage: Instant
    """Of the last step."""

    def through(self, page: Sequence[Ripe]) -> list[Outcome | None]:
        """What comes of each chain; None where what is stored of it does not fit its types any more."""
        grown = [self._grown(ripe) for ripe in page]
        fit = [(ripe, spelt) for ripe, spelt in zip(page, grown, strict=True) if spelt is not None]
        made = self.stage.at_once([(spelt.item, ripe.context) for ripe, spelt in fit])
        outcomes = iter([self._outcome(*one, what) for one, what in zip(fit, made, strict=True)])
        return [None if spelt is None else next(outcomes) for spelt in grown]

    def _outcome(self, ripe: Ripe, spelt: Spelt, made: Item | Rejected | ItemError) -> Outcome:
        step, given = self.steps[-1], input_spelt(spelt.record, ripe.context)
        blank = blank_of(step, Place(spelt.item, ripe.after), given, clip=ripe.key, rollout=ripe.rollout)
        return failed(blank, made) if isinstance(made, ItemError) else ended(blank, step, spelt.item, made)

    def _grown(self, ripe: Ripe) -> Spelt | None:
        """The item at the end of a chain."""
        parts = [*ripe.trunk, *ripe.branch]
        first = self.first if ripe.clip is None else type(ripe.clip)
        read = read_through(first, ripe.record, [step.stage.output for step in self.steps[: len(parts)]], parts)
        if read is not None and ripe.rollout is not None:
            item = read.item.fanned(ripe.rollout)
            read = Spelt(
                item, read.record if item is read.item or vars(item) == vars(read.item) else item.model_dump_json()
            )
        if read is not None and ripe.named in {None, read.item.key}:
            return read
        clip = ripe.clip or self.first.model_validate_json(ripe.record)
        slow = unfolded(self.steps, clip, ripe.trunk, ripe.rollout, ripe.branch, ripe.named)
        return None if slow is None else Spelt(slow, slow.model_dump_json())

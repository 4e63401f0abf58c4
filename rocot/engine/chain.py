"""One chain: an item through its stages, each looked up first, then done and stored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rocot.core.record import Item
from rocot.core.reply import clean
from rocot.engine.growth import added, grown
from rocot.engine.lead import Lead
from rocot.engine.outcome import Outcome
from rocot.engine.progress import Tally
from rocot.engine.stage import Rejected, Step
from rocot.engine.store import Store
from rocot.engine.walk import Sight, erased, look
from rocot.errors import ItemError


class Cut(Exception):  # noqa: N818  # no error: the run was asked to stop
    """The chain was left before a stage that is still to be done."""


@dataclass(frozen=True)
class Place:
    """Where a chain stands."""

    item: Item
    after: int
    """Link of what the next outcome follows."""


@dataclass(frozen=True)
class Chain:
    """A clip, or one rollout of it, on its way."""

    store: Store
    tally: Tally
    clip: str
    """Key of the clip."""
    rollout: int | None
    since: int
    """See `look`."""
    halted: Callable[[], bool]
    """Whether no stage may start any more."""
    lead: Lead | None = None
    """Told of each stage that it has been through."""
    notes: Mapping[str, Sequence[bytes]] = field(default_factory=dict)
    """For the seals of what is made, by the step's fingerprint."""

    async def through(self, steps: Sequence[Step], place: Place) -> Place | None:
        """Where the last of the stages led; None for a sample that was turned away or spoilt. Raises Cut."""
        for step in steps:
            sight = look(self.store, step, place.item, self.since)
            found = sight.outcome
            if found is None:
                if self.halted():
                    raise Cut
                outcome = await self._done(step, place, sight)
                seq = await self.store.add_outcome(outcome)
                item = _regrown(step, place.item, outcome)
            else:
                outcome, seq, item = found, found.seq, sight.item
                if found.after != place.after:
                    await self.store.relink(found, place.after)
                if found.counted_as is None and item is not None and item.counted_as:
                    await self.store.count_as(found.seq, item.counted_as)
            self.tally.stages[step.stage.name].add(outcome.kind, outcome.reason, reused=found is not None)
            if self.lead is not None:
                self.lead.through(outcome, found=found is not None)
            if item is None:
                return None
            place = Place(item, seq)
        return place

    async def _done(self, step: Step, place: Place, sight: Sight) -> Outcome:
        """Does a stage, and says what came of it."""
        stage, blank = erased(step), blank_of(step, place, sight.given, clip=self.clip, rollout=self.rollout)
        blank.notes = self.notes.get(step.fingerprint, ())
        try:
            made = await stage(place.item)
        except ItemError as error:
            return failed(blank, error)
        return ended(blank, step, place.item, made)


def blank_of(step: Step, place: Place, given: str, *, clip: str, rollout: int | None) -> Outcome:
    """The outcome of a stage before anything has come of it."""
    return Outcome(
        item=place.item.key,
        clip=clip,
        rollout=rollout,
        stage=step.stage.name,
        fingerprint=step.fingerprint,
        input=given,
        after=place.after,
        kind="done",
    )


def ended(blank: Outcome, step: Step, item: Item, made: Item | Rejected) -> Outcome:
    """What came of an item that a stage took. Raises TypeError for a stage that makes what it did not promise."""
    if isinstance(made, Rejected):
        return replace(blank, kind="rejected", reason=clean(made.reason), detail=clean(made.detail))
    blank.payload, blank.counted_as = added(item, made, step.stage.output), made.counted_as
    return blank


def failed(blank: Outcome, error: ItemError) -> Outcome:
    """What came of an item that a stage spoilt."""
    return replace(blank, kind="failed", reason=clean(error.reason), detail=clean(error.detail), passing=error.passing)


def _regrown(step: Step, item: Item, outcome: Outcome) -> Item | None:
    """What came out of a stage, as a resumed run would see it."""
    if outcome.kind != "done":
        return None
    item_after = grown(item, step.stage.output, outcome.payload)
    if item_after is None:
        raise TypeError(f"stage {step.stage.name!r} made what {step.stage.output.__name__} does not take back")
    return item_after

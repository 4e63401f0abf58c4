"""What the store holds of many clips at once, found by its links.

An outcome that follows (by `after`) the very outcome or clip that was just read, under the stage's fingerprint and the
item's key, was given what came out of there: neither changes under its number. So nothing is digested to find it, but
where a stage has a context, which may have changed since. Whatever is not as plain as that is left to `walk.look`,
which goes by the digest of what goes in: superseded outcomes, damaged ones, those that another rocot wrote. Clips that
have nothing left to do are told by their seals before (`ended`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rocot.core.record import Item, Json
from rocot.engine.growth import grown_through, input_of
from rocot.engine.outcome import Outcome
from rocot.engine.reader import StoreReader
from rocot.engine.stage import Step
from rocot.engine.walk import fans_out


@dataclass(slots=True)
class Met:
    """A clip as it was met. Not frozen: that takes three times as long, and there may be a million."""

    item: Item
    record: str
    """The same as JSON, as it is stored."""
    link: int
    """What its first outcome follows."""
    contexts: Sequence[Json]
    """Of each stage, for this clip."""
    root: str = ""
    """The clip's checksum, which seals begin with; empty where nobody asks for seals."""


@dataclass(frozen=True)
class Ripe:
    """A chain of which all is stored but the last stage, which nobody needs to be asked for."""

    clip: Item | None
    """None in another process, which is sent the record."""
    record: str
    """The clip as JSON."""
    key: str
    """Of the clip."""
    rollout: int | None
    after: int
    """Link of what the last stage's outcome will follow."""
    trunk: Sequence[str]
    """What the stages before the fan-out added, as JSON."""
    branch: Sequence[str]
    """What those behind it added."""
    named: str | None
    """The item's key, as it stands in what the branch is stored in."""
    context: Json


@dataclass
class Found:
    """What was found of a clip."""

    whole: bool = True
    """Whether nothing is left to do but what is ripe."""
    outcomes: list[Outcome] = field(default_factory=list)
    ends: list[Item] = field(default_factory=list)
    """The items that came out of the last stage."""
    uncounted: list[tuple[int, str]] = field(default_factory=list)
    """seq of outcomes that an older rocot stored, and what they are counted by."""
    ripe: list[Ripe] = field(default_factory=list)


@dataclass
class _Thread:
    """A chain that is followed. Its item is put off until somebody wants it, and then validated at once."""

    met: Met
    found: Found
    after: int
    trunk: list[str] = field(default_factory=list)
    """Payloads."""
    rollout: int | None = None
    branch: list[str] = field(default_factory=list)
    """Payloads."""
    named: str | None = None
    """The key in its outcomes since the fan-out."""

    def fanned(self, rollout: int) -> "_Thread":
        return _Thread(self.met, self.found, self.after, self.trunk, rollout)

    def fits(self, outcome: Outcome) -> bool:
        """Whether an outcome is of this chain: links have no checksum, keys have one."""
        key = self.met.item.key if not self.trunk else self.named
        return outcome.whole and outcome.clip == self.met.item.key and key in {None, outcome.item}

    def add(self, outcome: Outcome) -> None:
        if self.rollout is None:
            self.trunk.append(outcome.payload)
        else:
            self.named = outcome.item
            self.branch.append(outcome.payload)
        self.after = outcome.seq


@dataclass(frozen=True)
class Pages:
    """Reads the chains of clips, many at a time."""

    store: StoreReader
    steps: Sequence[Step]
    since: int
    """See `walk.look`."""
    ripens: bool
    """Whether the last stage is one that many items are put through at once."""

    def follow(self, page: Sequence[Met]) -> list[Found]:
        """What is there of each clip. Raises StoreError."""
        found = [Found() for _ in page]
        threads = [_Thread(met, here, met.link) for met, here in zip(page, found, strict=True)]
        for index in range(len(self.steps)):
            threads = self._through(index, threads)
        for thread in threads:
            item = self._grown(thread)
            if item is None:
                thread.found.whole = False
            else:
                thread.found.ends.append(item)
        return found

    def _through(self, index: int, threads: list[_Thread]) -> list[_Thread]:
        """The threads that go on behind a stage."""
        rollouts = fans_out(self.steps, index)
        if rollouts is not None:
            threads = [one.fanned(rollout) for one in threads for rollout in range(rollouts)]
        threads = [one for one in threads if one.found.whole]
        followers = self.store.followers([one.after for one in threads], self.steps[index].fingerprint)
        return [one for one in threads if self._goes_on(index, one, followers.get((one.after, one.rollout)))]

    def _goes_on(self, index: int, one: _Thread, outcome: Outcome | None) -> bool:
        context, last = one.met.contexts[index], index + 1 == len(self.steps)
        if outcome is not None and not one.fits(outcome):
            return self._give_up(one)
        if outcome is None:
            return self._ripen(one, context) if last and self.ripens else self._give_up(one)
        given = outcome.input if context is None else self._given(one, context)
        if outcome.input != given:
            known = given is None or self.store.outcome(outcome.item, outcome.fingerprint, given) is not None
            return self._ripen(one, context) if last and self.ripens and not known else self._give_up(one)
        if outcome.kind == "failed" and outcome.passing and outcome.seq <= self.since:
            return self._give_up(one)
        one.found.outcomes.append(outcome)
        if outcome.kind != "done":
            return False
        one.add(outcome)
        return outcome.counted_as is not None or self._counts(one, outcome)

    def _given(self, one: _Thread, context: Json) -> str | None:
        """Digest of what would go in now; the context may have changed. None for what fits no more."""
        item = self._grown(one)
        return None if item is None else input_of(item, context)

    def _counts(self, one: _Thread, outcome: Outcome) -> bool:
        item = self._grown(one)
        if item is None:
            return self._give_up(one)
        if item.counted_as:
            one.found.uncounted.append((outcome.seq, item.counted_as))
        return True

    def _grown(self, one: _Thread) -> Item | None:
        return unfolded(self.steps, one.met.item, one.trunk, one.rollout, one.branch, one.named)

    def _ripen(self, one: _Thread, context: Json) -> bool:
        clip = one.met.item
        ripe = Ripe(clip, one.met.record, clip.key, one.rollout, one.after, one.trunk, one.branch, one.named, context)
        one.found.ripe.append(ripe)
        return False

    def _give_up(self, one: _Thread) -> bool:
        one.found.whole = False
        return False


def unfolded(  # noqa: PLR0913, PLR0917  # a chain
    steps: Sequence[Step],
    clip: Item,
    trunk: Sequence[str],
    rollout: int | None,
    branch: Sequence[str],
    named: str | None,
) -> Item | None:
    """The item that a chain has come to; None where what is stored does not fit, or is another item's than `named`.

    It is validated once, and fanned out last: a rollout has a name of its own, and else the fields of all others.
    """
    parts = [*trunk, *branch]
    item = grown_through(clip, [step.stage.output for step in steps[: len(parts)]], parts)
    if item is not None and rollout is not None:
        item = item.fanned(rollout)
    return item if item is None or named in {None, item.key} else None

"""Streams a plan's items through its stages, durably: what is stored is never done again, and memory stays flat.

A clip goes through the stages before the fan-out once, then as so many rollouts through the rest, one of them ahead
where the job says so. Whoever works on a clip claims it first, so that two processes on one store share the work. A
sample that a stage spoils or turns away is stored as such; anything else that a stage raises stops the run, once the
stages in flight have ended and are stored.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TypeVar, cast

from rocot.core.record import Item, Json
from rocot.engine.bulk import Bulk
from rocot.engine.chain import Chain, Cut, Place
from rocot.engine.clip_rows import Listed
from rocot.engine.collecting import seldom_collected
from rocot.engine.ended import Ended
from rocot.engine.feed import Feed
from rocot.engine.job import Ending, Job
from rocot.engine.lead import Lead
from rocot.engine.outcome import Outcome
from rocot.engine.page import Found, Met, Pages
from rocot.engine.progress import StageTally, Tally
from rocot.engine.seals import notes_of
from rocot.engine.stage import Instant, Plan, Step
from rocot.engine.stop import Stop
from rocot.engine.store import Store
from rocot.engine.tellers import Tellers
from rocot.engine.walk import erased, fans_out

T = TypeVar("T", bound=Item)
Written = TypeVar("Written")
OLD = 200_000
"""New objects between two collections: four times what 64 samples in flight come and go with, in waves."""
POLL = 0.25
"""Seconds between looks at what other processes claim."""
PAGE = 256
"""Clips that are met at once at most, and told by seals: 10 ms, in which no call goes on."""
FOLLOWED = 64
"""Clips that are read at once at most: 20 ms."""
MOST_WAITING = 1024
"""Clips put aside because another process claims them, before the listing waits for it."""


async def run(plan: Plan[T], store: Store, job: Job[T], tally: Tally, stop: Stop) -> Ending:
    """Runs a plan over the clips of a split, and keeps `tally` up to date.

    A complete listing marks the clips of the split that it lacks as gone. Raises RunError; a bug comes out as it is.
    """
    untyped = cast("Job[Item]", job)  # the plan and its target agree by type
    slots, feed = asyncio.Semaphore(job.workers), Feed(islice(plan.items, job.limit))
    with seldom_collected(OLD, 20, 20):
        return await _Run(tuple(plan), store, untyped, tally, stop, slots, feed).through()


@dataclass
class _Run:
    """One call of `run`."""

    steps: tuple[Step, ...]
    store: Store
    job: Job[Item]
    tally: Tally
    stop: Stop
    slots: asyncio.Semaphore
    """One for each chain at work."""
    feed: Feed[Item]
    tasks: set[asyncio.Task[bool]] = field(default_factory=set)
    waiting: dict[str, Met] = field(default_factory=dict)
    """Clips that another process works on."""
    faults: list[Exception] = field(default_factory=list)
    """What stops the run: the first is raised."""

    def __post_init__(self) -> None:
        fan = next((index for index in range(len(self.steps)) if fans_out(self.steps, index)), len(self.steps))
        self.trunk, self.branch = self.steps[:fan], self.steps[fan:]
        self.rollouts = (self.branch[0].rollouts or 0) if self.branch else 0
        self.since = self.store.last_outcome() if self.job.since is None else self.job.since
        last = self.steps[-1].stage if self.steps else None
        instant = isinstance(last, Instant) and self.job.target is None
        self.bulk = Bulk(self.steps, last, self.job.beside) if isinstance(last, Instant) and instant else None
        self.pages = Pages(self.store, self.steps, self.since, ripens=instant)
        told = self.steps and self.job.target is None
        self.tellers = Tellers(self.store, self.steps, self.job.beside) if told else None
        self.asked: list[int] | None = None
        """Which stages have a context; None before the first clip."""
        self._told = 0
        self.tally.spent = self.store.spent
        for step in self.steps:
            self.tally.stages.setdefault(step.stage.name, StageTally())

    def halted(self) -> bool:
        """Whether no stage may start any more."""
        return self.stop.draining or bool(self.faults)

    def over(self) -> bool:
        """Whether no clip may be begun any more. What was begun gets all its rollouts: a rerun must find it whole."""
        target = self.job.target
        return self.halted() or (target is not None and self.tally.accepted >= target.count)

    async def through(self) -> Ending:
        """Lists, works, waits for other processes, and ends when nothing is in flight."""
        with self.stop.watched(self._obey):
            try:
                await self._guarded(self._list)
                while self.tasks or (self.waiting and not self.over()):
                    await self._guarded(self._revisit)
                    await self._pause()
            finally:  # cancelled from outside, or told to stop at once: nothing may linger
                self.feed.close()
                for task in self.tasks:
                    task.cancel()
                await asyncio.gather(*self.tasks, return_exceptions=True)
                for beside in (self.bulk, self.tellers):
                    if beside is not None:
                        await beside.close()
        if self.faults:
            for other in self.faults[1:4]:
                self.faults[0].add_note(f"and, while the run was ending: {type(other).__name__}: {other}")
            raise self.faults[0]
        if self.stop.draining:
            return "interrupted"
        return "enough" if self.over() else "finished"

    async def _list(self) -> bool:
        """Meets each clip of the listing once; whether all were met."""
        await self.store.sweep()
        await self.store.start_listing()
        while not self.over():
            # With a target one by one: what an earlier run accepted counts before more is met, or asked.
            items = await self.feed.some(PAGE if self.job.target is None else 1)
            if not items:
                break
            await self._meet(items)
        if self.over():
            return False
        self.tally.clips = self.tally.seen
        if self.job.limit is None or self.tally.seen < self.job.limit:
            await self.store.end_listing(self.job.split)
        return True

    async def _meet(self, items: Sequence[Item]) -> None:
        """Registers clips and sees to them. One that is stored in full takes no slot and no claim."""
        split, seen = self.job.split, self.tally.seen
        listed = [Listed(item.key, split, seen + index, item.model_dump_json()) for index, item in enumerate(items)]
        self.tally.seen += len(items)
        self._expect()
        registered = self.store.list_clips(listed)
        contexts = [self._contexts(item) for item in items]  # while another thread registers them
        clips = [
            Met(item, clip.record, link, said, clip.sha256)
            for item, clip, link, said in zip(items, listed, await registered, contexts, strict=True)
        ]
        if self.tellers is not None and self.tellers.pids:  # the next page is met while they read about this one
            await self.tellers.room.acquire()
            self._spawn(partial(self._see_to, clips, self.tellers.room))
        else:
            await self._see_to(clips)
        while len(self.waiting) >= MOST_WAITING and not self.over():
            await self._revisit()
            await self._pause()

    def _contexts(self, item: Item) -> list[Json]:
        """Of each stage. Whether one has any hangs on no item."""
        if self.asked is None:
            self.asked = [index for index, step in enumerate(self.steps) if erased(step).context(item) is not None]
        contexts: list[Json] = [None] * len(self.steps)
        for index in self.asked:
            contexts[index] = erased(self.steps[index]).context(item)
        return contexts

    async def _see_to(self, clips: Sequence[Met], room: asyncio.Semaphore | None = None) -> bool:
        """Counts the clips whose every chain has ended already, and has the others worked on; then there is room."""
        try:
            if self.tellers is not None:
                told = await self.tellers.of(clips)
                for ended, count in told.ended:
                    self._reckon(ended, count)
                clips = [clips[place] for place in told.left]
            for start in range(0, len(clips), FOLLOWED):
                await self._follow(clips[start : start + FOLLOWED])
        finally:
            if room is not None:
                room.release()
        return True

    async def _follow(self, clips: Sequence[Met]) -> None:
        """Reads what is there of clips, counts those of which nothing is left, and has the others worked on."""
        ripe: list[tuple[Met, Found]] = []
        for clip, found in zip(clips, self.pages.follow(clips), strict=True):
            if not found.whole:
                await self._begin(clip)
            elif found.ripe:
                ripe.append((clip, found))
            else:
                self._count(found)
                self._seal(clip, found)
        if ripe and self.bulk is not None:
            await self.bulk.room.acquire()
            self._spawn(partial(self._press, self.bulk, ripe))

    async def _press(self, bulk: Bulk, page: Sequence[tuple[Met, Found]]) -> bool:
        """Puts the ripe chains of clips through the last stage, and stores what comes of all of them at once."""
        try:
            if self.halted():
                return False
            ours = await self.store.claim_all([clip.item.key for clip, _ in page])
            self.waiting |= {clip.item.key: clip for (clip, _), mine in zip(page, ours, strict=True) if not mine}
            page = [pair for pair, mine in zip(page, ours, strict=True) if mine]
            made = await bulk.through([found.ripe for _, found in page])
            for (clip, _), outcomes in zip(page, made, strict=True):
                notes = notes_of(self.steps, clip.contexts)
                for outcome in outcomes:
                    if outcome is not None:
                        outcome.notes = notes
            new = [outcome for outcomes in made for outcome in outcomes if outcome is not None]
            fresh = iter(await self.store.settle(new, [clip.item.key for clip, _ in page]))
        finally:
            bulk.room.release()
        for (clip, found), outcomes in zip(page, made, strict=True):
            stored = [outcome for outcome in outcomes if outcome is not None and next(fresh)]
            if len(stored) == len(outcomes):
                self._count(found, stored)
            else:
                await self._begin(clip)
        return True

    def _expect(self) -> None:
        """Notes how many clips there will be, as far as that can be told, whenever it has changed by a hundredth."""
        found = self.job.expected()
        if found is not None:
            clips = max(self.tally.seen, found if self.job.limit is None else min(found, self.job.limit))
            self.tally.expected = clips
            if abs(clips - self._told) > 0.01 * self._told:
                self._told = clips
                self.store.expect(self.job.split, clips).add_done_callback(self._check)

    def _count(self, found: Found, made: Sequence[Outcome] = ()) -> None:
        """Counts a clip whose every chain has ended, by what was found of it and what has just been made."""
        for outcome in found.outcomes:
            self.tally.stages[outcome.stage].add(outcome.kind, outcome.reason, reused=True)
        for outcome in made:
            self.tally.stages[outcome.stage].add(outcome.kind, outcome.reason, reused=False)
        for seq, name in found.uncounted:
            self.store.count_as(seq, name).add_done_callback(self._check)
        for end in found.ends:
            self._accept(end)
        self.tally.accepted += sum(outcome.kind == "done" for outcome in made)  # there is no target
        self.tally.ended += 1

    def _reckon(self, ended: Ended, clips: int) -> None:
        """Counts clips that their seals told of, all of which went the same way."""
        for stage, kind, reason in ended.outcomes:
            self.tally.stages[stage].add(kind, reason, reused=True, count=clips)
        self.tally.accepted += clips * ended.finished
        self.tally.ended += clips

    def _seal(self, clip: Met, found: Found) -> None:
        """Has the next run tell by seals what this one had to read."""
        notes = self._notes(clip)
        sealed = {outcome.seq: notes[outcome.fingerprint] for outcome in found.outcomes}
        self.store.seal(sealed).add_done_callback(self._check)

    def _notes(self, clip: Met) -> dict[str, list[bytes]]:
        """What seals cover beside rows, by the step's fingerprint: of all steps down to it."""
        notes = notes_of(self.steps, clip.contexts)
        return {step.fingerprint: notes[: index + 1] for index, step in enumerate(self.steps)}

    async def _revisit(self) -> bool:
        """Looks after the clips that other processes claimed: some are done by now, some were left by the dead."""
        for key, clip in list(self.waiting.items()):
            if not self.store.claimed_elsewhere(key):
                del self.waiting[key]
                await self._see_to([clip])
        self.tally.elsewhere = len(self.waiting)
        return True

    async def _pause(self) -> None:
        """Until a task ends, or, where other processes have claims, for a moment."""
        if self.tasks:
            timeout = POLL if self.waiting else None
            await asyncio.wait(self.tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        elif self.waiting and not self.over():
            await asyncio.sleep(POLL)

    async def _begin(self, clip: Met) -> None:
        """Has a clip worked on, once there is a slot for its first chain."""
        await self.slots.acquire()
        if self.over():
            self.slots.release()
        else:
            self._spawn(partial(self._work, clip))

    async def _work(self, clip: Met) -> bool:
        """All chains of a clip; whether they all ended."""
        key = clip.item.key
        others: asyncio.Task[bool] | None = None
        with self._in_slot():
            if not await self.store.claim(key):
                self.waiting[key] = clip
                return False
            try:
                place = await self._chain(clip, None).through(self.trunk, Place(clip.item, clip.link))
                if place is None:
                    ended = True
                elif self.branch:
                    lead = Lead()
                    if self.rollouts > 1:
                        others = self._spawn(partial(self._others, clip, place, lead))
                    ended = await self._guarded(partial(self._branch, clip, place, 0, lead))
                else:
                    ended = self._accept(place.item)
            except Cut:
                ended = False
        if others is not None:
            ended = await others and ended
        self.tally.ended += ended
        await self.store.release(key)
        return ended

    async def _others(self, clip: Met, trunk: Place, lead: Lead) -> bool:
        """All rollouts but the first. Where one leads, they take no slot before it has opened the way."""
        branches: list[asyncio.Task[bool]] = []
        free = not self.job.led
        for number in range(1, self.rollouts):
            free = free or await lead.opened()
            lead = Lead()
            branches.append(self._spawn(partial(self._rollout, clip, trunk, number, lead)))
        return all([await branch for branch in branches])

    async def _rollout(self, clip: Met, trunk: Place, number: int, lead: Lead) -> bool:
        await self.slots.acquire()
        with self._in_slot():
            return await self._branch(clip, trunk, number, lead)

    async def _branch(self, clip: Met, trunk: Place, number: int, lead: Lead) -> bool:
        place = Place(trunk.item.fanned(number), trunk.after)
        try:
            end = await self._chain(clip, number, lead).through(self.branch, place)
        finally:
            lead.over()
        return end is None or self._accept(end.item)

    def _chain(self, clip: Met, rollout: int | None, lead: Lead | None = None) -> Chain:
        return Chain(self.store, self.tally, clip.item.key, rollout, self.since, self.halted, lead, self._notes(clip))

    def _accept(self, item: Item) -> bool:
        self.tally.accepted += self.job.target is None or self.job.target.accepts(item)
        return True

    @contextmanager
    def _in_slot(self) -> Iterator[None]:
        """A slot that was acquired, until the end of the block."""
        self.tally.in_flight += 1
        try:
            yield
        finally:
            self.tally.in_flight -= 1
            self.slots.release()

    def _spawn(self, work: Callable[[], Awaitable[bool]]) -> "asyncio.Task[bool]":
        task = asyncio.create_task(self._guarded(work))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def _guarded(self, work: Callable[[], Awaitable[bool]]) -> bool:
        """False for work that did not come to its end; what stopped it is kept, and raised when the run has drained."""
        try:
            return await work()
        except Cut:
            return False
        except Exception as error:  # noqa: BLE001  # `through` raises it
            self._fail(error)
            return False

    def _check(self, written: "asyncio.Future[Written]") -> None:
        """Sees to what could not be written (a clip that is listed twice, say), even if nobody waits for it."""
        error = None if written.cancelled() else written.exception()
        if isinstance(error, Exception):
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        if error not in self.faults:
            self.faults.append(error)
            self.stop.failed = True
        self.feed.close()

    def _obey(self) -> None:
        self.feed.close()
        if self.stop.at_once:
            for task in self.tasks:
                task.cancel()

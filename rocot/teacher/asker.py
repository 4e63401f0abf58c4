"""One question, one recorded reply: the ledger first, then attempts, each of them accounted for."""

import asyncio
import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NoReturn, Protocol, TypeVar
from weakref import WeakValueDictionary

from rocot.core.prompt import Ask, Prompt, Sampling, Text, Turn
from rocot.core.record import Json
from rocot.core.reflection import About
from rocot.core.reply import Dialect, clean
from rocot.engine.attempt import Attempt, Ledger
from rocot.errors import ReplyError, RunError, ServiceError, TeacherError
from rocot.teacher.budget import Size, size_of
from rocot.teacher.completion import usage_of
from rocot.teacher.faults import FRAMES_LOST, NO_FORMAT, fault_in
from rocot.teacher.fleet import Fleet
from rocot.teacher.patience import Charge
from rocot.teacher.protocol import Compose, Parse, Raw, Reply, Teacher, identity_of
from rocot.teacher.recent import Recent

T = TypeVar("T")


class Pictures(Protocol):
    """Where the pixels of frames lie."""

    async def load(self, item: About, /) -> Mapping[str, bytes]:
        """The JPEG of every frame of an item, by digest. Raises VideoError, StoreError."""


class Queue(Protocol):
    """Where calls are put that are answered by batch."""

    def fault(self, call: str, /) -> TeacherError | None:
        """What a call without a reply has come to for good; None where it may be asked. Raises Deferred if it waits."""

    async def put(self, ask: Ask, call: str, item: About, stage: str, pictures: Mapping[str, bytes], /) -> NoReturn:
        """Queues a call. Raises Deferred, a Cut, once that is done."""


KEPT_BYTES = 24_000_000
"""Of pictures: what 64 calls in flight hold anyway, where a clip takes 240 kB."""
MOST_REFUSED = 16
"""Calls that a server may turn away as malformed or too large before it has answered one."""


@dataclass(frozen=True)
class _Call:
    """A question on its way to its reply."""

    ask: Ask
    key: str
    item: About
    stage: str
    size: Size | None
    charge: Charge = field(default_factory=Charge)


class Asker:
    """A teacher whose every attempt is recorded, and whose every reply is paid for once. Implements `Asks`."""

    def __init__(  # noqa: PLR0913  # three to work with, three settings by name
        self,
        fleet: Fleet,
        ledger: Ledger,
        pictures: Pictures,
        *,
        sampling: Sampling,
        dialect: Dialect | Literal["auto"] = "auto",
        repair: Prompt | None = None,
        queue: Queue | None = None,
    ) -> None:
        """`repair` words the one ask that follows a reply that does not parse; None makes none.

        With a `queue`, calls are put into batches and none is made here.
        """
        self._fleet = fleet
        self._teacher = fleet.teacher
        self._ledger = ledger
        self._pictures = pictures
        self._sampling = sampling
        self._dialect = dialect
        self._repair = repair
        self._queue = queue
        self._speaks: Dialect = "json" if dialect == "auto" else dialect
        self._mixed = ledger.asked_before()
        """Whether a reply may be on record in the other dialect: to word every question twice takes longer than all."""
        self._loaded: Recent[tuple[str, ...], Mapping[str, bytes]] = Recent(KEPT_BYTES)
        self._refused: int | None = 0
        """Calls that the server turned away so far; None once it has answered one."""
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @property
    def model(self) -> str:
        """As the recipe names it."""
        return self._teacher.model

    @property
    def sampling(self) -> Sampling:
        """How replies are drawn."""
        return self._sampling

    @property
    def identity(self) -> Json:
        """See `identity_of`."""
        return identity_of(self.model, self._sampling, self._dialect, self._repair)

    async def ask(self, compose: Compose, item: About, stage: str, parse: Parse) -> tuple[Ask, Reply]:
        """See `Asks.ask`. Also raises what loading the pictures and recording the attempts raise."""
        ask, reply = await self._replied(compose, item, stage)
        if self._repair is None:
            return ask, reply
        try:
            parse(reply.text)
        except ReplyError as error:
            again = repairing(ask, reply, self._repair.fill(fault=str(error)))
            return await self._replied(lambda _: again, item, stage)
        return ask, reply

    async def _replied(self, compose: Compose, item: About, stage: str) -> tuple[Ask, Reply]:
        """A question's reply, whatever it says."""
        ask = compose(self._speaks)
        key = ask.key
        # Two samples may hold the same frames and so ask the same: the second waits, and finds the first one's reply.
        async with self._asking.setdefault(key, asyncio.Lock()):
            found = self._recorded(compose, ask, key)
            if found is not None:
                return found
            try:
                return ask, await self._answered(ask, key, item, stage)
            except TeacherError as error:
                if error.reason != NO_FORMAT or ask.dialect == "tagged":
                    raise
                if self._dialect == "json" or self._speaks == "tagged":
                    raise ServiceError(
                        f"{self.model} takes no JSON schema ({error.detail});"
                        ' set teacher.dialect to "auto" or "tagged" in the recipe'
                    ) from error
                self._speaks, self._mixed = "tagged", True
        return await self._replied(compose, item, stage)

    def _recorded(self, compose: Compose, ask: Ask, key: str) -> tuple[Ask, Reply] | None:
        """The reply that was paid for earlier. `auto` may have got it in the other dialect: then nobody asks again."""
        body = self._ledger.reply_to(key)
        if body is not None:
            return ask, self._teacher.read(body)
        if self._dialect != "auto" or not self._mixed:
            return None
        other = compose("tagged" if ask.dialect == "json" else "json")
        body = self._ledger.reply_to(other.key)
        return None if body is None else (other, self._teacher.read(body))

    async def _answered(self, ask: Ask, key: str, item: About, stage: str) -> Reply:
        if self._queue is not None:
            return await self._batched(self._queue, ask, key, item, stage)
        pictures = await self._pixels(item)
        call = _Call(ask, key, item, stage, size_of(ask, item) if self._fleet.metered else None)
        try:
            reply = await self._attempt(call, pictures)
        except TeacherError as error:
            reply = await self._retried(call, pictures, error) if error.passing else self._refusal(error)
        self._refused = None
        return reply

    async def _batched(self, queue: Queue, ask: Ask, key: str, item: About, stage: str) -> NoReturn:
        """Queues a call, unless it waits already, or has failed for good."""
        error = queue.fault(key)
        if error is not None:
            raise error
        await queue.put(ask, key, item, stage, await self._pixels(item))

    async def _retried(self, call: _Call, pictures: Mapping[str, bytes], error: TeacherError) -> Reply:
        """The reply to a call whose first attempt has failed."""
        first = [error]

        async def attempt() -> Reply:
            if first:
                raise first.pop()
            return await self._attempt(call, pictures)

        retrying = self._fleet.patience.retrying(call.charge, self._fleet.halted)
        try:
            reply: Reply = await retrying(attempt)
        except TeacherError as last:
            return self._refusal(last)
        return reply

    async def _pixels(self, item: About) -> Mapping[str, bytes]:
        """The pictures of an item: loaded once for its three asks, and for all its rollouts."""
        digests = tuple(frame.digest for frame in item.shown)
        pictures = self._loaded.get(digests)
        if pictures is None:
            pictures = await self._pictures.load(item)
            self._loaded.put(digests, pictures, sum(map(len, pictures.values())))
        return pictures

    def _refusal(self, error: TeacherError) -> NoReturn:
        """Raises the error, and stops a run in which every call so far was turned away: it was not about its sample."""
        if self._refused is not None and error.reason in ("bad request", "too large"):
            self._refused += 1
            if self._refused >= MOST_REFUSED:
                raise ServiceError(
                    f"the teacher turned away all of the first {self._refused} calls, the last with: {error.detail}"
                ) from error
        raise error

    async def _attempt(self, call: _Call, pictures: Mapping[str, bytes]) -> Reply:
        """One attempt; where a server has lost frames that were only referred to, once more at once, with them."""
        try:
            return await self._once(call, pictures)
        except TeacherError as error:
            if error.reason != FRAMES_LOST:
                raise
        return await self._once(call, pictures, again=True)

    async def _once(self, call: _Call, pictures: Mapping[str, bytes], *, again: bool = False) -> Reply:
        """One request, on record before anything is made of it."""
        turn = await self._fleet.turn(call.item.id, call.size)
        started = time.monotonic()
        try:
            came, stopped = await self._sent(turn.server.teacher, call.ask, pictures)
        except BaseException:  # a bug: what it leaves must not hold up the end of the run
            self._fleet.drop(turn)
            raise
        latency = time.monotonic() - started
        raw = came if isinstance(came, Raw) else Raw(body=b"", status=0)
        answered = turn.server.breaker.answered
        fault: RunError | TeacherError | None = None if isinstance(came, Raw) else came
        reply: Reply | None = None
        try:
            if isinstance(came, Raw):
                fault = fault_in(raw, answered=answered)
            if fault is None:
                reply = self._teacher.read(raw.body)
        except TeacherError as error:
            fault = error
        finally:  # a bug in reading loses no bytes
            usage = usage_of(raw.body) if reply is None else reply.usage
            cost = self._fleet.done(turn, raw.status, fault, latency, usage)
            attempt = Attempt(
                call=call.key,
                item=call.item.key,
                stage=call.stage,
                model=self.model,
                endpoint=turn.server.teacher.endpoint,
                ok=reply is not None,
                reason="" if reply is not None else _named(fault, raw.status),
                status=raw.status,
                body=raw.body,
                request_id=raw.request_id,
                headers=raw.headers,
                latency=latency,
                prompt_tokens=usage.prompt,
                completion_tokens=usage.completion,
                cached_tokens=usage.cached,
                cost=cost,
            )
            await _through(self._ledger.add_attempt(attempt))
        if stopped is not None:
            raise stopped
        if reply is None:
            assert fault is not None
            if isinstance(fault, TeacherError) and (again or fault.reason != FRAMES_LOST):
                call.charge.add(fault, probe=turn.probe, resting=turn.server.breaker.due is not None)
            raise fault
        return reply

    async def _sent(
        self, teacher: Teacher, ask: Ask, pictures: Mapping[str, bytes]
    ) -> tuple[Raw | TeacherError, asyncio.CancelledError | None]:
        """What came of an attempt, and the cancellation that came meanwhile: bytes that arrived are kept even so."""
        sending = asyncio.create_task(teacher.send(ask, pictures))
        stopped: asyncio.CancelledError | None = None
        try:
            await asyncio.wait({sending}, timeout=self._fleet.deadline)
        except asyncio.CancelledError as cancelled:
            stopped = cancelled
        if not sending.done():
            sending.cancel()
            await _through(asyncio.wait({sending}))
        if sending.cancelled():
            if stopped is not None:
                return TeacherError("cancelled", "the run was stopped", passing=True), stopped
            return TeacherError("timeout", f"no whole reply within {self._fleet.deadline:g} s", passing=True), None
        error = sending.exception()
        if error is None:
            return sending.result(), stopped
        if isinstance(error, TeacherError):
            return error, stopped
        raise error


def repairing(ask: Ask, reply: Reply, asked: str) -> Ask:
    """The ask that follows a reply: the same conversation, the reply in it, and what is asked now."""
    said = Turn(role="assistant", parts=(Text(text=clean(reply.text)),))
    return ask.model_copy(update={"turns": (*ask.turns, said, Turn(role="user", parts=(Text(text=asked),)))})


def _named(fault: TeacherError | RunError | None, status: int) -> str:
    """The name that a failed attempt is counted by."""
    if fault is None:
        return "unread"
    return fault.reason if isinstance(fault, TeacherError) else f"http {status}"


async def _through(work: Awaitable[T]) -> T:
    """The result of a piece of work that a cancellation does not cut short; it is raised once the work is done."""
    task = asyncio.ensure_future(work)
    stopped: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            stopped = error
    result = task.result()
    if stopped is not None:
        raise stopped
    return result

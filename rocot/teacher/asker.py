"""One question, one recorded reply: the ledger first, then attempts, each of them accounted for."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal, Protocol, TypeVar
from weakref import WeakValueDictionary

from rocot.core.prompt import Ask, Sampling
from rocot.core.record import Json
from rocot.core.reflection import Framed
from rocot.core.reply import Dialect
from rocot.engine.attempt import Attempt, Ledger
from rocot.errors import RunError, ServiceError, TeacherError
from rocot.teacher.completion import usage_of
from rocot.teacher.faults import NO_FORMAT, UNREACHABLE, fault_in
from rocot.teacher.patience import PATIENCE, Patience
from rocot.teacher.protocol import Compose, Raw, Reply, Teacher
from rocot.teacher.recent import Recent

T = TypeVar("T")


class Pictures(Protocol):
    """Where the pixels of frames lie."""

    async def load(self, item: Framed, /) -> Mapping[str, bytes]:
        """The JPEG of every frame of an item, by digest. Raises VideoError, StoreError."""


KEPT_BYTES = 24_000_000
"""Of pictures: what 64 calls in flight hold anyway, where a clip takes 240 kB."""
MOST_REFUSED = 16
"""Calls that a server may turn away as malformed or too large before it has answered one."""


class Asker:
    """A teacher whose every attempt is recorded, and whose every reply is paid for once. Implements `Asks`."""

    def __init__(  # noqa: PLR0913  # three to work with, five settings by name
        self,
        teacher: Teacher,
        ledger: Ledger,
        pictures: Pictures,
        *,
        sampling: Sampling,
        dialect: Dialect | Literal["auto"] = "auto",
        deadline: float = 300.0,
        patience: Patience = PATIENCE,
        halted: Callable[[], bool] = lambda: False,
    ) -> None:
        """`deadline` is the seconds that one attempt may take in all, to the last byte of its reply.

        Once `halted` says that the run is ending, no call waits for another attempt.
        """
        self._halted = halted
        self._teacher = teacher
        self._ledger = ledger
        self._pictures = pictures
        self._sampling = sampling
        self._dialect = dialect
        self._speaks: Dialect = "json" if dialect == "auto" else dialect
        self._deadline = deadline
        self._patience = patience
        self._loaded: Recent[tuple[str, ...], Mapping[str, bytes]] = Recent(KEPT_BYTES)
        self._unreached: float | None = None
        """Since when no call has reached the server, on the monotonic clock; None while calls reach it."""
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
        """Model, sampling and the recipe's word on the dialect; which dialect `auto` came to is in each call's key."""
        return {"model": self.model, "sampling": self._sampling.model_dump(mode="json"), "dialect": self._dialect}

    async def ask(self, compose: Compose, item: Framed, stage: str) -> tuple[Ask, Reply]:
        """See `Asks.ask`. Also raises what loading the pictures and recording the attempts raise."""
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
                if self._dialect == "json":
                    raise ServiceError(
                        f"{self.model} takes no JSON schema ({error.detail});"
                        ' set teacher.dialect to "auto" or "tagged" in the recipe'
                    ) from error
                self._speaks = "tagged"
        return await self.ask(compose, item, stage)

    def _recorded(self, compose: Compose, ask: Ask, key: str) -> tuple[Ask, Reply] | None:
        """The reply that was paid for earlier. `auto` may have got it in the other dialect: then nobody asks again."""
        body = self._ledger.reply_to(key)
        if body is not None:
            return ask, self._teacher.read(body)
        if self._dialect != "auto":
            return None
        other = compose("tagged" if ask.dialect == "json" else "json")
        body = self._ledger.reply_to(other.key)
        return None if body is None else (other, self._teacher.read(body))

    async def _answered(self, ask: Ask, key: str, item: Framed, stage: str) -> Reply:
        pictures = await self._pixels(item)
        retrying = self._patience.retrying(self._unreached_for, self._halted)
        try:
            reply: Reply = await retrying(self._attempt, ask, key, pictures, item.key, stage)
        except TeacherError as error:
            if error.reason == UNREACHABLE and not self._halted():  # a run that was asked to end, ends as asked
                raise ServiceError(
                    f"the teacher's server cannot be reached at {error.detail}; is it running, and is the base URL"
                    " right? What was answered so far is kept: run the same command again"
                ) from error
            self._count_refusal(error)
            raise
        self._refused = None
        return reply

    async def _pixels(self, item: Framed) -> Mapping[str, bytes]:
        """The pictures of an item: loaded once for its three asks, and for all its rollouts."""
        digests = tuple(frame.digest for frame in item.shown)
        pictures = self._loaded.get(digests)
        if pictures is None:
            pictures = await self._pictures.load(item)
            self._loaded.put(digests, pictures, sum(map(len, pictures.values())))
        return pictures

    def _count_refusal(self, error: TeacherError) -> None:
        """Stops a run in which the server has turned away every call so far: none of them was about its one sample."""
        if self._refused is not None and error.reason in ("bad request", "too large"):
            self._refused += 1
            if self._refused >= MOST_REFUSED:
                raise ServiceError(
                    f"the teacher turned away all of the first {self._refused} calls, the last with: {error.detail}"
                ) from error

    def _unreached_for(self) -> float:
        """Seconds since when no call has reached the server."""
        return 0.0 if self._unreached is None else time.monotonic() - self._unreached

    async def _attempt(self, ask: Ask, key: str, pictures: Mapping[str, bytes], item: str, stage: str) -> Reply:
        started = time.monotonic()
        came, stopped = await self._sent(ask, pictures)
        latency = time.monotonic() - started
        self._note_reach(came)
        raw = came if isinstance(came, Raw) else Raw(body=b"", status=0)
        fault = fault_in(raw) if isinstance(came, Raw) else came
        reply: Reply | None = None
        try:
            if fault is None:
                reply = self._teacher.read(raw.body)
        except TeacherError as error:
            fault = error
        finally:  # a bug in reading loses no bytes
            usage = usage_of(raw.body) if reply is None else reply.usage
            attempt = Attempt(
                call=key,
                item=item,
                stage=stage,
                model=self.model,
                endpoint=self._teacher.endpoint,
                ok=reply is not None,
                reason="" if reply is not None else _named(fault, raw.status),
                status=raw.status,
                body=raw.body,
                request_id=raw.request_id,
                latency=latency,
                prompt_tokens=usage.prompt,
                completion_tokens=usage.completion,
                cached_tokens=usage.cached,
            )
            await _through(self._ledger.add_attempt(attempt))
        if stopped is not None:
            raise stopped
        if reply is None:
            assert fault is not None
            raise fault
        return reply

    def _note_reach(self, came: Raw | TeacherError) -> None:
        if isinstance(came, Raw):
            self._unreached = None
        elif came.reason == UNREACHABLE and self._unreached is None:
            self._unreached = time.monotonic()

    async def _sent(
        self, ask: Ask, pictures: Mapping[str, bytes]
    ) -> tuple[Raw | TeacherError, asyncio.CancelledError | None]:
        """What came of an attempt, and the cancellation that came meanwhile: bytes that arrived are kept even so."""
        sending = asyncio.create_task(self._teacher.send(ask, pictures))
        stopped: asyncio.CancelledError | None = None
        try:
            await asyncio.wait({sending}, timeout=self._deadline)
        except asyncio.CancelledError as cancelled:
            stopped = cancelled
        if not sending.done():
            sending.cancel()
            await _through(asyncio.wait({sending}))
        if sending.cancelled():
            if stopped is not None:
                return TeacherError("cancelled", "the run was stopped", passing=True), stopped
            return TeacherError("timeout", f"no whole reply within {self._deadline:g} s", passing=True), None
        error = sending.exception()
        if error is None:
            return sending.result(), stopped
        if isinstance(error, TeacherError):
            return error, stopped
        raise error


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

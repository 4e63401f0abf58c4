"""Calls that are answered together: where one would be made, it is put into a file, and its chain is left until then.

A pass over all samples fills the files with all calls that can be made now: that is a wave. Once a wave is answered,
the next pass finds the replies on record and fills the files with what follows from them.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import NoReturn

from pydantic import SecretStr

from rocot.core.prompt import Ask
from rocot.core.reflection import About
from rocot.engine.batches import Batch, Batches, Queued
from rocot.engine.chain import Cut
from rocot.errors import ConfigError, RunError, ServiceError, TeacherError
from rocot.teacher.batch_lines import fault_of, request_line
from rocot.teacher.batch_service import BatchService
from rocot.teacher.budget import Budget, Deferred, Learned, size_of
from rocot.teacher.collecting import reached
from rocot.teacher.courier import RHYTHM, Courier, Rhythm
from rocot.teacher.openai import OpenAITeacher
from rocot.teacher.patience import PATIENCE, Patience
from rocot.teacher.protocol import Raw
from rocot.teacher.spool import Limits, Spool

TRIES = 3
"""Batches that a call is put into by one command, while what fails may pass: each may take a day."""


@dataclass
class _Filling:
    """The file that is being filled for one model at one service."""

    spool: Spool
    limits: Limits
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Waves:
    """All batches of a run: one process at a time has them."""

    def __init__(  # noqa: PLR0913  # two to work with, settings by name
        self,
        batches: Batches,
        budget: Budget,
        *,
        limits: Limits | None = None,
        rhythm: Rhythm = RHYTHM,
        deadline: float = 300.0,
        patience: Patience = PATIENCE,
        halted: Callable[[], bool] = lambda: False,
    ) -> None:
        """`deadline` is the seconds that a service has for one answer. Once `halted`, nothing is tried again."""
        self._batches, self._budget = batches, budget
        self._limits = limits or Limits()
        self._serve = partial(BatchService, deadline=deadline, patience=patience, halted=halted)
        self._services: dict[str, BatchService] = {}
        self._keys: dict[str, SecretStr | None] = {}
        self._without: list[str] = []
        """Addresses of servers that have no batches."""
        self._learned: dict[str, Learned] = {batch.model: Learned() for batch in batches.open()}
        self._filling: dict[tuple[str, str], _Filling] = {}
        self._sending: asyncio.Task[Batch] | None = None
        self._deferred = 0
        self.courier = Courier(batches, budget, self._services, self._learned, rhythm, too_large=self._halve)

    async def queue(self, teacher: OpenAITeacher, key: SecretStr | None) -> "Queue | None":
        """Where the calls to a model are put; None for a server that has no batches: they are made one by one.

        Raises ConfigError for a second key at one address, ServiceError for a key that is refused.
        """
        address = teacher.endpoint
        if self._keys.setdefault(address, key) != key:
            raise ConfigError(f"--batch: {address} is sent two keys, of which each sees its own batches; give it one")
        if address not in self._services and address not in self._without:
            service = self._serve(teacher)
            if await reached(service, service.offered()):
                self._services[address] = service
            else:
                self._without.append(address)
        if address in self._without:
            return None
        self._learned.setdefault(teacher.model, Learned())
        self._filling.setdefault((address, teacher.model), _Filling(Spool(self._batches.folder), self._limits))
        return Queue(self, teacher)

    def adopt(self) -> None:
        """All queues are known: see `Courier.adopt`. Raises ServiceError where no server has batches."""
        if not self._services:
            where = f"{' and '.join(self._without)} has none" if self._without else "the teacher runs in this process"
            raise ServiceError(f"--batch: there are no batches to send, {where}; run it without --batch")
        self.courier.adopt()

    def begin(self) -> None:
        """A pass begins."""
        self._deferred = self._budget.put_off = 0

    @property
    def unfinished(self) -> bool:
        """Whether the pass has left a chain because of batches: then another pass is to follow."""
        return self._deferred + self._budget.put_off > 0

    def remarks(self) -> list[str]:
        """What a user should know just now."""
        told = [f"{address} has no batches and is asked call by call" for address in self._without]
        told += self.courier.remarks()
        if self.courier.waits and self._budget.put_off:
            told.append(f"{self._budget.put_off:,} calls left for later by the ceilings")
        return told

    def notices(self) -> Sequence[str]:
        """What a user should be told once, the oldest first."""
        return self.courier.notices

    async def settle(self) -> None:
        """Sends what is queued, and returns once every batch is answered. Raises RunError, Cut."""
        for (endpoint, model), filling in self._filling.items():
            async with filling.lock:
                if filling.spool.calls:
                    await self._seal(endpoint, model, filling)
        await self._sent()
        await self.courier.bring()

    async def close(self) -> None:
        """Drops what was queued and not sealed: nothing was paid for it, and the next run queues it again."""
        for filling in self._filling.values():
            filling.spool.drop()
        if self._sending is not None:
            self._sending.cancel()
            with suppress(asyncio.CancelledError, RunError, Cut):
                await self._sending

    def fault(self, call: str, teacher: OpenAITeacher) -> TeacherError | None:
        """What a call without a reply has come to for good; None where it may be asked. Raises Deferred if it waits."""
        if call in self._filling[teacher.endpoint, teacher.model].spool.calls:
            self._defer()
        fate = self._batches.last_of(call)
        if fate is None or fate.state == "dropped":
            return None
        if fate.attempt is None:
            self._defer()
        error = fault_of(Raw(fate.body, fate.status), teacher.read)
        if not isinstance(error, TeacherError):  # nothing of this question
            return None
        return None if error.passing and self._batches.tries(call) < TRIES else error

    async def put(  # noqa: PLR0913, PLR0917  # a call, and whom it goes to
        self, teacher: OpenAITeacher, ask: Ask, call: str, item: About, stage: str, pictures: Mapping[str, bytes]
    ) -> NoReturn:
        """Queues a call. Raises Deferred then; and BudgetError, StoreError, ServiceError."""
        filling = self._filling[teacher.endpoint, teacher.model]
        size = size_of(ask, item)
        most = self._learned[teacher.model].most(size)
        line = request_line(call, teacher.body(ask, pictures))
        async with filling.lock:
            worst = self._budget.price(teacher.model, most, batch=True) or 0.0
            if not self._budget.reserve(worst, batch=True):
                self._defer()
            try:
                if not filling.spool.fits(line, filling.limits):
                    await self._seal(teacher.endpoint, teacher.model, filling)
                queued = Queued(call, item.key, stage, size.prompt, most.prompt, most.completion)
                filling.spool.add(queued, line)
            except BaseException:
                self._budget.release(worst, batch=True)
                raise
        self._defer()

    async def _seal(self, endpoint: str, model: str, filling: _Filling) -> None:
        """Has a file whole and written down, and on its way while the next one is filled."""
        spool = filling.spool
        calls = await asyncio.to_thread(spool.seal)
        batch = Batch(spool.uuid, model, endpoint, "sealed", "", "", "", len(calls), old=False)
        await self._batches.seal(batch, calls)
        filling.spool = Spool(self._batches.folder)
        await self._sent()
        self._sending = asyncio.create_task(self.courier.dispatch(batch))

    async def _sent(self) -> None:
        """Waits for the file that is on its way: two of them on disk are enough. Raises RunError."""
        if self._sending is not None:
            sending, self._sending = self._sending, None
            await sending

    def _halve(self, batch: Batch) -> None:
        filling = self._filling.get((batch.endpoint, batch.model))
        if filling is not None:
            filling.limits = Limits(max(1, batch.calls // 2), filling.limits.octets)

    def _defer(self) -> NoReturn:
        self._deferred += 1
        raise Deferred


@dataclass(frozen=True)
class Queue:
    """The way into the batches for one model."""

    waves: Waves
    teacher: OpenAITeacher

    def fault(self, call: str) -> TeacherError | None:
        """See `Waves.fault`."""
        return self.waves.fault(call, self.teacher)

    async def put(self, ask: Ask, call: str, item: About, stage: str, pictures: Mapping[str, bytes]) -> NoReturn:
        """See `Waves.put`."""
        await self.waves.put(self.teacher, ask, call, item, stage, pictures)

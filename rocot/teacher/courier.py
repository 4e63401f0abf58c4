"""Takes batches to their services and brings their answers back, from wherever an earlier process left them.

Each step is written down before it is taken or right after, so that a process that dies anywhere goes on: a file that
was uploaded and not noted is uploaded again and costs nothing; a batch that was begun and not noted is found by its
tag; answers that were read and not recorded are read again; what is recorded is recorded once.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import uniform
from uuid import uuid4

from rocot.engine.batches import Batch, Batches, Queued
from rocot.errors import ServiceError, TeacherError
from rocot.teacher.batch_service import BatchService, GoneError, Report
from rocot.teacher.budget import Budget, Learned
from rocot.teacher.collecting import Collector, reached, worst
from rocot.teacher.spool import SUFFIX, path_of

FULL = "token_limit_exceeded"
"""The service's word for a batch that does not fit beside those it is at: it may be begun later."""


@dataclass(frozen=True)
class Rhythm:
    """How often the service is asked how far a batch is. Seconds."""

    first: float = 0.5
    factor: float = 1.5
    longest: float = 60.0
    outage: float = 6 * 3600.0
    """For which it is asked again while it does not answer."""


RHYTHM = Rhythm()


@dataclass
class Courier:
    """For all batches of a run."""

    batches: Batches
    budget: Budget
    services: Mapping[str, BatchService]
    """By address."""
    learned: Mapping[str, Learned]
    """By model; learns what prompts really take."""
    rhythm: Rhythm = RHYTHM
    told: dict[str, Report] = field(default_factory=dict)
    """What was last heard of each batch."""
    trouble: str = ""
    """Why the service cannot be asked at present."""
    notices: list[str] = field(default_factory=list)
    """What is to be said once."""
    waits: bool = False
    """Whether answers are being waited for."""
    too_large: Callable[[Batch], None] = lambda _: None
    """Told of a batch that the service finds too large even by itself."""
    _odd: set[tuple[str, str]] = field(default_factory=set)
    """Statuses that were told, with their services."""

    def adopt(self) -> None:
        """Sees to what an earlier process left: its open calls are set aside, files that nobody wants are removed.

        Raises ServiceError for batches that are open where this run asks nothing.
        """
        left = self.batches.open()
        strange = sorted({batch.endpoint for batch in left} - set(self.services))
        if strange:
            raise ServiceError(
                f"{_counted(len([one for one in left if one.endpoint in strange]), 'batch', 'batches')} of this run"
                f" are open at {' and '.join(strange)}, where this command asks nothing; run it with the base URL and"
                " the recipe of then until they are answered"
            )
        for batch in left:
            for queued in self._waiting(batch):
                self.budget.hold(worst(self.budget, batch.model, queued), batch=True)
        kept = {batch.uuid for batch in left}
        for path in self.batches.folder.glob(f"*{SUFFIX}*"):
            if path.name.partition(".")[0] not in kept or path.suffix == ".part":
                path.unlink(missing_ok=True)

    def remarks(self) -> list[str]:
        """What a user should know of the batches just now."""
        left = self.batches.open() if self.waits else []
        if not left:
            return [self.trouble] if self.waits and self.trouble else []
        calls = sum(batch.calls for batch in left)
        heard = [self.told.get(batch.uuid) for batch in left]
        done = sum(report.completed + report.failed for report in heard if report is not None)
        told = [f"waiting for {_counted(len(left), 'batch', 'batches')}: {done:,} of {calls:,} answered"]
        odd = Counter(report.status for report in heard if report is not None and report.unknown)
        told += [f"{number:,} with the unknown status {status[:60]!a}" for status, number in odd.items()]
        return [*told, self.trouble] if self.trouble else told

    async def dispatch(self, batch: Batch) -> Batch:
        """Takes a batch as far as the service's word that it has begun. Raises RunError."""
        service = self.services[batch.endpoint]
        if batch.state == "sealed":
            batch = await self._uploaded(service, batch)
        if batch.state in ("uploaded", "posting"):
            batch = await self._begun(service, batch)
        return batch

    async def bring(self) -> None:
        """Begins what is not begun, waits for all that is, and records what came. Raises RunError."""
        self.waits = True
        wait, failing, moved = self.rhythm.first, 0.0, True
        try:
            for batch in self.batches.open():
                await self.dispatch(batch)
            while left := self.batches.open():
                going = [batch for batch in left if batch.state == "created"]
                held = [batch for batch in left if batch.state != "created"]
                if held and (moved or not going):
                    await self.dispatch(held[0])
                await asyncio.sleep(wait * uniform(0.75, 1))  # noqa: S311  # nothing secret is drawn
                moved = any([await self._looked(batch) for batch in going])
                failing = failing + wait if self.trouble else 0.0
                if failing > self.rhythm.outage:
                    raise ServiceError(f"{self.trouble}; the batches go on there, and the same command collects them")
                wait = self.rhythm.first if moved else min(wait * self.rhythm.factor, self.rhythm.longest)
        finally:
            self.waits = False

    async def _uploaded(self, service: BatchService, batch: Batch) -> Batch:
        path = path_of(self.batches.folder, batch.uuid)
        if not path.is_file():
            return await self._dropped(batch)
        file = await reached(service, service.upload(path))
        return await self._noted(replace(batch, state="uploaded", file=file))

    async def _begun(self, service: BatchService, batch: Batch) -> Batch:
        perhaps = batch.state == "posting"
        if not perhaps:
            batch = await self._noted(replace(batch, state="posting", tag=uuid4().hex))
        path = path_of(self.batches.folder, batch.uuid)
        try:
            report = await reached(service, service.begin(batch.file, batch.tag, perhaps=perhaps))
        except GoneError as error:  # the service has lost the file
            if not path.is_file():
                return await self._dropped(batch)
            await self._noted(replace(batch, state="sealed", tag="", file=""))
            raise ServiceError(
                f"{service.endpoint} has lost the file that it was sent ({error.detail}); run the same command again,"
                " which sends it again"
            ) from error
        batch = await self._noted(replace(batch, state="created", name=report.name))
        path.unlink(missing_ok=True)
        return batch

    async def _looked(self, batch: Batch) -> bool:
        """Looks how far a batch is, and sees to one that is over; whether it has come any further."""
        service = self.services[batch.endpoint]
        try:
            report = await service.look(batch.name)
        except GoneError as error:
            await self._gone(batch, error)
            return True
        except TeacherError as error:
            self.trouble = f"{service.endpoint} does not tell how far they are ({error})"
            return False
        before, self.trouble = self.told.get(batch.uuid), ""
        self.told[batch.uuid] = report
        if not report.over:
            self._wonder(batch, report)
            return before is not None and before.status != report.status
        self.told.pop(batch.uuid)
        if report.status == "failed" and not report.output and not report.errors:
            await self._refused(batch, report)
        else:
            try:
                await Collector(self.batches, self.budget, self.learned).collect(service, batch, report)
            except GoneError as error:
                await self._gone(batch, error)
        return True

    def _wonder(self, batch: Batch, report: Report) -> None:
        """Has a status said that rocot does not know, once for each service."""
        notice = (
            f"{batch.endpoint} says of a batch that it is {report.status[:60]!a}, which is no status that rocot knows;"
            f" it is waited for as one that goes on (the first was {batch.name})"
        )
        if report.unknown and (batch.endpoint, report.status) not in self._odd:
            self._odd.add((batch.endpoint, report.status))
            self.notices.append(notice)

    async def _gone(self, batch: Batch, error: GoneError) -> None:
        """A service keeps batches for 30 days: until then it is another key that does not know it."""
        if not batch.old:
            raise ServiceError(
                f"{batch.endpoint} does not know the batch {batch.name} any more, or its files ({error.detail}); is it"
                f" another key, or another project's? Its {batch.calls:,} calls were paid and are not asked again"
                " before 30 days have passed"
            ) from error
        await self._dropped(batch)

    async def _refused(self, batch: Batch, report: Report) -> None:
        """The service has not begun it: there was no room for it, or it finds fault with it."""
        if FULL not in [code for code, _ in report.faults]:
            await self._dropped(batch)
            told = "; ".join(message for _, message in report.faults[:3]) or "it does not say why"
            raise ServiceError(f"{batch.endpoint} refuses a batch of {batch.calls:,} calls to {batch.model}: {told}")
        others = [one for one in self.batches.open() if one.uuid != batch.uuid and one.state == "created"]
        if any(one.model == batch.model for one in others):
            await self._noted(replace(batch, state="uploaded", tag="", name=""))
            return
        await self._dropped(batch)
        if batch.calls == 1:
            raise ServiceError(
                f"{batch.endpoint} has no room for a single call to {batch.model}"
                f" ({report.faults[0][1]}); wait until other batches of the account have ended, and run it again"
            )
        self.too_large(batch)

    async def _dropped(self, batch: Batch) -> Batch:
        """Gives up a batch that was not begun, or is gone: its calls are asked anew."""
        for queued in self._waiting(batch):
            self.budget.release(worst(self.budget, batch.model, queued), batch=True)
        path_of(self.batches.folder, batch.uuid).unlink(missing_ok=True)
        return await self._noted(replace(batch, state="dropped"))

    async def _noted(self, batch: Batch) -> Batch:
        await self.batches.note(batch)
        return batch

    def _waiting(self, batch: Batch) -> Iterator[Queued]:
        after = ""
        while page := self.batches.waiting(batch.uuid, after=after):
            yield from page
            after = page[-1].call


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"

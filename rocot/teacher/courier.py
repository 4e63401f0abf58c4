"""Takes batches to their services and brings their answers back, from wherever an earlier process left them.

Each step is written down before it is taken or right after, so that a process that dies anywhere goes on: a file that
was uploaded and not noted is uploaded again and costs nothing; a batch that was begun and not noted is found by its
tag; answers that were read and not recorded are read again; what is recorded is recorded once.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import uniform
from typing import TypeVar
from uuid import uuid4

from rocot.engine.attempt import Attempt
from rocot.engine.batches import Batch, Batches, Queued
from rocot.errors import RunError, ServiceError, StoreError, TeacherError
from rocot.prices import BY_BATCH
from rocot.teacher.batch_lines import Answer, answer_in, fault_of
from rocot.teacher.batch_service import MOST_LINE, BatchService, GoneError, Report
from rocot.teacher.budget import Budget, Learned, Size
from rocot.teacher.completion import read, usage_of
from rocot.teacher.protocol import Raw, Usage
from rocot.teacher.spool import SUFFIX, path_of

T = TypeVar("T")
AT_ONCE = 256
"""Answers that are recorded in one transaction."""
FULL = "token_limit_exceeded"
"""The service's word for a batch that does not fit beside those it is at: it may be begun later."""
DOWNLOADS = 3
"""Of files that hold fewer lines than the service says."""
ALL_REFUSED = 16
"""Calls that are turned away as malformed or too large, and none answered: it is not about the samples."""


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
                self.budget.hold(self._worst(batch.model, queued), batch=True)
        kept = {batch.uuid for batch in left}
        for path in self.batches.folder.glob(f"*{SUFFIX}*"):
            if path.name.partition(".")[0] not in kept or path.suffix == ".part":
                path.unlink(missing_ok=True)

    def remarks(self) -> list[str]:
        """What a user should know of the batches just now."""
        if not self.waits:
            return []
        left = self.batches.open()
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
                await self._collected(service, batch, report)
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

    async def _collected(self, service: BatchService, batch: Batch, report: Report) -> None:
        """Downloads and records all that came of a batch. Raises RunError, GoneError."""
        came = Came(seconds=report.seconds)
        files = [("output", report.output), ("errors", report.errors)]
        for _ in range(DOWNLOADS):
            came.lines = 0
            for kind, file in files:
                if file:
                    path = self.batches.folder / f"{batch.uuid}.{kind}{SUFFIX}"
                    await reached(service, service.download(file, path, batch.calls))
                    await self._read(batch, path, came)
                    path.unlink()
            if came.lines >= report.completed or not self.batches.waiting(batch.uuid, count=1):
                break
        else:
            raise ServiceError(
                f"{service.endpoint} hands out {came.lines:,} lines of the batch {batch.name}, and says that it"
                f" answered {report.completed:,} calls; run the same command again later"
            )
        while page := self.batches.waiting(batch.uuid, count=AT_ONCE):
            await self._record(batch, [Answer(queued.call, Raw(b"", 0)) for queued in page], came)
        await self._noted(replace(batch, state="closed"))
        came.check(batch, report)

    async def _read(self, batch: Batch, path: Path, came: "Came") -> None:
        page: list[Answer] = []
        for line in _lines(path):
            answer = answer_in(line)
            if answer is None:
                continue
            came.lines += 1
            page.append(answer)
            if len(page) == AT_ONCE:
                await self._record(batch, page, came)
                page = []
        await self._record(batch, page, came)

    async def _record(self, batch: Batch, answers: Sequence[Answer], came: "Came") -> None:
        """Has what came of calls on record, those that were not on it, before anything is made of it."""
        found = [(self.batches.queued(batch.uuid, answer.call), answer) for answer in answers]
        known: dict[str, tuple[Queued, Answer]] = {}
        for queued, answer in found:
            if queued is not None:  # the first line of a call counts, as it would if the next came in another page
                known.setdefault(queued.call, (queued, answer))
        attempts = [self._attempt(batch, queued, answer.raw, came) for queued, answer in known.values()]
        for attempt in await self.batches.record(batch.uuid, attempts):
            queued, _ = known[attempt.call]
            self.budget.settle(self._worst(batch.model, queued), attempt.cost or 0.0, batch=True)
            size = Size(queued.estimate, queued.most_prompt, queued.most_completion)
            self.learned[batch.model].learn(size, Usage(prompt=attempt.prompt_tokens))

    def _attempt(self, batch: Batch, queued: Queued, raw: Raw, came: "Came") -> Attempt:
        fault, usage = fault_of(raw, read), usage_of(raw.body)
        came.add(fault)
        cost = self.budget.price(batch.model, usage, batch=True)
        if cost is not None and not usage.prompt and (not raw.body or raw.status == 200):
            cost = self._worst(batch.model, queued)  # it may have been billed, and nobody told
        return Attempt(
            call=queued.call,
            item=queued.item,
            stage=queued.stage,
            model=batch.model,
            endpoint=f"{batch.endpoint}{BY_BATCH}",
            ok=fault is None,
            reason=fault.reason if isinstance(fault, TeacherError) else f"http {raw.status}" if fault else "",
            status=raw.status,
            body=raw.body,
            request_id=raw.request_id,
            latency=came.seconds,
            prompt_tokens=usage.prompt,
            completion_tokens=usage.completion,
            cached_tokens=usage.cached,
            cost=cost,
        )

    async def _dropped(self, batch: Batch) -> Batch:
        """Gives up a batch that was not begun, or is gone: its calls are asked anew."""
        for queued in self._waiting(batch):
            self.budget.release(self._worst(batch.model, queued), batch=True)
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

    def _worst(self, model: str, queued: Queued) -> float:
        """Money that is set aside for a call."""
        most = Usage(prompt=queued.most_prompt, completion=queued.most_completion)
        return self.budget.price(model, most, batch=True) or 0.0


@dataclass
class Came:
    """What came of one batch, as far as it says something of the whole run."""

    seconds: float = 0.0
    """That the batch took, as the service says."""
    lines: int = 0
    """That tell of a call."""
    answered: int = 0
    refused: int = 0
    """Calls that were turned away as malformed or too large."""
    last: str = ""
    """What was said of the last of these."""
    hopeless: RunError | None = None
    """What every further call would meet."""

    def add(self, fault: TeacherError | RunError | None) -> None:
        """Counts what came of one call."""
        self.answered += fault is None
        if isinstance(fault, RunError):
            self.hopeless = fault
        elif isinstance(fault, TeacherError) and fault.reason in ("bad request", "too large"):
            self.refused, self.last = self.refused + 1, fault.detail

    def check(self, batch: Batch, report: Report) -> None:
        """Raises ServiceError where asking on is of no use."""
        if self.hopeless is not None:
            raise self.hopeless
        if self.refused >= ALL_REFUSED and not self.answered:
            raise ServiceError(f"the teacher turned away all {self.refused:,} calls of a batch, one with: {self.last}")
        if report.status == "cancelled":
            raise ServiceError(
                f"the batch {batch.name} was cancelled at {batch.endpoint}; what it had answered is kept, and the same"
                " command asks the rest"
            )


async def reached(service: BatchService, asking: Awaitable[T]) -> T:
    """What the service answers. Raises ServiceError where it does not, and GoneError."""
    try:
        return await asking
    except GoneError:
        raise
    except TeacherError as error:
        raise ServiceError(
            f"{service.endpoint} fails again and again ({error}); what was queued and answered is kept: run the same"
            " command again"
        ) from error


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, a too long one in pieces, which tell nothing. Raises StoreError."""
    try:
        with path.open("rb") as file:
            while line := file.readline(MOST_LINE + 1):
                yield line
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror}); see to the disk") from error


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"

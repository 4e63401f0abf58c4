"""What came of a batch: downloaded, read line by line, and on record before anything is made of it.

Answers that were read and not recorded are read again; what is recorded is recorded once.
"""

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from rocot.engine.attempt import Attempt
from rocot.engine.batches import Batch, Batches, Queued
from rocot.errors import RunError, ServiceError, StoreError, TeacherError
from rocot.prices import BY_BATCH
from rocot.teacher.batch_lines import Answer, answer_in, fault_of
from rocot.teacher.batch_service import MOST_LINE, BatchService, GoneError, Report
from rocot.teacher.billing import WORKED, may_be_billed
from rocot.teacher.budget import Budget, Learned, Size
from rocot.teacher.completion import read, usage_of
from rocot.teacher.protocol import Raw, Usage
from rocot.teacher.spool import SUFFIX

T = TypeVar("T")
AT_ONCE = 256
"""Answers that are recorded in one transaction."""
DOWNLOADS = 3
"""Of files that hold fewer lines than the service says."""
ALL_REFUSED = 16
"""Calls that are turned away as malformed or too large, and none answered: it is not about the samples."""


@dataclass(frozen=True)
class Collector:
    """Has what came of batches on record."""

    batches: Batches
    budget: Budget
    learned: Mapping[str, Learned]
    """By model; learns what prompts really take."""

    async def collect(self, service: BatchService, batch: Batch, report: Report) -> None:
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
        await self.batches.note(replace(batch, state="closed"))
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
            self.budget.settle(worst(self.budget, batch.model, queued), attempt.cost or 0.0, batch=True)
            size = Size(queued.estimate, queued.most_prompt, queued.most_completion)
            self.learned[batch.model].learn(size, Usage(prompt=attempt.prompt_tokens))

    def _attempt(self, batch: Batch, queued: Queued, raw: Raw, came: "Came") -> Attempt:
        fault, usage = fault_of(raw, read), usage_of(raw.body)
        came.add(fault)
        cost = self.budget.price(batch.model, usage, batch=True)
        # What the service gave up, by its own word, it does not bill; how long a line took it does not tell.
        given_up = raw.status == 0 and raw.body
        if cost is not None and not usage.prompt and not given_up and may_be_billed(raw.status, fault, WORKED):
            cost = worst(self.budget, batch.model, queued)
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


def worst(budget: Budget, model: str, queued: Queued) -> float:
    """Money that is set aside for a call."""
    most = Usage(prompt=queued.most_prompt, completion=queued.most_completion)
    return budget.price(model, most, batch=True) or 0.0


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, a too long one in pieces, which tell nothing. Raises StoreError."""
    try:
        with path.open("rb") as file:
            while line := file.readline(MOST_LINE + 1):
                yield line
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror}); see to the disk") from error

"""The tables beside the shards: what was left out, and what differs between two equal runs."""

from collections.abc import Sequence
from typing import Self

import pyarrow as pa

from rocot.arrow import schema_of
from rocot.core.record import Record
from rocot.core.reply import clean
from rocot.engine.harvest import Lost
from rocot.engine.tables import AttemptRow


class LeftOut(Record):
    """A sample that did not become a row."""

    item: str
    """Its key: the clip, and from the fan-out on `#` and the rollout's number."""
    stage: str
    """Where it ended."""
    status: str
    """`rejected` by a rule, `failed` with an error, or `missing`: not done yet, running again mends it."""
    reason: str
    """A short name to count by."""
    detail: str
    """What it was about it."""

    @classmethod
    def of(cls, lost: Lost) -> Self:
        """As the run's store tells it."""
        assert lost.kind != "withheld", "what is withdrawn stands in no table"
        return cls(item=lost.key, stage=lost.stage, status=lost.kind, reason=lost.reason, detail=clean(lost.detail))

    @property
    def why(self) -> str:
        """The name it is counted under."""
        return f"{self.stage}: {self.reason}"


class Usage(Record):
    """One attempt at a call: what it cost, when, and where it was sent."""

    item: str
    """Key of the sample that it was made for."""
    call: str
    """Key of the call; rows name theirs in `provenance`."""
    stage: str
    """Which stage asked."""
    model: str
    """As the recipe names it."""
    endpoint: str
    """Where it was sent; ends with `/batches` where that was by batch."""
    ok: bool
    """Whether a whole reply came."""
    reason: str
    """A short name to count failures by; empty when ok."""
    status: int
    """HTTP status; 0 where nothing came back."""
    size: int
    """Bytes of the raw reply."""
    request_id: str
    """As the server named it."""
    latency: float
    """Seconds from sending to the last byte; by batch, from submission to end as the service says, 0 if it does not."""
    prompt_tokens: int
    """As the server counts them."""
    completion_tokens: int
    """As the server counts them."""
    cached_tokens: int
    """Of the prompt's, those that a prefix cache paid for."""
    made: str
    """When it was stored: ISO 8601, UTC."""

    @classmethod
    def of(cls, attempt: AttemptRow) -> Self:
        """As the run's store tells it."""
        return cls(
            item=attempt.item,
            call=attempt.call,
            stage=attempt.stage,
            model=attempt.model,
            endpoint=attempt.endpoint,
            ok=attempt.kind == "ok",
            reason=attempt.reason,
            status=attempt.status,
            size=attempt.size,
            request_id=clean(attempt.request_id),
            latency=attempt.latency,
            prompt_tokens=attempt.prompt_tokens,
            completion_tokens=attempt.completion_tokens,
            cached_tokens=attempt.cached_tokens,
            made=attempt.made,
        )


def usage_table(attempts: Sequence[AttemptRow]) -> pa.Table:
    """`Usage.of` of each, one at least: column by column, in a ninth of the time. There are several for each row."""
    told = dict(zip(AttemptRow._fields, zip(*attempts, strict=True), strict=True))
    columns = told | {
        "ok": [kind == "ok" for kind in told["kind"]],
        "request_id": list(map(clean, told["request_id"])),
    }
    return pa.table([pa.array(columns[field.name], field.type) for field in schema_of(Usage)], schema_of(Usage))

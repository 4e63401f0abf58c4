"""Calls that are sent by the file and answered hours later: which file each is in, and what became of it.

A batch is written down before anything of it leaves this machine, and each step of its way before the step is taken.
What came of a call is recorded together with the note that it came, so that a file may be read any number of times.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import apsw

from rocot.engine.attempt import Attempt
from rocot.engine.packed import unpacked
from rocot.engine.reader import StoreReader
from rocot.engine.store import Store, insert_attempt, row_of

State: TypeAlias = Literal["sealed", "uploaded", "posting", "created", "closed", "dropped"]
"""Its file is whole; it is at the service; the service is being asked to begin; it has begun; all that came of it is
recorded; it was never begun, and its calls are asked anew."""
FOLDER = "batches"
"""Where its files lie, in the run's folder."""
LOCK = "workers/batches"
"""Who sends batches holds it alone; whoever asks otherwise holds it with others."""
_OPEN = "state NOT IN ('closed', 'dropped')"


@dataclass(frozen=True)
class Batch:
    """A file of calls."""

    uuid: str
    model: str
    """As the recipe names it."""
    endpoint: str
    """The service's address."""
    state: State
    tag: str
    """What it is found again by at the service."""
    file: str
    """The service's id of its input; empty before the upload."""
    name: str
    """The service's id of it; empty before it has begun."""
    calls: int
    old: bool
    """Whether it was sealed more than 30 days ago: services keep none so long."""


@dataclass(frozen=True)
class Queued:
    """A call in a batch."""

    call: str
    """Its key."""
    item: str
    stage: str
    estimate: int
    """Tokens of the prompt, estimated."""
    most_prompt: int
    """Tokens, at worst."""
    most_completion: int


@dataclass(frozen=True)
class Fate:
    """What became of a call in one batch."""

    state: State
    """Of the batch."""
    attempt: int | None
    """seq of what is recorded; None for nothing so far."""
    status: int = 0
    """HTTP status of that."""
    body: bytes = b""


def open_batches(store: StoreReader) -> list[Batch]:
    """The batches that are not over, oldest first. Raises StoreError."""
    query = "SELECT uuid, model, endpoint, state, tag, file, name, calls,"
    return store.rows(
        _batch,
        f"{query} made < strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-30 days') FROM batch WHERE {_OPEN} ORDER BY made",
    )


class Batches:
    """The batches of a run that is open to be written. One process at a time may use it: see `LOCK`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.folder: Path = store.path.parent / FOLDER
        self._before = store.rows(int, "SELECT coalesce(max(seq), 0) FROM attempt")[0]

    def open(self) -> list[Batch]:
        """See `open_batches`."""
        return open_batches(self.store)

    async def seal(self, batch: Batch, calls: Sequence[Queued]) -> None:
        """Writes down a new batch and all that is in it."""
        rows = [
            (batch.uuid, one.call, one.item, one.stage, one.estimate, one.most_prompt, one.most_completion)
            for one in calls
        ]

        def write(connection: apsw.Connection) -> None:
            connection.execute(
                "INSERT INTO batch (uuid, model, endpoint, state, calls) VALUES (?, ?, ?, 'sealed', ?)",
                (batch.uuid, batch.model, batch.endpoint, len(rows)),
            )
            connection.executemany(
                "INSERT INTO batched (batch, call, item, stage, estimate, most_prompt, most_completion)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

        await self.store.change(write)

    async def note(self, batch: Batch) -> None:
        """Writes down how far a batch is: its state, and how it is called at the service."""
        told = (batch.state, batch.tag, batch.file, batch.name, batch.uuid)

        def write(connection: apsw.Connection) -> None:
            connection.execute("UPDATE batch SET state = ?, tag = ?, file = ?, name = ? WHERE uuid = ?", told)

        await self.store.change(write)

    def waiting(self, uuid: str, *, after: str = "", count: int = 1000) -> list[Queued]:
        """Calls of a batch of which nothing is recorded, in the order of their keys, from behind `after` on."""
        query = "SELECT call, item, stage, estimate, most_prompt, most_completion FROM batched"
        where = "WHERE batch = ? AND attempt IS NULL AND call > ? ORDER BY call LIMIT ?"
        return self.store.rows(Queued, f"{query} {where}", (uuid, after, count))

    def queued(self, uuid: str, call: str) -> Queued | None:
        """A call of a batch, if it is in there and nothing is recorded of it."""
        query = "SELECT call, item, stage, estimate, most_prompt, most_completion FROM batched"
        found = self.store.rows(Queued, f"{query} WHERE batch = ? AND call = ? AND attempt IS NULL", (uuid, call))
        return found[0] if found else None

    async def record(self, uuid: str, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Stores what came of calls of a batch; returns those of which nothing had been recorded."""
        rows = [row_of(attempt) for attempt in attempts]

        def write(connection: apsw.Connection) -> list[Attempt]:
            return [one for one, row in zip(attempts, rows, strict=True) if _recorded(connection, uuid, one, row)]

        new = await self.store.change(write)
        for attempt in new:
            self.store.spent.add(attempt)
        return new

    def last_of(self, call: str) -> Fate | None:
        """What became of a call in the batch that it was put into last; None for one that was in none."""
        query = """
            SELECT state, attempt, coalesce(status, 0), CAST(body AS BLOB), packed FROM batched
            JOIN batch ON batch.uuid = batched.batch LEFT JOIN attempt ON attempt.seq = batched.attempt
            WHERE batched.call = ? ORDER BY batched.seq DESC LIMIT 1
        """
        return next(iter(self.store.rows(_fate, query, (call,))), None)

    def tries(self, call: str) -> int:
        """How often something was recorded of a call since this was opened."""
        query = "SELECT count(*) FROM batched WHERE call = ? AND attempt > ?"
        return self.store.rows(int, query, (call, self._before))[0]


def _recorded(
    connection: apsw.Connection, uuid: str, attempt: Attempt, row: tuple[int | float | str | bytes | None, ...]
) -> bool:
    found = connection.execute(
        "SELECT seq FROM batched WHERE batch = ? AND call = ? AND attempt IS NULL", (uuid, attempt.call)
    ).fetchone()
    if found is None:
        return False
    connection.execute(
        "UPDATE batched SET attempt = ?, priced = ?, prompt_tokens = ?, completion_tokens = ?, cached_tokens = ?"
        " WHERE seq = ?",
        (
            insert_attempt(connection, row),
            attempt.cost is not None,
            attempt.prompt_tokens,
            attempt.completion_tokens,
            attempt.cached_tokens,
            found[0],
        ),
    )
    return True


def _batch(  # noqa: PLR0913, PLR0917  # the columns of open_batches
    uuid: str, model: str, endpoint: str, state: State, tag: str, file: str, name: str, calls: int, old: int
) -> Batch:
    return Batch(uuid, model, endpoint, state, tag, file, name, calls, bool(old))


def _fate(state: State, attempt: int | None, status: int, body: bytes | None, packed: int | None) -> Fate:
    plain = body or b""
    return Fate(state, attempt, status, (unpacked(plain) or b"") if packed else plain)

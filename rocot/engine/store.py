"""The run store: one SQLite file a run. What is awaited here is on disk when the await returns."""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self, TypeVar

import apsw

from rocot import __version__
from rocot.core.reply import clean
from rocot.engine.attempt import Attempt
from rocot.engine.claims import Owner, lives, sweep
from rocot.engine.clip_rows import Listed, claim, give_up, list_clips
from rocot.engine.database import Value, open_to_write, translated
from rocot.engine.disk import make_folder
from rocot.engine.door import entering
from rocot.engine.outcome import Outcome
from rocot.engine.outcome_rows import count_as, delete_outcome, insert_outcome, insert_unasked, link
from rocot.engine.packed import packed
from rocot.engine.progress import Spent
from rocot.engine.reader import BY_SEQ, FILE, WORKERS, StoreReader, read_outcomes
from rocot.engine.schema import migrate
from rocot.engine.seals import seal
from rocot.engine.writer import Write, Writer

T = TypeVar("T")


class Store(StoreReader):
    """A run store, opened to be written. Several processes may have the same one open. Implements `Ledger`."""

    def __init__(self, folder: Path) -> None:
        """Opens the run in a folder; both are made where they are missing. Raises StoreError."""
        make_folder(folder)
        path = folder / FILE
        self.spent = Spent()
        """What was paid for since it was opened, by this process."""
        self._workers = folder / WORKERS
        with entering(self._workers), ExitStack() as undo, translated(path):
            self._owner = Owner(self._workers)  # first: where nothing can be written it says so better than SQLite
            undo.callback(self._owner.close)
            connection = open_to_write(path)
            undo.callback(connection.close)
            migrate(connection, path, f"rocot {__version__}")
            connection.execute("CREATE TEMP TABLE listed (id TEXT PRIMARY KEY) WITHOUT ROWID")
            super().__init__(folder)
            undo.pop_all()
        self._writer = Writer(connection, path)

    def close(self) -> None:
        """Waits for what is being written, gives up all claims, and lets go of the file."""
        super().close()  # first: the connection that closes last folds the WAL into the file, and this one cannot
        self._writer.close()
        self._owner.close()

    async def add_attempt(self, attempt: Attempt, /) -> None:
        """Returns once the attempt is on disk."""
        row = row_of(attempt)
        await self._writer.write(lambda connection: insert_attempt(connection, row))
        self.spent.add(attempt)

    def change(self, write: Write[T]) -> "asyncio.Future[T]":
        """Queues a write of another module of the engine; the future is done once it is on disk."""
        return self._writer.write(write)

    async def add_recipe(self, fingerprint: str, recipe: str) -> None:
        """Notes what the run is made with now, unless it is what was used last."""
        last = self.recipe()
        if last is None or (last.fingerprint, last.recipe) != (fingerprint, recipe):
            await self._writer.write(lambda connection: _insert_recipe(connection, fingerprint, recipe))

    async def add_outcome(self, outcome: Outcome) -> int:
        """Stores what a stage made of an item, in place of an older outcome of the same input. Returns its seq."""
        return await self._writer.write(lambda connection: insert_outcome(connection, outcome))

    async def relink(self, outcome: Outcome, after: int) -> None:
        """Makes a stored outcome the one that counts, after another parent."""
        await self._writer.write(lambda connection: link(connection, outcome, after))

    def count_as(self, seq: int, name: str) -> "asyncio.Future[None]":
        """Notes what an outcome that an older rocot stored is counted by."""
        return self._writer.write(lambda connection: count_as(connection, seq, name))

    def seal(self, notes: Mapping[int, Sequence[bytes]]) -> "asyncio.Future[None]":
        """Seals outcomes that were found by no seal, if all of them still read as they were written."""
        return self._writer.write(lambda connection: _seal(connection, notes))

    async def forget(self, outcome: Outcome) -> None:
        """Removes what a stage made of an item, so that it is made again; what was replied is kept."""
        await self._writer.write(lambda connection: delete_outcome(connection, outcome.seq))

    def start_listing(self) -> "asyncio.Future[None]":
        """Forgets which clips were listed."""
        return self._writer.write(_clear_listed)

    def expect(self, split: str, clips: int) -> "asyncio.Future[None]":
        """Notes how many clips the split will come to, about."""
        return self._writer.write(lambda connection: _expect(connection, split, clips))

    def list_clips(self, clips: Sequence[Listed]) -> "asyncio.Future[list[int]]":
        """Registers clips; their links come with the future. Raises ConfigError there for an id listed twice."""
        return self._writer.write(lambda connection: list_clips(connection, clips))

    async def end_listing(self, split: str) -> None:
        """Marks the clips of a split as gone that were not listed since `start_listing`."""
        await self._writer.write(lambda connection: _mark_gone(connection, split))

    async def claim(self, clip: str) -> bool:
        """Whether the clip is ours to work on: nobody else who lives has claimed it."""
        (ours,) = await self.claim_all([clip])
        return ours

    async def claim_all(self, clips: Sequence[str]) -> list[bool]:
        """As `claim`, of many clips."""
        return await self._writer.write(lambda connection: claim(connection, clips, self._owner.id, self._lives))

    async def settle(self, outcomes: Sequence[Outcome], clips: Sequence[str]) -> list[bool]:
        """Stores outcomes of which nothing was stored, and gives up claims, all or nothing.

        Returns whether each was stored: where there is one of the same input by now, or a superseded one, it is left as
        it is.
        """
        return await self._writer.write(lambda connection: self._settle(connection, outcomes, clips))

    async def release(self, clip: str) -> None:
        """Gives up a claim."""
        await self._writer.write(lambda connection: give_up(connection, [clip], self._owner.id))

    def claimed_elsewhere(self, clip: str) -> bool:
        """Whether another living worker claims the clip."""
        owner = self.claimed_by(clip)
        return owner is not None and owner != self._owner.id and lives(self._workers, owner)

    async def sweep(self) -> None:
        """Removes what dead workers left."""
        dead = sweep(self._workers)
        if dead:
            await self._writer.write(lambda connection: _delete_claims(connection, dead))

    def _lives(self, owner: str) -> bool:
        return lives(self._workers, owner)

    def _settle(self, connection: apsw.Connection, outcomes: Sequence[Outcome], clips: Sequence[str]) -> list[bool]:
        give_up(connection, clips, self._owner.id)
        return insert_unasked(connection, outcomes)

    def __enter__(self) -> Self:
        return self


def row_of(attempt: Attempt) -> tuple[Value, ...]:
    """The columns of an attempt, its body deflated: what `insert_attempt` wants."""
    body = packed(attempt.body)
    return (
        attempt.call,
        attempt.item,
        attempt.stage,
        attempt.model,
        attempt.endpoint,
        "ok" if attempt.ok else "failed",
        attempt.reason,
        attempt.status,
        body,
        hashlib.sha256(attempt.body).hexdigest(),
        clean(attempt.request_id),
        attempt.latency,
        attempt.prompt_tokens,
        attempt.completion_tokens,
        attempt.cached_tokens,
        clean(json.dumps(dict(attempt.headers))) if attempt.headers else "",
        attempt.cost,
        body is not attempt.body,
    )


def insert_attempt(connection: apsw.Connection, row: tuple[Value, ...]) -> int:
    """Stores an attempt within a write; returns its seq."""
    connection.execute(
        """
        INSERT INTO attempt (call, item, stage, model, endpoint, kind, reason, status, body, sha256, request_id,
                             latency, prompt_tokens, completion_tokens, cached_tokens, headers, cost, packed)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        row,
    )
    return connection.last_insert_rowid()


def _seal(connection: apsw.Connection, notes: Mapping[int, Sequence[bytes]]) -> None:
    """All or none: what is damaged by now has to be seen by whoever comes next."""
    found = read_outcomes(connection, BY_SEQ, (json.dumps(list(notes)),))
    if len(found) == len(notes) and all(outcome.whole for outcome in found):
        seal(connection, notes)


def _insert_recipe(connection: apsw.Connection, fingerprint: str, recipe: str) -> None:
    connection.execute("INSERT INTO recipe (fingerprint, recipe) VALUES (?, ?)", (fingerprint, recipe))


def _clear_listed(connection: apsw.Connection) -> None:
    connection.execute("DELETE FROM temp.listed")


def _mark_gone(connection: apsw.Connection, split: str) -> None:
    connection.execute(
        "UPDATE clip SET gone = 1 WHERE split = ? AND gone = 0 AND id NOT IN (SELECT id FROM temp.listed)", (split,)
    )
    connection.execute(
        "INSERT INTO listing VALUES (?, 1, NULL) ON CONFLICT DO UPDATE SET whole = 1, expected = NULL", (split,)
    )


def _expect(connection: apsw.Connection, split: str, clips: int) -> None:
    connection.execute(
        "INSERT INTO listing VALUES (?, 0, ?) ON CONFLICT DO UPDATE SET expected = excluded.expected", (split, clips)
    )


def _delete_claims(connection: apsw.Connection, owners: list[str]) -> None:
    connection.executemany("DELETE FROM claim WHERE owner = ?", [(owner,) for owner in owners])

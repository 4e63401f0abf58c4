"""The run store: one SQLite file a run. What is awaited here is on disk when the await returns."""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

import apsw

from rocot import __version__
from rocot.core.reply import clean
from rocot.engine.attempt import Attempt
from rocot.engine.claims import Owner, lives, sweep
from rocot.engine.database import Value, open_to_write, translated
from rocot.engine.disk import refuse_network
from rocot.engine.outcome import Outcome, checksum
from rocot.engine.packed import LEAST, packed, unpacked
from rocot.engine.progress import Spent
from rocot.engine.reader import FILE, WORKERS, StoreReader
from rocot.engine.schema import migrate
from rocot.engine.writer import Write, Writer
from rocot.errors import ConfigError, StoreError

T = TypeVar("T")


@dataclass(frozen=True)
class Listed:
    """A clip as the runner meets it."""

    id: str
    split: str
    position: int
    """Place in the listing, from 0."""
    record: str
    """JSON."""


class Store(StoreReader):
    """A run store, opened to be written. Several processes may have the same one open. Implements `Ledger`."""

    def __init__(self, folder: Path) -> None:
        """Opens the run in a folder; both are made where they are missing. Raises StoreError."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder}: cannot be made ({error.strerror}); choose another run folder") from error
        refuse_network(folder)
        path = folder / FILE
        self.spent = Spent()
        """What was paid for since it was opened, by this process."""
        self._workers = folder / WORKERS
        with ExitStack() as undo, translated(path):
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
        return await self._writer.write(lambda connection: _insert_outcome(connection, outcome))

    async def relink(self, outcome: Outcome, after: int) -> None:
        """Makes a stored outcome the one that counts, after another parent."""
        await self._writer.write(lambda connection: _link(connection, outcome, after))

    def count_as(self, seq: int, name: str) -> "asyncio.Future[None]":
        """Notes what an outcome that an older rocot stored is counted by."""
        return self._writer.write(lambda connection: _count_as(connection, seq, name))

    async def forget(self, outcome: Outcome) -> None:
        """Removes what a stage made of an item, so that it is made again; what was replied is kept."""
        await self._writer.write(lambda connection: _delete_outcome(connection, outcome.seq))

    def start_listing(self) -> "asyncio.Future[None]":
        """Forgets which clips were listed."""
        return self._writer.write(_clear_listed)

    def expect(self, split: str, clips: int) -> "asyncio.Future[None]":
        """Notes how many clips the split will come to, about."""
        return self._writer.write(lambda connection: _expect(connection, split, clips))

    def list_clips(self, clips: Sequence[Listed]) -> "asyncio.Future[list[int]]":
        """Registers clips; their links come with the future. Raises ConfigError there for an id listed twice."""
        return self._writer.write(lambda connection: [_list_clip(connection, clip) for clip in clips])

    async def end_listing(self, split: str) -> None:
        """Marks the clips of a split as gone that were not listed since `start_listing`."""
        await self._writer.write(lambda connection: _mark_gone(connection, split))

    async def claim(self, clip: str) -> bool:
        """Whether the clip is ours to work on: nobody else who lives has claimed it."""
        return await self._writer.write(lambda connection: self._take(connection, clip))

    async def claim_all(self, clips: Sequence[str]) -> list[bool]:
        """As `claim`, of many clips."""
        return await self._writer.write(lambda connection: [self._take(connection, clip) for clip in clips])

    async def settle(self, outcomes: Sequence[Outcome], clips: Sequence[str]) -> list[int | None]:
        """Stores outcomes of which nothing was stored, and gives up claims, all or nothing. Returns their seqs.

        None where there is one of the same input by now, or a superseded one: it is left as it is.
        """
        return await self._writer.write(lambda connection: self._settle(connection, outcomes, clips))

    async def release(self, clip: str) -> None:
        """Gives up a claim."""
        await self._writer.write(lambda connection: _delete_claim(connection, clip, self._owner.id))

    def claimed_elsewhere(self, clip: str) -> bool:
        """Whether another living worker claims the clip."""
        owner = self.claimed_by(clip)
        return owner is not None and owner != self._owner.id and lives(self._workers, owner)

    async def sweep(self) -> None:
        """Removes what dead workers left."""
        dead = sweep(self._workers)
        if dead:
            await self._writer.write(lambda connection: _delete_claims(connection, dead))

    def _take(self, connection: apsw.Connection, clip: str) -> bool:
        found = connection.execute("SELECT owner FROM claim WHERE clip = ?", (clip,)).get
        if found is not None and found != self._owner.id and lives(self._workers, found):
            return False
        connection.execute("INSERT OR REPLACE INTO claim VALUES (?, ?)", (clip, self._owner.id))
        return True

    def _settle(
        self, connection: apsw.Connection, outcomes: Sequence[Outcome], clips: Sequence[str]
    ) -> list[int | None]:
        for clip in clips:
            _delete_claim(connection, clip, self._owner.id)
        return [_insert_unasked(connection, new) for new in outcomes]

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


def _insert_recipe(connection: apsw.Connection, fingerprint: str, recipe: str) -> None:
    connection.execute("INSERT INTO recipe (fingerprint, recipe) VALUES (?, ?)", (fingerprint, recipe))


def _insert_outcome(connection: apsw.Connection, new: Outcome) -> int:
    same = (new.item, new.fingerprint, new.input)
    base, like = _reply_behind(connection, new) if len(new.payload.encode()) >= LEAST else (None, b"")
    connection.execute("DELETE FROM outcome WHERE item = ? AND fingerprint = ? AND input = ?", same)
    _supersede(connection, new.item, new.fingerprint)
    return _insert(connection, new, base, like)


def _insert_unasked(connection: apsw.Connection, new: Outcome) -> int | None:
    """Stores what a stage that asks nobody made of an item; None, and nothing, where there is one of the same input."""
    query = "SELECT input = ?, after IS NOT NULL FROM outcome WHERE item = ? AND fingerprint = ?"
    others = connection.execute(query, (new.input, new.item, new.fingerprint)).fetchall()
    if any(same for same, _ in others):
        return None
    if any(linked for _, linked in others):
        _supersede(connection, new.item, new.fingerprint)
    return _insert(connection, new, None)


def _insert(connection: apsw.Connection, new: Outcome, base: int | None, like: bytes = b"") -> int:
    """Stores an outcome; `like` is the reply `base`."""
    plain = new.payload.encode()
    payload = packed(plain, like)
    connection.execute(
        """
        INSERT INTO outcome (item, fingerprint, input, clip, rollout, stage, after, kind, payload, reason, detail,
                             passing, counted_as, sha256, base)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            *(new.item, new.fingerprint, new.input, new.clip, new.rollout, new.stage, new.after),
            *(
                new.kind,
                new.payload if payload is plain else payload,
                new.reason,
                new.detail,
                new.passing,
                new.counted_as,
                new.checksum,
                base,
            ),
        ),
    )
    return connection.last_insert_rowid()


def _count_as(connection: apsw.Connection, seq: int, name: str) -> None:
    connection.execute("UPDATE outcome SET counted_as = ? WHERE seq = ?", (name, seq))


def _delete_outcome(connection: apsw.Connection, seq: int) -> None:
    connection.execute("DELETE FROM outcome WHERE seq = ?", (seq,))


def _reply_behind(connection: apsw.Connection, new: Outcome) -> tuple[int | None, bytes]:
    """The newest reply to this stage about this item: what the stage made of it holds much of the same."""
    found = connection.execute(
        "SELECT seq, body, packed FROM attempt WHERE item = ? AND stage = ? AND kind = 'ok' ORDER BY seq DESC LIMIT 1",
        (new.item, new.stage),
    ).fetchone()
    if found is None:
        return None, b""
    seq, body, is_packed = found
    like = (unpacked(body) or b"") if is_packed else body
    return (seq, like) if like else (None, b"")


def _link(connection: apsw.Connection, outcome: Outcome, after: int) -> None:
    _supersede(connection, outcome.item, outcome.fingerprint)
    connection.execute("UPDATE outcome SET after = ? WHERE seq = ?", (after, outcome.seq))


def _supersede(connection: apsw.Connection, item: str, fingerprint: str) -> None:
    connection.execute(
        "UPDATE outcome SET after = NULL WHERE item = ? AND fingerprint = ? AND after IS NOT NULL", (item, fingerprint)
    )


def _clear_listed(connection: apsw.Connection) -> None:
    connection.execute("DELETE FROM temp.listed")


def _list_clip(connection: apsw.Connection, clip: Listed) -> int:
    connection.execute("INSERT OR IGNORE INTO temp.listed VALUES (?)", (clip.id,))
    if not connection.changes():
        raise ConfigError(f"two clips of the sources have the id {clip.id}; ids must be unique in a run")
    sha256 = checksum(clip.id, clip.split, clip.record)
    known = connection.execute(
        "SELECT seq, sha256, position, gone FROM clip WHERE id = ? AND record = ?", (clip.id, clip.record)
    ).fetchone()
    if known is None:
        # Another record is another clip: what follows the old one's link follows no longer.
        connection.execute(
            "INSERT OR REPLACE INTO clip (id, split, position, record, sha256) VALUES (?, ?, ?, ?, ?)",
            (clip.id, clip.split, clip.position, clip.record, sha256),
        )
        return -connection.last_insert_rowid()
    seq: int = known[0]
    if known[1:] != (sha256, clip.position, 0):
        connection.execute(
            "UPDATE clip SET split = ?, position = ?, sha256 = ?, gone = 0 WHERE seq = ?",
            (clip.split, clip.position, sha256, seq),
        )
    return -seq


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


def _delete_claim(connection: apsw.Connection, clip: str, owner: str) -> None:
    connection.execute("DELETE FROM claim WHERE clip = ? AND owner = ?", (clip, owner))


def _delete_claims(connection: apsw.Connection, owners: list[str]) -> None:
    connection.executemany("DELETE FROM claim WHERE owner = ?", [(owner,) for owner in owners])

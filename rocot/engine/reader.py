"""Reading a run store, while it grows or afterwards. It opens in any other SQLite tool just as well."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Self, TypeVar

from rocot.engine.database import Value, open_to_read, open_to_write, translated
from rocot.engine.outcome import Outcome, checksum
from rocot.engine.schema import CURRENT, migrate, version_of
from rocot.errors import StoreError

FILE = "run.sqlite"
"""The store's name in the run's folder."""

T = TypeVar("T")

_OUTCOME = """
SELECT item, clip, rollout, stage, fingerprint, input, after, kind, payload, reason, detail, passing, sha256, seq
FROM outcome
"""


@dataclass(frozen=True)
class ClipRow:
    """A registered clip."""

    id: str
    split: str
    position: int
    """Place in the listing, from 0."""
    record: str
    """JSON, without the file's place."""
    gone: bool
    """No longer listed."""
    sha256: str
    seq: int

    @property
    def link(self) -> int:
        """What the outcome of a first stage follows; below 0, so that it is never taken for an outcome's seq."""
        return -self.seq

    @property
    def whole(self) -> bool:
        """Whether it reads as it was written."""
        return self.sha256 == checksum(self.id, self.split, self.record)


@dataclass(frozen=True)
class RecipeRow:
    """A recipe that the run was made with."""

    fingerprint: str
    recipe: str
    """JSON."""
    made: str
    """When it was first used: ISO 8601, UTC."""


class StoreReader:
    """A run store, opened to be read. Safe to call from several threads."""

    def __init__(self, folder: Path) -> None:
        """Opens `<folder>/run.sqlite`, and brings an older layout up to date. Raises StoreError."""
        self.path = folder / FILE
        self.damaged = 0
        """Rows and replies whose checksum failed since it was opened; they are treated as if they were not there."""
        self._lock = Lock()
        if not self.path.is_file():
            raise StoreError(f"{folder}: there is no run here ({FILE} is missing); name the folder of a run")
        with translated(self.path):
            self._connection = open_to_read(self.path)
            if version_of(self._connection, self.path) < CURRENT:
                self._connection.close()
                _update(self.path)
                self._connection = open_to_read(self.path)

    def close(self) -> None:
        """Lets go of the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def rows(self, kind: Callable[..., T], query: str, bindings: Sequence[Value] = ()) -> list[T]:
        """The rows of a query, each as `kind(*columns)`. Raises StoreError."""
        with translated(self.path), self._lock:
            return [kind(*row) for row in self._connection.execute(query, bindings)]

    def reply_to(self, call: str, /) -> bytes | None:
        """The body of the newest whole reply to a call, if there is one and its checksum holds."""
        query = "SELECT body, sha256 FROM attempt WHERE call = ? AND kind = 'ok' ORDER BY seq DESC"
        for body, sha256 in self.rows(_reply, query, (call,)):
            if hashlib.sha256(body).hexdigest() == sha256:
                return body
            self.damaged += 1
        return None

    def outcome(self, item: str, fingerprint: str, given: str) -> Outcome | None:
        """What a stage made of an item, if it was given just this."""
        query = f"{_OUTCOME} WHERE item = ? AND fingerprint = ? AND input = ?"
        return self._whole(self.rows(Outcome, query, (item, fingerprint, given)))

    def follower(self, after: int, fingerprint: str, item: str) -> Outcome | None:
        """What a stage made of an item last, after the outcome or clip of that link."""
        query = f"{_OUTCOME} WHERE after = ? AND fingerprint = ? AND item = ?"
        return self._whole(self.rows(Outcome, query, (after, fingerprint, item)))

    def outcomes_of(self, item: str) -> list[Outcome]:
        """Every outcome of an item's key, superseded and damaged ones too, oldest first."""
        return self.rows(Outcome, f"{_OUTCOME} WHERE item = ? ORDER BY seq", (item,))

    def _whole(self, found: list[Outcome]) -> Outcome | None:
        whole = [outcome for outcome in found if outcome.whole]
        self.damaged += len(found) - len(whole)
        return whole[0] if whole else None

    def clip(self, key: str) -> ClipRow | None:
        """A registered clip, gone or not."""
        query = "SELECT id, split, position, record, gone, sha256, seq FROM clip WHERE id = ?"
        return next(iter(self.rows(ClipRow, query, (key,))), None)

    def clips(self, split: str, *, after: str = "", count: int = 256) -> list[ClipRow]:
        """Clips of a split that are still listed, in the order of their ids, from behind `after` on."""
        query = """
            SELECT id, split, position, record, gone, sha256, seq FROM clip
            WHERE split = ? AND gone = 0 AND id > ? ORDER BY id LIMIT ?
        """
        return self.rows(ClipRow, query, (split, after, count))

    def claimed_by(self, clip: str) -> str | None:
        """The worker that claims a clip, dead or alive."""
        return next(iter(self.rows(str, "SELECT owner FROM claim WHERE clip = ?", (clip,))), None)

    def last_outcome(self) -> int:
        """seq of the newest outcome; 0 where there is none."""
        return self.rows(int, "SELECT coalesce(max(seq), 0) FROM outcome")[0]

    def recipe(self) -> RecipeRow | None:
        """The recipe that was used last."""
        query = "SELECT fingerprint, recipe, made FROM recipe ORDER BY seq DESC LIMIT 1"
        return next(iter(self.rows(RecipeRow, query)), None)


def _reply(body: bytes, sha256: str) -> tuple[bytes, str]:
    return body, sha256


def _update(path: Path) -> None:
    connection = open_to_write(path)
    try:
        migrate(connection, path, "")
    finally:
        connection.close()

"""How far a run store is, in a few bytes: enough to tell whether one copy of a store goes on from another.

Attempts are only ever added, each dated to the millisecond, so two stores that hold the same newest attempt of one of
them have all before it in common. Outcomes may be replaced, but their numbers only grow.
"""

import hashlib

from pydantic import Field

from rocot.core.record import Record
from rocot.engine.reader import StoreReader


class History(Record):
    """How far a store was at some moment."""

    attempts: int = Field(ge=0)
    """seq of the newest attempt; 0 for none."""
    newest: str
    """sha256 of what that attempt was; empty for none."""
    outcomes: int = Field(ge=0)
    """The highest seq that an outcome has had; 0 for none."""


def history_of(store: StoreReader) -> History:
    """How far a store is now. Raises StoreError."""
    newest = store.rows(int, "SELECT coalesce(max(seq), 0) FROM attempt")[0]
    outcomes = store.rows(int, "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'outcome'")[0]
    return History(attempts=newest, newest=_told(store, newest), outcomes=outcomes)


def goes_on_from(store: StoreReader, other: History) -> bool:
    """Whether a store holds all that another one held at that moment, and perhaps more. Raises StoreError."""
    return history_of(store).outcomes >= other.outcomes and _told(store, other.attempts) == other.newest


def _told(store: StoreReader, seq: int) -> str:
    """What tells an attempt from every other; empty where there is none of that number."""
    query = "SELECT call, item, stage, kind, CAST(sha256 AS BLOB), made FROM attempt WHERE seq = ?"
    found = store.rows(lambda *columns: columns, query, (seq,))
    return hashlib.sha256(repr(found[0]).encode()).hexdigest() if found else ""

"""What stages made of items, written within a transaction."""

from collections.abc import Sequence

import apsw

from rocot.engine.clip_rows import among
from rocot.engine.database import Value
from rocot.engine.outcome import Outcome
from rocot.engine.packed import LEAST, packed, unpacked
from rocot.engine.seals import seal

AT_ONCE = 512
"""Items that are looked up in one statement."""
_THERE = "SELECT item, CAST(input AS BLOB), after IS NOT NULL FROM outcome WHERE fingerprint = ? AND item IN"
_INSERT = """
INSERT INTO outcome (item, fingerprint, input, clip, rollout, stage, after, kind, payload, reason, detail, passing,
                     counted_as, sha256, base)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def insert_outcome(connection: apsw.Connection, new: Outcome) -> int:
    """Stores what a stage made of an item, in place of an older outcome of the same input; returns its seq."""
    same = (new.item, new.fingerprint, new.input)
    base, like = _reply_behind(connection, new) if len(new.payload.encode()) >= LEAST else (None, b"")
    connection.execute("DELETE FROM outcome WHERE item = ? AND fingerprint = ? AND input = ?", same)
    _supersede(connection, new.item, new.fingerprint)
    connection.execute(_INSERT, _row(new, base, like))
    seq = connection.last_insert_rowid()
    if new.notes:
        seal(connection, {seq: new.notes})
    return seq


def insert_unasked(connection: apsw.Connection, page: Sequence[Outcome]) -> list[bool]:
    """Stores what one stage that asks nobody made of different items, but where there is one of the same input.

    Whether each was stored.
    """
    there: set[tuple[str, bytes]] = set()
    linked: set[str] = set()
    for start in range(0, len(page), AT_ONCE):
        some = page[start : start + AT_ONCE]
        query = among(_THERE, some)
        for item, given, follows in connection.execute(query, (some[0].fingerprint, *(new.item for new in some))):
            there.add((item, given))
            if follows:
                linked.add(item)
    fresh = [(new.item, new.input.encode()) not in there for new in page]
    chosen = [new for new, is_fresh in zip(page, fresh, strict=True) if is_fresh]
    for new in chosen:
        if new.item in linked:
            _supersede(connection, new.item, new.fingerprint)
    connection.executemany(_INSERT, [_row(new, None) for new in chosen])
    if chosen and all(new.notes for new in chosen):
        last = connection.last_insert_rowid()  # AUTOINCREMENT: within a transaction they are numbered in a row
        seal(connection, dict(zip(range(last + 1 - len(chosen), last + 1), [new.notes for new in chosen], strict=True)))
    return fresh


def _row(new: Outcome, base: int | None, like: bytes = b"") -> tuple[Value, ...]:
    """The columns of an outcome; `like` is the reply `base`."""
    plain = new.payload.encode()
    payload = packed(plain, like)
    return (
        *(new.item, new.fingerprint, new.input, new.clip, new.rollout, new.stage, new.after, new.kind),
        new.payload if payload is plain else payload,
        *(new.reason, new.detail, new.passing, new.counted_as, new.checksum, base),
    )


def count_as(connection: apsw.Connection, seq: int, name: str) -> None:
    """Notes what an outcome that an older rocot stored is counted by."""
    connection.execute("UPDATE outcome SET counted_as = ? WHERE seq = ?", (name, seq))


def delete_outcome(connection: apsw.Connection, seq: int) -> None:
    """Removes an outcome."""
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


def link(connection: apsw.Connection, outcome: Outcome, after: int) -> None:
    """Makes an outcome the one that counts, after another parent. Its seal was of the old one."""
    _supersede(connection, outcome.item, outcome.fingerprint)
    connection.execute("UPDATE outcome SET after = ?, seal = NULL WHERE seq = ?", (after, outcome.seq))


def _supersede(connection: apsw.Connection, item: str, fingerprint: str) -> None:
    connection.execute(
        "UPDATE outcome SET after = NULL WHERE item = ? AND fingerprint = ? AND after IS NOT NULL", (item, fingerprint)
    )

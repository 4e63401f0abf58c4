"""The clips of a page in the store, and who works on them, within a transaction.

A statement or two for all of them: each statement hands the interpreter's lock to SQLite and waits to get it back, and
clip by clip a page of 64 does so 400 times.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import apsw

from rocot.engine.outcome import checksum
from rocot.errors import ConfigError

_LISTED = "INSERT INTO temp.listed VALUES {}"
_SAME = """
WITH given (id, record, sha256) AS (VALUES {})
SELECT json_group_object(clip.id, clip.seq) FROM given CROSS JOIN clip
ON clip.id = given.id AND clip.record = given.record AND clip.sha256 = given.sha256 AND clip.gone = 0
"""


@dataclass
class Listed:
    """A clip as the runner meets it. Not frozen: that takes three times as long, and there may be a million."""

    id: str
    split: str
    position: int
    """Place in the listing that registers it, from 0."""
    record: str
    """JSON."""

    @cached_property
    def sha256(self) -> str:
        """See `checksum`."""
        return checksum(self.id, self.split, self.record)


def list_clips(connection: apsw.Connection, clips: Sequence[Listed]) -> list[int]:
    """Registers clips; returns their links. Raises ConfigError for an id that was listed before."""
    same = _same(connection, clips)
    others = [clip for clip in clips if clip.id not in same]
    changed = _register(connection, others) if others else {}
    try:
        marks = ", ".join(["(?)"] * len(clips))
        connection.execute(_LISTED.format(marks), [clip.id for clip in clips])
    except apsw.ConstraintError as error:
        raise ConfigError(_twice(connection, clips)) from error
    return [-same[clip.id] if clip.id in same else -changed[clip.id] for clip in clips]


def _same(connection: apsw.Connection, clips: Sequence[Listed]) -> Mapping[str, int]:
    """seq of those that are registered just so: mostly all of them, and then SQLite hands out one row.

    Their places may be others: those of a merged run are its parts', and to write a million of them anew takes 20 s.
    """
    query = _SAME.format(", ".join(["(?, ?, ?)"] * len(clips)))
    values = [value for clip in clips for value in (clip.id, clip.record, clip.sha256)]
    found: Mapping[str, int] = json.loads(str(connection.execute(query, values).get))
    return found


def _register(connection: apsw.Connection, clips: Sequence[Listed]) -> Mapping[str, int]:
    """seq of clips that are new, or not as they were listed last."""
    ids = [clip.id for clip in clips]
    query = among("SELECT id, CAST(record AS BLOB), seq FROM clip WHERE id IN", ids)
    known = {key: (record, seq) for key, record, seq in connection.execute(query, ids)}
    seqs = {}
    for clip in clips:
        record, seq = known.get(clip.id, (b"", 0))
        if record != clip.record.encode():
            seq = _insert_clip(connection, clip)
        else:
            connection.execute(
                "UPDATE clip SET split = ?, position = ?, sha256 = ?, gone = 0 WHERE seq = ?",
                (clip.split, clip.position, clip.sha256, seq),
            )
        seqs[clip.id] = seq
    return seqs


def _twice(connection: apsw.Connection, clips: Sequence[Listed]) -> str:
    """What to say of the first clip whose id was listed before."""
    ids = [clip.id for clip in clips]
    listed = {key for (key,) in connection.execute(among("SELECT id FROM temp.listed WHERE id IN", ids), ids)}
    twice = next(key for place, key in enumerate(ids) if key in listed or key in ids[:place])
    return f"two clips of the sources have the id {twice}; ids must be unique in a run"


def _insert_clip(connection: apsw.Connection, clip: Listed) -> int:
    """Another record is another clip: what follows the old one's link follows no longer."""
    connection.execute(
        "INSERT OR REPLACE INTO clip (id, split, position, record, sha256) VALUES (?, ?, ?, ?, ?)",
        (clip.id, clip.split, clip.position, clip.record, clip.sha256),
    )
    return connection.last_insert_rowid()


def claim(connection: apsw.Connection, clips: Sequence[str], owner: str, lives: Callable[[str], bool]) -> list[bool]:
    """Claims those clips that nobody else who `lives` has claimed; whether each is the owner's now."""
    query = among("SELECT clip, owner FROM claim WHERE clip IN", clips)
    others = {clip: other for clip, other in connection.execute(query, clips) if other != owner and lives(other)}
    ours = [clip not in others for clip in clips]
    mine = [(clip, owner) for clip, is_ours in zip(clips, ours, strict=True) if is_ours]
    connection.executemany("INSERT OR REPLACE INTO claim VALUES (?, ?)", mine)
    return ours


def give_up(connection: apsw.Connection, clips: Sequence[str], owner: str) -> None:
    """Takes back claims of the owner."""
    connection.execute(among("DELETE FROM claim WHERE owner = ? AND clip IN", clips), (owner, *clips))


def among(query: str, values: Sequence[object]) -> str:
    """A statement that ends with IN, with a question mark for each of the values."""
    return f"{query} ({', '.join('?' * len(values))})"

"""The clips of a page in the store, and who works on them, within a transaction.

A statement or two for all of them: each statement hands the interpreter's lock to SQLite and waits to get it back, and
clip by clip a page of 64 does so 400 times.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import apsw

from rocot.engine.outcome import checksum
from rocot.errors import ConfigError


@dataclass(frozen=True)
class Listed:
    """A clip as the runner meets it."""

    id: str
    split: str
    position: int
    """Place in the listing, from 0."""
    record: str
    """JSON."""

    @cached_property
    def sha256(self) -> str:
        """See `checksum`."""
        return checksum(self.id, self.split, self.record)


def list_clips(connection: apsw.Connection, clips: Sequence[Listed]) -> list[int]:
    """Registers clips; returns their links. Raises ConfigError for an id that was listed before."""
    ids = [clip.id for clip in clips]
    listed = {key for (key,) in connection.execute(among("SELECT id FROM temp.listed WHERE id IN", ids), ids)}
    for key in ids:
        if key in listed:
            raise ConfigError(f"two clips of the sources have the id {key}; ids must be unique in a run")
        listed.add(key)
    connection.executemany("INSERT INTO temp.listed VALUES (?)", [(key,) for key in ids])
    query = among("SELECT id, CAST(record AS BLOB), seq, sha256, position, gone FROM clip WHERE id IN", ids)
    known = {key: (record, seq, told) for key, record, seq, *told in connection.execute(query, ids)}
    links = []
    for clip in clips:
        record, seq, told = known.get(clip.id, (b"", 0, []))
        if record != clip.record.encode():
            seq = _insert_clip(connection, clip)
        elif told != [clip.sha256, clip.position, 0]:
            connection.execute(
                "UPDATE clip SET split = ?, position = ?, sha256 = ?, gone = 0 WHERE seq = ?",
                (clip.split, clip.position, clip.sha256, seq),
            )
        links.append(-seq)
    return links


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

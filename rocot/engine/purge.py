"""Purge: what a run holds of some clips is deleted, and the bytes with it.

SQLite leaves deleted bytes in free pages and in the log; `secure_delete` overwrites them, VACUUM writes the file anew,
and the log is cut. What disks, backups and snapshots keep below that is out of reach.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw

from rocot.core.record import Json
from rocot.engine.blobs import DIGEST
from rocot.engine.claims import living
from rocot.engine.database import open_to_write, translated
from rocot.engine.history import COLUMNS, digest
from rocot.engine.reader import FILE, WORKERS, StoreReader
from rocot.errors import StoreError

# Items are the clip and its rollouts, `<clip>#<number>`; `$` comes after `#`, so that the index finds them.
_ITS_ATTEMPTS = """
FROM attempt WHERE item = ?1 OR (item > ?1 || '#' AND item < ?1 || '$'
    AND ltrim(substr(item, length(?1) + 2), '0123456789') = '')
"""
_DELETE = (
    "DELETE FROM clip WHERE id = ?1",
    f"DELETE {_ITS_ATTEMPTS}",
    "DELETE FROM outcome WHERE clip = ?1",
    "DELETE FROM claim WHERE clip = ?1",
)
_AWAITED = """
SELECT count(*) FROM batched JOIN batch ON batch.uuid = batched.batch
WHERE attempt IS NULL AND state NOT IN ('closed', 'dropped') AND (item = ?1 OR (item > ?1 || '#' AND item < ?1 || '$'))
"""


@dataclass(frozen=True)
class Purged:
    """What is no longer there."""

    clips: int
    replies: int
    """Recorded attempts, failed ones among them."""
    results: int
    """What stages made."""
    frames: int
    """Files of frames."""


def purge(folder: Path, clips: Sequence[str], forget: Callable[[str], bool]) -> Purged:
    """Deletes clips, by their ids, from the run in a folder. What their calls cost is still counted.

    `forget` deletes a frame that they were seen by from a cache that the run does not own, by its digest, and says
    whether it was there. It is called first: once the rows are gone nobody knows the digests any more.

    Raises StoreError while somebody works on the run, and where answers about them are still to come by batch.
    """
    path = folder / FILE
    if working := living(folder / WORKERS):
        raise StoreError(f"{folder}: {len(working)} at work on it just now; purge when they are done")
    with StoreReader(folder) as store:
        frames = sum(map(forget, {digest for clip in clips for digest in _frames(store, clip)}))
    with translated(path):
        connection = open_to_write(path)
        try:
            counts = _delete(connection, path, clips)
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()
    return Purged(*counts, frames)


def _delete(connection: apsw.Connection, path: Path, clips: Sequence[str]) -> tuple[int, int, int]:
    connection.pragma("secure_delete", "on")
    with connection:
        awaited = sum(int(str(connection.execute(_AWAITED, (clip,)).get)) for clip in clips)
        if awaited:
            raise StoreError(
                f"{path}: {awaited} answers about them are still to come by batch; collect them with `rocot generate"
                " --batch` first, then purge"
            )
        counts = [0] * len(_DELETE)
        for clip in clips:
            attempts = connection.execute(f"SELECT seq, {COLUMNS} {_ITS_ATTEMPTS}", (clip,)).fetchall()
            told = [(None, ""), *((seq, digest(*columns)) for seq, *columns in attempts)]
            connection.executemany("INSERT INTO purged (attempt, told) VALUES (?, ?)", told)
            for at, query in enumerate(_DELETE):
                connection.execute(query, (clip,))
                counts[at] += connection.changes()
    return counts[0], counts[1], counts[2]


def _frames(store: StoreReader, clip: str) -> Iterator[str]:
    items = store.rows(str, "SELECT DISTINCT item FROM outcome WHERE clip = ?", (clip,))
    for outcome in (outcome for item in items for outcome in store.outcomes_of(item) if outcome.whole):
        yield from _digests(json.loads(outcome.payload))


def _digests(value: Json) -> Iterator[str]:
    """Of all frames in a payload: whatever is called so."""
    if isinstance(value, dict):
        said = value.get("digest")
        if isinstance(said, str) and DIGEST.fullmatch(said):
            yield said
        for inner in value.values():
            yield from _digests(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _digests(inner)

"""Which part of a run a store is, and what its listing held: without it a part could be gone on with as another.

A store becomes a part when it is begun, and stays that part.
"""

from pathlib import Path

import apsw

from rocot.core.part import Census, Part
from rocot.engine.reader import StoreReader
from rocot.engine.store import Store
from rocot.errors import ConfigError


def part_of(store: StoreReader) -> Part | None:
    """The part that a store is; None for a whole run. Raises StoreError."""
    return next(iter(store.rows(_part, "SELECT number, parts FROM part")), None)


def censuses(store: StoreReader) -> dict[str, Census]:
    """By split, of those that the part has listed to their end. Raises StoreError."""
    found = store.rows(_census, "SELECT split, videos, own, digest FROM census ORDER BY split")
    return dict(found)


async def begin_part(store: Store, part: Part | None) -> None:
    """Makes a new store the store of this part; None is a whole run. Raises ConfigError for a store of another."""
    known = await store.change(lambda connection: _begin(connection, part))
    if known != part:
        raise ConfigError(_another(store.path.parent, known, part))


async def note_census(store: Store, split: str, census: Census) -> None:
    """Notes that a split was listed to its end, and what it held."""
    row = (split, census.videos, census.own, census.digest)
    await store.change(lambda connection: _note(connection, row))


def _begin(connection: apsw.Connection, part: Part | None) -> Part | None:
    """The part that the store is now."""
    found = connection.execute("SELECT number, parts FROM part").fetchone()
    if found is not None:
        return _part(*found)
    if part is None or _begun(connection):
        return None
    connection.execute("INSERT INTO part (one, number, parts) VALUES (1, ?, ?)", (part.number, part.of))
    return part


def _begun(connection: apsw.Connection) -> bool:
    query = "SELECT EXISTS (SELECT 1 FROM recipe) OR EXISTS (SELECT 1 FROM attempt) OR EXISTS (SELECT 1 FROM clip)"
    return bool(connection.execute(query).get)


def _note(connection: apsw.Connection, row: tuple[str, int, int, str]) -> None:
    connection.execute("INSERT OR REPLACE INTO census (split, videos, own, digest) VALUES (?, ?, ?, ?)", row)


def _another(folder: Path, known: Part | None, wanted: Part | None) -> str:
    if known is None:
        return (
            f"{folder}: a whole run lies there, and {wanted.words if wanted else 'another'} was asked for; name another"
            " run folder (--run), or go on without --part"
        )
    if wanted is None:
        return (
            f"{folder}: it is {known.words} of a run; go on with it by --part {known}, and unite the parts with"
            " `rocot merge` when they are done"
        )
    return f"{folder}: it is {known.words}, and cannot be gone on with as {wanted.words}; name another run folder"


def _part(number: int, parts: int) -> Part:
    return Part(number=number, of=parts)


def _census(split: str, videos: int, own: int, digest: str) -> tuple[str, Census]:
    return split, Census(videos, own, digest)

"""What a merged store was made of, and how each part stood then: so that the same merge again is none."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw

from rocot.core.part import Part
from rocot.engine.database import open_to_read, translated
from rocot.engine.lately import Span, span_of_calls
from rocot.engine.reader import FILE, StoreReader

_STATE = """
SELECT json_object(
    'begun', (SELECT min(made) FROM recipe), 'recipe', (SELECT max(seq) FROM recipe),
    'clip', (SELECT max(seq) FROM clip), 'gone', (SELECT count(*) FROM clip WHERE gone <> 0),
    'attempt', (SELECT max(seq) FROM attempt), 'outcome', (SELECT max(seq) FROM outcome),
    'standing', (SELECT count(*) FROM standing), 'listed', (SELECT count(*) FROM census))
"""
_ITSELF = 0
"""The number under which a merged store keeps its own state."""


@dataclass(frozen=True)
class Portion:
    """The store of one part."""

    path: Path
    part: Part
    state: str
    """See `now`."""
    span: Span | None
    """When its calls were made."""

    @classmethod
    def of(cls, store: StoreReader, part: Part) -> "Portion":
        """As it stands. Raises StoreError."""
        return cls(store.path, part, state_of(store), span_of_calls(store))


def state_of(store: StoreReader) -> str:
    """What tells whether a store has gone on: the last of its numbers, and how many rows count. Raises StoreError."""
    return store.rows(str, _STATE)[0]


def stands(folder: Path, *, touch: bool = True) -> str | None:
    """The same of what lies in a folder, None where no store does; `touch` as of StoreReader. Raises StoreError."""
    if not (folder / FILE).is_file():
        return None
    with StoreReader(folder, touch=touch) as store:
        return state_of(store)


def now(path: Path) -> str:
    """The same of a file. Raises StoreError."""
    with translated(path):
        connection = open_to_read(path)
        try:
            return str(connection.execute(_STATE).get)
        finally:
            connection.close()


def begun(state: str) -> str | None:
    """When the store of a state was begun: two parts of one number are hardly begun in the same millisecond."""
    found = json.loads(state)["begun"]
    return None if found is None else str(found)


def merged_from(store: StoreReader) -> Mapping[int, str]:
    """The state of each part that the store was merged from, by number; none for any other store. Raises StoreError."""
    query = "SELECT number, state FROM merged WHERE number > 0"
    return dict(store.rows(lambda number, state: (int(number), str(state)), query))


def untouched(store: StoreReader) -> bool:
    """Whether nothing has been added to a merged store since. Raises StoreError."""
    found = store.rows(str, "SELECT state FROM merged WHERE number = ?", (_ITSELF,))
    return bool(found) and json.loads(found[0])["state"] == state_of(store)


def asked_since(store: StoreReader) -> bool:
    """Whether calls were made that no part made; of a store that nobody merged, whether any were. Raises StoreError."""
    query = """
        SELECT coalesce((SELECT max(seq) FROM attempt), 0)
               > coalesce((SELECT state ->> 'state' ->> 'attempt' FROM merged WHERE number = ?), 0)
    """
    return bool(store.rows(int, query, (_ITSELF,))[0])


def note_merged(connection: apsw.Connection, portions: Sequence[Portion]) -> None:
    """Notes what a new store was made of, once all is in it."""
    spans = [portion.span for portion in portions if portion.span is not None]
    own = {
        "state": str(connection.execute(_STATE).get),
        "first": min((span.first for span in spans), default=None),
        "last": max((span.last for span in spans), default=None),
    }
    rows = [(portion.part.number, portion.part.of, portion.state) for portion in portions]
    rows.append((_ITSELF, len(portions), json.dumps(own)))
    connection.executemany("INSERT INTO merged VALUES (?, ?, ?)", rows)

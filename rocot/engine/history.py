"""How far a run store is, in a few bytes: enough to tell whether one copy of a store goes on from another.

Attempts, recipes and purges are only ever added, each dated to the millisecond, so two stores that hold the same newest
one of a kind have all of this kind before it in common. What a purge takes out leaves what it is told by. Outcomes and
clips may be replaced, but their numbers only grow.
"""

import hashlib

from pydantic import Field

from rocot.core.record import Record
from rocot.engine.reader import StoreReader

COLUMNS = "call, item, stage, kind, CAST(sha256 AS BLOB), made"
"""Of an attempt, what it is told by."""
_ATTEMPT = f"SELECT {COLUMNS} FROM attempt WHERE seq = ?"  # noqa: S608  # only our own names
_RECIPE = "SELECT fingerprint, recipe, made FROM recipe WHERE seq = ?"
_PURGE = "SELECT told, made FROM purged WHERE seq = ?"
_LISTED = """
SELECT json_array(
    (SELECT json_group_array(json_array(split, whole) ORDER BY split) FROM listing),
    (SELECT json_group_array(json_array(split, videos, own, digest) ORDER BY split) FROM census),
    (SELECT json_array(count(*), total(seq)) FROM clip WHERE gone)
)
"""


class History(Record):
    """How far a store was at some moment."""

    attempts: int = Field(ge=0)
    """The highest seq that an attempt has had; 0 for none."""
    newest: str
    """sha256 of what that attempt was; empty for none."""
    outcomes: int = Field(ge=0)
    """The highest seq that an outcome has had; 0 for none."""
    clips: int = Field(default=0, ge=0)
    """The highest seq that a clip has had; 0 for none."""
    recipes: int = Field(default=0, ge=0)
    """seq of the newest recipe, tombstones included; 0 for none."""
    recipe: str = ""
    """sha256 of that recipe and its date; empty for none."""
    purges: int = Field(default=0, ge=0)
    """seq of what was purged last; 0 for none."""
    purged: str = ""
    """sha256 of what that was and its date; empty for none."""
    listed: str = ""
    """sha256 of which splits were listed to their end, what they held, and which clips are gone."""
    part: str | None = None
    """As in `--part`; empty for a whole run, None where an older rocot did not say."""


def history_of(store: StoreReader) -> History:
    """How far a store is now. Raises StoreError."""
    highest = dict(store.rows(lambda name, seq: (name, seq), "SELECT name, seq FROM sqlite_sequence"))
    attempts, recipes, purges = (highest.get(name, 0) for name in ("attempt", "recipe", "purged"))
    parts = store.rows(lambda number, of: f"{number}/{of}", "SELECT number, parts FROM part")
    return History(
        attempts=attempts,
        newest=_attempt(store, attempts),
        outcomes=highest.get("outcome", 0),
        clips=highest.get("clip", 0),
        recipes=recipes,
        recipe=_told(store, _RECIPE, recipes),
        purges=purges,
        purged=_told(store, _PURGE, purges),
        listed=hashlib.sha256(store.rows(str, _LISTED)[0].encode()).hexdigest(),
        part=parts[0] if parts else "",
    )


def goes_on_from(store: StoreReader, other: History) -> bool:
    """Whether a store holds all that another one held at that moment, and perhaps more. Raises StoreError."""
    now = history_of(store)
    begun = other.attempts or other.recipes
    return (
        (now.part == other.part or other.part is None or not begun)
        and now.outcomes >= other.outcomes
        and now.clips >= other.clips
        and _attempt(store, other.attempts) == other.newest
        and _told(store, _RECIPE, other.recipes) == other.recipe
        and _told(store, _PURGE, other.purges) == other.purged
    )


def digest(*columns: object) -> str:
    """What tells a row from every other, by its columns."""
    return hashlib.sha256(repr(columns).encode()).hexdigest()


def _attempt(store: StoreReader, seq: int) -> str:
    """What tells an attempt; empty where there has been none of that number."""
    purged = store.rows(str, "SELECT told FROM purged WHERE attempt = ?", (seq,))
    return _told(store, _ATTEMPT, seq) or "".join(purged[:1])


def _told(store: StoreReader, query: str, seq: int) -> str:
    found = store.rows(digest, query, (seq,))
    return found[0] if found else ""

"""Parts become one store: every row of each is carried over, under new numbers, and nothing is read into this process.

Rows are copied within SQLite, some ten thousand at a time. Outcomes go in ranges of their items' names, of all parts in
turn: their unique index is then written from one end to the other, and what belongs to a clip lies together. In the
order of the parts each of a million clips would touch another page of it. Other indexes are made at the end.

The new store lies under another name until it is whole and on the disk; then it takes its name in one step.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import apsw

from rocot.engine.database import PAGE, Value, log_of, open_to_write, translated
from rocot.engine.door import closed
from rocot.engine.merged import Portion, note_merged, now, stands
from rocot.engine.reader import FILE, WORKERS, RecipeRow
from rocot.engine.schema import migrate
from rocot.errors import StoreError

CHUNK = 65_536
"""Clips whose outcomes are copied from all parts before those of the next ones: some 50 MB of their index."""
CACHE = 64 * 1024
"""KiB of pages that SQLite holds."""
_END = b""
"""Behind every text, as SQLite sorts."""

_CLIP = """
INSERT INTO main.clip (seq, id, split, position, record, gone, sha256)
SELECT seq + ?1, id, split, ?2 + row_number() OVER (ORDER BY seq) - 1, record, gone, sha256 FROM part.clip ORDER BY seq
"""
_ATTEMPTS = "call, item, stage, model, endpoint, kind, reason, status, body, sha256, request_id, latency, prompt_tokens"
_MORE = "completion_tokens, made, cached_tokens, headers, cost, packed"
_ATTEMPT = f"""
INSERT INTO main.attempt (seq, {_ATTEMPTS}, {_MORE})
SELECT seq + ?1, {_ATTEMPTS}, {_MORE} FROM part.attempt ORDER BY seq
"""  # noqa: S608  # names of columns
_BATCHED = "batch, call, item, stage, estimate, most_prompt, most_completion"
_TOKENS = "priced, prompt_tokens, completion_tokens, cached_tokens"
_ONCE = (
    "INSERT INTO main.batch SELECT * FROM part.batch",
    "INSERT OR IGNORE INTO main.step (fingerprint) SELECT fingerprint FROM part.step ORDER BY id",
    """
    INSERT INTO main.ending (kind, reason, counted_as) SELECT kind, reason, counted_as FROM part.ending AS theirs
    WHERE NOT EXISTS (SELECT 1 FROM main.ending AS ours WHERE ours.kind = theirs.kind AND ours.reason = theirs.reason
                      AND ours.counted_as IS theirs.counted_as)
    """,
    # Sums are carried, not made anew: what was purged is in no row any more, and was paid all the same.
    """
    INSERT INTO main.spent SELECT * FROM part.spent WHERE true
    ON CONFLICT DO UPDATE SET
        attempts = attempts + excluded.attempts, prompt_tokens = prompt_tokens + excluded.prompt_tokens,
        completion_tokens = completion_tokens + excluded.completion_tokens,
        cached_tokens = cached_tokens + excluded.cached_tokens, latency = latency + excluded.latency,
        cost = cost + excluded.cost, first = min(first, excluded.first)
    """,
)
_BATCHED_ROWS = f"""
INSERT INTO main.batched ({_BATCHED}, attempt, {_TOKENS})
SELECT {_BATCHED}, attempt + ?1, {_TOKENS} FROM part.batched ORDER BY seq
"""  # noqa: S608
_PLACE = """
INSERT INTO scratch.placed SELECT ?1, seq, ?2 + row_number() OVER (ORDER BY item, fingerprint, input)
FROM part.outcome WHERE item >= ?3 AND item < ?4
"""
# A link that leads nowhere, since what it named was made again, counts no more: it becomes NULL, as a superseded one.
_OUTCOME = """
INSERT INTO main.outcome (seq, item, clip, rollout, stage, fingerprint, input, kind, payload, reason, detail, passing,
                          made, after, sha256, base, counted_as, seal)
SELECT placed.new, item, clip, rollout, stage, fingerprint, input, kind, payload, reason, detail, passing, made,
       CASE WHEN after < 0 THEN (SELECT -?5 - seq FROM part.clip WHERE seq = -after)
            ELSE (SELECT new FROM scratch.placed WHERE number = ?1 AND old = after) END,
       sha256, (SELECT seq + ?2 FROM part.attempt WHERE seq = base), counted_as, seal
FROM part.outcome CROSS JOIN scratch.placed ON placed.number = ?1 AND placed.old = part.outcome.seq
WHERE item >= ?3 AND item < ?4 ORDER BY item, fingerprint, input
"""
_STANDING = """
INSERT INTO main.standing
SELECT after, outcome.seq, step.id, coalesce(rollout, 0), ending.id
FROM main.outcome CROSS JOIN main.step USING (fingerprint) CROSS JOIN main.ending
ON ending.kind = outcome.kind AND ending.reason = outcome.reason AND ending.counted_as IS outcome.counted_as
WHERE after IS NOT NULL AND outcome.seq > ?1 AND outcome.seq <= ?2
"""


@dataclass(frozen=True)
class Whole:
    """What the merged store says of itself."""

    recipes: Sequence[RecipeRow]
    """That the parts were made with, oldest first; the last one is that of all."""
    listed: dict[str, bool]
    """The splits, and whether each part has listed them to their end."""
    before: str | None = None
    """How the store stood whose place it takes, see `stands`; None where none is there."""


@dataclass(frozen=True)
class _Shift:
    """What is added to the numbers of a part's rows."""

    clip: int
    attempt: int


def merge(portions: Sequence[Portion], out: Path, whole: Whole, created_by: str, *, chunk: int = CHUNK) -> None:
    """Writes `<out>/run.sqlite` from the stores of all parts. Raises StoreError; then nothing has changed.

    `chunk` clips of all parts are seen to at once. A store that stands there is replaced where it still is what the
    whole says, of which the caller has seen that nothing is lost. Nobody works on the parts; one that has changed
    meanwhile is found out.
    """
    path, fresh = out / FILE, out / f"{FILE}.merging"
    _forget(fresh)
    try:
        _make(fresh, portions, whole, created_by, chunk)
        _check_still(portions)
        with closed(out / WORKERS):
            _check_place(out, whole)
            _put(fresh, path)
    except BaseException:
        _forget(fresh)
        raise


def _make(fresh: Path, portions: Sequence[Portion], whole: Whole, created_by: str, chunk: int) -> None:
    """Writes a whole store into a new file."""
    with translated(fresh):
        connection = apsw.Connection(
            str(fresh), flags=apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
        )
        try:
            _ready(connection)
            migrate(connection, fresh, created_by)
            _fill(connection, portions, whole, chunk)
            note_merged(connection, portions)
            connection.pragma("journal_mode", "wal", schema="main")  # as every other store
        finally:
            connection.close()


def _check_still(portions: Sequence[Portion]) -> None:
    """Raises StoreError where a part has gone on since it was looked at."""
    for portion in portions:
        if now(portion.path) != portion.state:
            raise StoreError(f"{portion.path.parent}: it was worked on meanwhile; run the same command again")


def _check_place(out: Path, whole: Whole) -> None:
    """Raises StoreError where what lies in the folder is no longer what it was."""
    if stands(out, touch=False) != whole.before:
        raise StoreError(
            f"{out}: somebody has worked on a run there meanwhile, and it stays as it is; name another folder"
        )


def _forget(fresh: Path) -> None:
    """Removes what a merge has left that was killed, or that failed."""
    for left in (fresh, log_of(fresh), fresh.with_name(f"{fresh.name}-shm")):
        left.unlink(missing_ok=True)


def _ready(connection: apsw.Connection) -> None:
    """Nothing is promised before the end: what a kill leaves is thrown away."""
    connection.pragma("page_size", PAGE)
    connection.pragma("journal_mode", "off")
    connection.pragma("synchronous", "off")
    connection.pragma("cache_size", -CACHE)


def _put(fresh: Path, path: Path) -> None:
    """Gives the new store its name, once it is on the disk. The log of an older one must not be taken for its own."""
    with translated(path):
        if path.exists():
            connection = open_to_write(path)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
        if log_of(path).exists():
            raise StoreError(f"{path}: another program has it open; close that, and run the same command again")
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _fill(connection: apsw.Connection, portions: Sequence[Portion], whole: Whole, chunk: int) -> None:
    made = "SELECT type, name, sql FROM main.sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
    later = list(connection.execute(made))
    for kind, name, _ in later:
        connection.execute(f"DROP {kind} {name}")
    connection.execute("ATTACH '' AS scratch")  # a file without a name
    connection.execute(
        "CREATE TABLE scratch.placed (number INT, old INT, new INT, PRIMARY KEY (number, old)) WITHOUT ROWID"
    )
    shifts = [_copy(connection, portion) for portion in portions]
    _outcomes(connection, portions, shifts, list(pairwise(_bounds(connection, chunk))))
    for row in whole.recipes:
        told = (row.fingerprint, row.recipe, row.made)
        connection.execute("INSERT INTO main.recipe (fingerprint, recipe, made) VALUES (?, ?, ?)", told)
    for split, listed in whole.listed.items():
        connection.execute("INSERT INTO main.listing VALUES (?, ?, NULL)", (split, listed))
    connection.execute("DETACH scratch")
    for _, _, sql in later:
        connection.execute(sql)


def _copy(connection: apsw.Connection, portion: Portion) -> _Shift:
    """All of a part but its outcomes."""
    last = "SELECT coalesce(max(seq), 0), (SELECT coalesce(max(seq), 0) FROM main.attempt) FROM main.clip"
    shift = _Shift(*next(iter(connection.execute(last))))
    position = int(str(connection.execute("SELECT count(*) FROM main.clip").get))
    with _attached(connection, portion.path), connection:
        connection.execute(_CLIP, (shift.clip, position))
        connection.execute(_ATTEMPT, (shift.attempt,))
        connection.execute(_BATCHED_ROWS, (shift.attempt,))
        for query in _ONCE:
            connection.execute(query)
    return shift


def _outcomes(
    connection: apsw.Connection,
    portions: Sequence[Portion],
    shifts: Sequence[_Shift],
    ranges: Sequence[tuple[Value, Value]],
) -> None:
    """First every row is told its new number, since one may follow another of a range before; then they are copied."""
    counts = []
    for portion in portions:
        with _attached(connection, portion.path):
            query = "SELECT count(*) FROM part.outcome WHERE item >= ? AND item < ?"
            own = [int(str(connection.execute(query, one).get)) for one in ranges]
            if sum(own) != connection.execute("SELECT count(*) FROM part.outcome").get:
                raise StoreError(f"{portion.path}: somebody has changed it: it has outcomes of items without a name")
            counts.append(own)
    bases: list[list[int]] = [[] for _ in portions]
    last = 0
    for index in range(len(ranges)):
        for own, base in zip(counts, bases, strict=True):
            base.append(last)
            last += own[index]
    for portion, base in zip(portions, bases, strict=True):
        with _attached(connection, portion.path), connection:
            for start, one in zip(base, ranges, strict=True):
                connection.execute(_PLACE, (portion.part.number, start, *one))
    for index, one in enumerate(ranges):
        for portion, shift, own, base in zip(portions, shifts, counts, bases, strict=True):
            if own[index]:
                with _attached(connection, portion.path), connection:
                    connection.execute(_OUTCOME, (portion.part.number, shift.attempt, *one, shift.clip))
                    assert connection.changes() == own[index], f"{connection.changes()} of {own[index]}"
                    connection.execute(_STANDING, (base[index], base[index] + own[index]))


def _bounds(connection: apsw.Connection, chunk: int) -> Iterator[Value]:
    """Names of items between which there are about so many clips, from before the first to behind the last."""
    clips = int(str(connection.execute("SELECT count(*) FROM main.clip").get))
    yield ""
    for offset in range(chunk, clips, chunk):
        yield str(connection.execute("SELECT id FROM main.clip ORDER BY id LIMIT 1 OFFSET ?", (offset,)).get)
    yield _END


@contextmanager
def _attached(connection: apsw.Connection, path: Path) -> Iterator[None]:
    """The store of a part, to be read under the name `part`. Raises StoreError."""
    name = path.absolute().as_uri()
    with translated(path):
        try:
            connection.execute("ATTACH ? AS part", (f"{name}?mode=ro",))
            connection.execute("SELECT count(*) FROM part.sqlite_schema").get  # noqa: B018  # it is really opened here
        except (apsw.CantOpenError, apsw.ReadOnlyError):
            if log_of(path).exists():
                raise
            _detach(connection)
            connection.execute("ATTACH ? AS part", (f"{name}?immutable=1",))  # on a medium that cannot be written
        try:
            yield
        finally:
            _detach(connection)


def _detach(connection: apsw.Connection) -> None:
    if any(name == "part" for _, name, _ in connection.execute("PRAGMA database_list")):
        connection.execute("DETACH part")

"""Seals: by which a resumed run tells at once that a chain of outcomes is the one it would come to again.

An outcome's seal is a sha256 over its row as it lies in the store (deflated, with the reply that it is deflated by) and
the rows of all that it follows, up to the clip's own checksum, and over what else their stages looked at. It holds for
as long as nothing has changed between the clip and here: no byte of a row, no link, no truth, no field of a record, no
release of rocot. An outcome without a seal, or with another one, is no worse: it is read, checked and digested as ever.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from itertools import groupby

import apsw
from pydantic_core import to_json

from rocot import __version__
from rocot.core.record import Item, Json, canonical
from rocot.engine.stage import Step

PLAIN = """
concat_ws(x'00', {0}.item, {0}.clip, {0}.stage, {0}.fingerprint, {0}.input, {0}.kind, {0}.reason, {0}.detail,
          {0}.sha256, coalesce({0}.rollout, ''), {0}.passing, octet_length({0}.payload), {0}.payload,
          (SELECT concat_ws(x'00', packed, octet_length(body), body) FROM attempt WHERE attempt.seq = {0}.base))
"""
"""SQL of what a seal covers of one row, for a table's name; empty where there is no row."""
_CHAINS = f"""
WITH RECURSIVE up (leaf, seq, after, height) AS (
    SELECT seq, seq, after, 0 FROM json_each(?) CROSS JOIN outcome ON seq = json_each.value
    UNION ALL
    SELECT leaf, outcome.seq, outcome.after, height + 1 FROM up CROSS JOIN outcome ON outcome.seq = up.after
    WHERE height < 64  -- a damaged link may lead in a circle, and no plan has so many stages
)
SELECT leaf, (SELECT CAST(sha256 AS BLOB) FROM clip WHERE clip.seq = -up.after), CAST({PLAIN.format("one")} AS BLOB),
       one.seal, one.seq
FROM up CROSS JOIN outcome AS one ON one.seq = up.seq ORDER BY leaf, height DESC
"""  # noqa: S608  # only our own names


def notes_of(steps: Sequence[Step], contexts: Sequence[Json]) -> list[bytes]:
    """What the seal of each step's outcome covers beside rows: contexts, and how rocot reads what stages make."""
    return noted([shape_of(step.stage.output) for step in steps], contexts)


def noted(shapes: Sequence[bytes], contexts: Sequence[Json]) -> list[bytes]:
    """The same, by the shapes of what the steps make."""
    notes, note = [], b""
    for shape, context in zip(shapes, contexts, strict=True):
        # Keys stay in their order, as sorting them takes five times as long; in another order the seal is another one,
        # and the outcome is read.
        note = _note(note, shape, b"null" if context is None else to_json(context))
        notes.append(note)
    return notes


@lru_cache(1024)
def _note(before: bytes, shape: bytes, context: bytes) -> bytes:
    return hashlib.sha256(before + shape + context).digest()


@cache
def shape_of(output: type[Item]) -> bytes:
    """Digest of the fields of a record: where they change, the same bytes may be another item, or none."""
    return hashlib.sha256(canonical([__version__, output.model_json_schema()])).digest()


def seal_of(note: bytes, root: bytes, rows: bytes) -> bytes:
    """The seal of an outcome. `root` is its clip's checksum; `rows` are the `PLAIN` ones down to its own."""
    return hashlib.sha256(note + root + rows).digest()


def seal(connection: apsw.Connection, notes: Mapping[int, Sequence[bytes]]) -> None:
    """Seals outcomes by their seq, within a write; `notes` are those of the steps down to each.

    The caller knows that they are what their stages would come to now. One gets no seal if what it follows does not
    bear the seal that it should, since then nobody has seen its bytes; what follows another one comes behind it.
    """
    asked = connection.execute(_CHAINS, (json.dumps(list(notes)),))
    chains = {leaf: list(rows) for leaf, rows in groupby(asked, key=lambda row: row[0])}
    made: dict[int, bytes | None] = {}
    for seq, told in notes.items():
        rows = chains.get(seq, [])
        made[seq] = None
        if rows and rows[0][1] is not None and len(rows) == len(told):
            root, plain = rows[0][1], [row[2] for row in rows]
            parent = rows[-2] if rows[1:] else None
            if parent is None or seal_of(told[-2], root, b"".join(plain[:-1])) == made.get(parent[4], parent[3]):
                made[seq] = seal_of(told[-1], root, b"".join(plain))
    new = [(made[seq], seq) for seq, rows in chains.items() if seq in made and made[seq] != rows[-1][3]]
    connection.executemany("UPDATE outcome SET seal = ? WHERE seq = ?", new)

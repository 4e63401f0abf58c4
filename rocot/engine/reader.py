"""Reading a run store, while it grows or afterwards. It opens in any other SQLite tool just as well."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Self, TypeVar, cast

import apsw

from rocot.engine.claims import living
from rocot.engine.database import Value, log_of, open_still, open_to_read, open_to_write, translated
from rocot.engine.disk import refuse_network
from rocot.engine.door import entering
from rocot.engine.outcome import Kind, Outcome, checksum
from rocot.engine.packed import unpacked
from rocot.engine.schema import CURRENT, migrate, version_of
from rocot.errors import StoreError

FILE = "run.sqlite"
"""The store's name in the run's folder."""
WORKERS = "workers"
"""The folder beside it in which workers hold their locks."""

T = TypeVar("T")

_OUTCOME = """
SELECT item, clip, stage, fingerprint, input, kind, payload, reason, detail, sha256, rollout, after, passing,
       counted_as, seq,
       (SELECT packed FROM attempt WHERE attempt.seq = base),
       (SELECT CAST(body AS BLOB) FROM attempt WHERE attempt.seq = base)
"""
# What a checksum covers, as bytes: damaged text is often no UTF-8 any more, and must still reach the checksum.
_AS_BYTES = """
SELECT CAST(item AS BLOB), CAST(clip AS BLOB), CAST(stage AS BLOB), CAST(fingerprint AS BLOB), CAST(input AS BLOB),
       CAST(kind AS BLOB), CAST(payload AS BLOB), CAST(reason AS BLOB), CAST(detail AS BLOB), CAST(sha256 AS BLOB),
       rollout, after, passing, counted_as, seq,
       (SELECT packed FROM attempt WHERE attempt.seq = base),
       (SELECT CAST(body AS BLOB) FROM attempt WHERE attempt.seq = base)
"""
# The order of the join is that of the links: by `after`, whatever SQLite would guess.
_FOLLOWERS = "FROM json_each(?2) CROSS JOIN outcome ON after = json_each.value WHERE fingerprint = ?1"
BY_SEQ = "FROM json_each(?1) CROSS JOIN outcome ON seq = json_each.value"
"""For `read_outcomes`: those of a JSON array of numbers."""
_CLIP = """
SELECT id, split, position, CAST(record AS BLOB), gone, CAST(sha256 AS BLOB), seq
FROM clip
"""


@dataclass(frozen=True)
class ClipRow:
    """A registered clip."""

    id: str
    split: str
    position: int
    """Place in the listing, from 0."""
    record: str
    """JSON, without the file's place."""
    gone: bool
    """No longer listed."""
    sha256: str
    seq: int

    @property
    def link(self) -> int:
        """What the outcome of a first stage follows; below 0, so that it is never taken for an outcome's seq."""
        return -self.seq

    @property
    def whole(self) -> bool:
        """Whether it reads as it was written."""
        return self.sha256 == checksum(self.id, self.split, self.record)


@dataclass(frozen=True)
class Worker:
    """A process that has the run open to work on it."""

    id: str
    clips: int
    """That it works on just now."""
    begun: float
    """When it opened the run, seconds since 1970."""


@dataclass(frozen=True)
class StoredReply:
    """What came back from an attempt with status 200, a whole reply or not."""

    call: str
    model: str
    ok: bool
    """Whether it could be read when it came."""
    request_id: str
    body: bytes


@dataclass(frozen=True)
class RecipeRow:
    """A recipe that the run was made with."""

    fingerprint: str
    recipe: str
    """JSON."""
    made: str
    """When it was first used: ISO 8601, UTC."""


class StoreReader:
    """A run store, opened to be read. Safe to call from several threads."""

    def __init__(self, folder: Path, *, touch: bool = True) -> None:
        """Opens `<folder>/run.sqlite`, and brings an older layout up to date. Raises StoreError.

        Without `touch` nothing in the folder changes: an older layout is refused, and a run that nobody writes is read
        without the two files that readers share with writers. Whoever reads it so looks at `overtaken` afterwards.
        """
        self.path = folder / FILE
        self.damaged = 0
        """Rows and replies whose checksum failed since it was opened; they are treated as if they were not there."""
        self._lock = Lock()
        if not self.path.is_file():
            raise StoreError(f"{folder}: there is no run here ({FILE} is missing); name the folder of a run")
        refuse_network(folder)
        with translated(self.path):
            self._still = not touch and not log_of(self.path).exists()
            self._connection = open_still(self.path) if self._still else open_to_read(self.path)
            version = version_of(self._connection, self.path)
            if not version:
                self._connection.close()
                raise StoreError(
                    f"{self.path} is empty: nothing of a run was ever written into it; run `rocot generate` again"
                )
            if version < CURRENT:
                self._connection.close()
                if not touch:
                    raise StoreError(
                        f"{self.path}: an older rocot wrote it (layout {version}; this one reads {CURRENT}), and this"
                        f" command changes nothing; another one, such as `rocot show {folder}`, brings it up to date"
                    )
                with entering(folder / WORKERS):
                    _update(self.path)
                self._connection = open_to_read(self.path)

    def close(self) -> None:
        """Lets go of the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def overtaken(self) -> bool:
        """Whether somebody has begun to write what was opened as if nobody did: then it must be read again."""
        return self._still and log_of(self.path).exists()

    @contextmanager
    def moment(self) -> Iterator[None]:
        """Whatever is read within the block was there at the same moment, however much is written meanwhile."""
        self.rows(int, "BEGIN")
        try:
            yield
        finally:
            self.rows(int, "COMMIT")

    def rows(self, kind: Callable[..., T], query: str, bindings: Sequence[Value] = ()) -> list[T]:
        """The rows of a query, each as `kind(*columns)`. Raises StoreError."""
        with translated(self.path), self._lock:
            return [kind(*row) for row in self._connection.execute(query, bindings)]

    def asked_before(self) -> bool:
        """Whether any attempt is kept."""
        return bool(self.rows(int, "SELECT EXISTS (SELECT 1 FROM attempt)")[0])

    def reply_to(self, call: str, /) -> bytes | None:
        """The body of the newest whole reply to a call, if there is one and its checksum holds."""
        query = "SELECT CAST(body AS BLOB), packed, CAST(sha256 AS BLOB) FROM attempt WHERE call = ? AND kind = 'ok'"
        for body, sha256 in self.rows(_reply, f"{query} ORDER BY seq DESC", (call,)):
            if body is not None and hashlib.sha256(body).hexdigest() == sha256:
                return body
            self.damaged += 1
        return None

    def replies_about(self, item: str, stage: str) -> list[StoredReply]:
        """Whatever a stage was replied about an item, newest first, where the checksum holds."""
        query = "SELECT call, model, kind = 'ok', request_id, CAST(body AS BLOB), packed, CAST(sha256 AS BLOB)"
        about = f"{query} FROM attempt WHERE item = ? AND stage = ? AND status = 200 ORDER BY seq DESC"
        found = self.rows(_about, about, (item, stage))
        return [reply for reply, sha256 in found if hashlib.sha256(reply.body).hexdigest() == sha256]

    def outcomes_after(self, seq: int, *, count: int = 256) -> list[Outcome]:
        """Outcomes in the order in which they were stored, from behind `seq` on."""
        return self._outcomes("FROM outcome WHERE seq > ? ORDER BY seq LIMIT ?", (seq, count))

    def outcome(self, item: str, fingerprint: str, given: str) -> Outcome | None:
        """What a stage made of an item, if it was given just this."""
        query = "FROM outcome WHERE item = ? AND fingerprint = ? AND input = ?"
        return self._whole(self._outcomes(query, (item, fingerprint, given)))

    def follower(self, after: int, fingerprint: str, item: str) -> Outcome | None:
        """What a stage made of an item last, after the outcome or clip of that link."""
        query = "FROM outcome WHERE after = ? AND fingerprint = ? AND item = ?"
        return self._whole(self._outcomes(query, (after, fingerprint, item)))

    def followers(self, links: Sequence[int], fingerprint: str) -> dict[tuple[int, int | None], Outcome]:
        """What a stage made of many items last, by link and rollout; damaged outcomes too."""
        found = self._outcomes(_FOLLOWERS, (fingerprint, json.dumps(links)))
        return {(outcome.after or 0, outcome.rollout): outcome for outcome in found}

    def outcomes_of(self, item: str) -> list[Outcome]:
        """Every outcome of an item's key, superseded and damaged ones too, oldest first."""
        return self._outcomes("FROM outcome WHERE item = ? ORDER BY seq", (item,))

    def _outcomes(self, query: str, bindings: Sequence[Value]) -> list[Outcome]:
        with translated(self.path), self._lock:
            return read_outcomes(self._connection, query, bindings)

    def _whole(self, found: list[Outcome]) -> Outcome | None:
        whole = [outcome for outcome in found if outcome.whole]
        self.damaged += len(found) - len(whole)
        return whole[0] if whole else None

    def clip(self, key: str) -> ClipRow | None:
        """A registered clip, gone or not."""
        return next(iter(self.rows(_clip, f"{_CLIP} WHERE id = ?", (key,))), None)

    def clips(self, split: str, *, after: str = "", count: int = 256) -> list[ClipRow]:
        """Clips of a split that are still listed, in the order of their ids, from behind `after` on."""
        query = f"{_CLIP} WHERE split = ? AND gone = 0 AND id > ? ORDER BY id LIMIT ?"
        return self.rows(_clip, query, (split, after, count))

    def every(self, count: int, split: str) -> list[str]:
        """The ids of every so-manieth clip of a split that is still listed, in their order."""
        query = """
            SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM clip WHERE split = ? AND gone = 0)
            WHERE number % ? = 0 ORDER BY id
        """
        return self.rows(str, query, (split, count))

    def claimed_by(self, clip: str) -> str | None:
        """The worker that claims a clip, dead or alive."""
        return next(iter(self.rows(str, "SELECT owner FROM claim WHERE clip = ?", (clip,))), None)

    def workers(self) -> list[Worker]:
        """Those that live."""
        claims = self.rows(lambda owner, clips: (owner, clips), "SELECT owner, count(*) FROM claim GROUP BY owner")
        held = dict(claims)
        alive = living(self.path.parent / WORKERS)
        return [Worker(owner, held.get(owner, 0), begun) for owner, begun in alive.items()]

    def splits_of(self, owners: Iterable[str]) -> list[str]:
        """The splits of the clips that these workers claim."""
        query = "SELECT DISTINCT split FROM claim JOIN clip ON clip.id = claim.clip WHERE owner = ?"
        return sorted({split for owner in owners for split in self.rows(str, query, (owner,))})

    def last_outcome(self) -> int:
        """seq of the newest outcome; 0 where there is none."""
        return self.rows(int, "SELECT coalesce(max(seq), 0) FROM outcome")[0]

    def recipe(self) -> RecipeRow | None:
        """The recipe that was used last."""
        query = "SELECT fingerprint, recipe, made FROM recipe ORDER BY seq DESC LIMIT 1"
        return next(iter(self.rows(RecipeRow, query)), None)


def read_outcomes(connection: apsw.Connection, query: str, bindings: Sequence[Value]) -> list[Outcome]:
    """Outcomes, damaged ones too; the query begins with FROM."""
    try:
        return [_outcome(*row) for row in connection.execute(f"{_OUTCOME} {query}", bindings)]
    except UnicodeDecodeError:
        return [_outcome(*row) for row in connection.execute(f"{_AS_BYTES} {query}", bindings)]


def _text(stored: Value) -> str:
    """Text that a checksum covers; what is no text comes back as some other text, which the checksum tells."""
    if isinstance(stored, str):
        return stored
    return stored.decode("utf-8", "replace") if isinstance(stored, bytes) else str(stored or "")


def _reply(body: bytes | None, packed: int, sha256: bytes | None) -> tuple[bytes | None, str]:
    return unpacked(body or b"") if packed else body or b"", _text(sha256)


def _payload(stored: Value, packed: int | None, reply: bytes | None) -> str:
    """A payload is a JSON object, and begins with a brace; what is deflated begins with zlib's 0x78."""
    if not isinstance(stored, bytes) or stored[:1] != b"\x78":
        return _text(stored)
    like = unpacked(reply or b"") if packed else reply
    return _text(unpacked(stored, like or b""))


def _about(  # noqa: PLR0913, PLR0917  # the columns of replies_about
    call: str, model: str, ok: int, request_id: str, body: bytes | None, packed: int, sha256: bytes | None
) -> tuple[StoredReply, str]:
    plain, checked = _reply(body, packed, sha256)
    return StoredReply(call, model, bool(ok), request_id, plain or b""), checked


def _clip(  # noqa: PLR0913, PLR0917  # the columns of _CLIP
    key: str, split: str, position: int, record: bytes | None, gone: int, sha256: bytes | None, seq: int
) -> ClipRow:
    return ClipRow(key, split, position, _text(record), bool(gone), _text(sha256), seq)


def _outcome(  # noqa: PLR0913, PLR0917  # the columns of _OUTCOME
    item: Value,
    clip: Value,
    stage: Value,
    fingerprint: Value,
    given: Value,
    kind: Value,
    payload: Value,
    reason: Value,
    detail: Value,
    sha256: Value,
    rollout: int | None,
    after: int | None,
    passing: int,
    counted_as: str | None,
    seq: int,
    packed: int | None,
    reply: bytes | None,
) -> Outcome:
    return Outcome(
        item=_text(item),
        clip=_text(clip),
        rollout=rollout,
        stage=_text(stage),
        fingerprint=_text(fingerprint),
        input=_text(given),
        after=after,
        kind=cast("Kind", _text(kind)),  # any other is not whole
        payload=_payload(payload, packed, reply),
        reason=_text(reason),
        detail=_text(detail),
        passing=bool(passing),
        counted_as=counted_as,
        sha256=_text(sha256),
        seq=seq,
    )


def _update(path: Path) -> None:
    connection = open_to_write(path)
    try:
        migrate(connection, path, "")
    finally:
        connection.close()

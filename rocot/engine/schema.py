"""The layout of a run store: a list of steps from nothing to today. A new store takes them all, an older one the rest.

Published steps are never edited; a change is a new step at the end, with a test that starts from the older layout.
"""

from functools import cache
from pathlib import Path

import apsw

from rocot.errors import StoreError

APPLICATION = 0x726F636F
"""SQLite's application_id of a run store: "roco"."""

_FIRST = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE recipe (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    fingerprint TEXT NOT NULL,
    recipe TEXT NOT NULL,                -- JSON
    made TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

CREATE TABLE clip (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,  -- a new one when the record changes
    id TEXT NOT NULL UNIQUE,
    split TEXT NOT NULL,
    position INTEGER NOT NULL,           -- place in the listing, from 0
    record TEXT NOT NULL,                -- JSON
    gone INTEGER NOT NULL DEFAULT 0      -- 1: no longer listed
);

-- One row per attempt at a call, failed ones too; rows are only ever added.
CREATE TABLE attempt (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    call TEXT NOT NULL,                  -- digest of all that is sent
    item TEXT NOT NULL,
    stage TEXT NOT NULL,
    model TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('ok', 'failed')),
    reason TEXT NOT NULL,
    status INTEGER NOT NULL,             -- HTTP
    body BLOB NOT NULL,                  -- the raw reply
    sha256 TEXT NOT NULL,                -- of the body
    request_id TEXT NOT NULL,
    latency REAL NOT NULL,               -- seconds
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    made TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
CREATE INDEX attempt_by_call ON attempt (call);
CREATE INDEX attempt_by_item ON attempt (item);

-- What a stage made of an item.
CREATE TABLE outcome (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    item TEXT NOT NULL,                  -- the clip's id, from the fan-out on with # and the rollout's number
    clip TEXT NOT NULL,
    rollout INTEGER,                     -- NULL before the fan-out
    stage TEXT NOT NULL,
    fingerprint TEXT NOT NULL,           -- of this stage and of all before it
    input TEXT NOT NULL,                 -- digest of the item that came in, and of the context it was judged in
    kind TEXT NOT NULL CHECK (kind IN ('done', 'rejected', 'failed')),
    payload TEXT NOT NULL,               -- JSON: the fields that the stage added
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    passing INTEGER NOT NULL,            -- 1: a failure that another run tries again
    made TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    UNIQUE (item, fingerprint, input)
);
"""

_LINKS_AND_CLAIMS = """
ALTER TABLE attempt ADD COLUMN cached_tokens INTEGER NOT NULL DEFAULT 0;

-- Each outcome names the one it follows, so that no reader joins an answer to frames it was not given:
-- seq of the outcome of the stage before; for the first stage minus the clip's seq; NULL once superseded.
ALTER TABLE outcome ADD COLUMN after INTEGER;
CREATE INDEX outcome_by_after ON outcome (after);

-- integrity_check finds 2 of 60 flipped bits, a checksum all. Over the texts of a row, each followed by a NUL:
-- id, split, record; item, fingerprint, input, kind, reason, detail, payload. '' in older rows: the clip is registered
-- again, the outcome made again from the stored replies.
ALTER TABLE clip ADD COLUMN sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE outcome ADD COLUMN sha256 TEXT NOT NULL DEFAULT '';

CREATE TABLE claim (clip TEXT PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID;
"""

_HEADERS_AND_COST = """
ALTER TABLE attempt ADD COLUMN headers TEXT NOT NULL DEFAULT '';  -- JSON: those that tell of rates; '' for none
ALTER TABLE attempt ADD COLUMN cost REAL;                         -- money, by the prices of then; NULL without a price
"""

_PACKED_AND_SPENT = """
ALTER TABLE attempt ADD COLUMN packed INTEGER NOT NULL DEFAULT 0;  -- 1: body is deflated (zlib); sha256 is of the plain

-- outcome.payload: a BLOB where it is deflated (zlib; with the plain body of the attempt `base` as its dictionary, the
-- last 32,768 bytes of it), else JSON as before.
ALTER TABLE outcome ADD COLUMN base INTEGER;

-- What all attempts come to, so that nobody has to read them all to tell.
CREATE TABLE spent (
    model TEXT NOT NULL,
    stage TEXT NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    priced INTEGER NOT NULL,             -- 1: cost is known
    attempts INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    latency REAL NOT NULL,               -- seconds
    cost REAL NOT NULL,
    first INTEGER NOT NULL,              -- seq of the first of these attempts
    PRIMARY KEY (model, stage, kind, reason, priced)
) WITHOUT ROWID;
INSERT INTO spent
SELECT model, stage, kind, reason, cost IS NOT NULL, count(*), sum(prompt_tokens), sum(completion_tokens),
       sum(cached_tokens), total(latency), total(cost), min(seq)
FROM attempt GROUP BY 1, 2, 3, 4, 5;
CREATE TRIGGER attempt_is_spent AFTER INSERT ON attempt BEGIN
    INSERT INTO spent VALUES (new.model, new.stage, new.kind, new.reason, new.cost IS NOT NULL, 1, new.prompt_tokens,
                              new.completion_tokens, new.cached_tokens, new.latency, coalesce(new.cost, 0.0), new.seq)
    ON CONFLICT DO UPDATE SET
        attempts = attempts + 1,
        prompt_tokens = prompt_tokens + new.prompt_tokens,
        completion_tokens = completion_tokens + new.completion_tokens,
        cached_tokens = cached_tokens + new.cached_tokens,
        latency = latency + new.latency,
        cost = cost + coalesce(new.cost, 0.0);
END;
"""

_STANDING = """
-- What an item that came out of a stage is counted by; NULL where an older rocot stored it, and nobody looked since.
ALTER TABLE outcome ADD COLUMN counted_as TEXT;

-- The outcomes that count, in a few bytes each: a million samples are counted in seconds, and their rows not touched.
CREATE TABLE step (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE);
CREATE TABLE ending (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, reason TEXT NOT NULL, counted_as TEXT);
CREATE TABLE standing (
    after INTEGER NOT NULL,              -- as in outcome
    outcome INTEGER NOT NULL,            -- its seq
    step INTEGER NOT NULL,
    rollout INTEGER NOT NULL,            -- 0 before the fan-out
    ending INTEGER NOT NULL,
    PRIMARY KEY (after, outcome)
) WITHOUT ROWID;
INSERT INTO step (fingerprint) SELECT DISTINCT fingerprint FROM outcome;
INSERT INTO ending (kind, reason) SELECT DISTINCT kind, reason FROM outcome;
INSERT INTO standing
SELECT after, outcome.seq, step.id, coalesce(rollout, 0), ending.id
FROM outcome JOIN step USING (fingerprint) JOIN ending USING (kind, reason) WHERE after IS NOT NULL ORDER BY 1, 2;
CREATE TRIGGER outcome_stands AFTER INSERT ON outcome WHEN new.after IS NOT NULL BEGIN
    INSERT OR IGNORE INTO step (fingerprint) VALUES (new.fingerprint);
    INSERT INTO ending (kind, reason, counted_as) SELECT new.kind, new.reason, new.counted_as WHERE NOT EXISTS (
        SELECT 1 FROM ending WHERE kind = new.kind AND reason = new.reason AND counted_as IS new.counted_as);
    INSERT INTO standing SELECT new.after, new.seq, step.id, coalesce(new.rollout, 0), ending.id
    FROM step, ending WHERE step.fingerprint = new.fingerprint
    AND ending.kind = new.kind AND ending.reason = new.reason AND ending.counted_as IS new.counted_as;
END;
CREATE TRIGGER outcome_stands_elsewhere AFTER UPDATE OF after, counted_as ON outcome BEGIN
    DELETE FROM standing WHERE after = old.after AND outcome = old.seq;
    INSERT INTO ending (kind, reason, counted_as) SELECT new.kind, new.reason, new.counted_as
    WHERE new.after IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM ending WHERE kind = new.kind AND reason = new.reason AND counted_as IS new.counted_as);
    INSERT OR IGNORE INTO step (fingerprint) SELECT new.fingerprint WHERE new.after IS NOT NULL;
    INSERT INTO standing SELECT new.after, new.seq, step.id, coalesce(new.rollout, 0), ending.id
    FROM step, ending WHERE new.after IS NOT NULL AND step.fingerprint = new.fingerprint
    AND ending.kind = new.kind AND ending.reason = new.reason AND ending.counted_as IS new.counted_as;
END;
CREATE TRIGGER outcome_stands_no_more AFTER DELETE ON outcome BEGIN
    DELETE FROM standing WHERE after = old.after AND outcome = old.seq;
END;

CREATE TABLE listing (
    split TEXT PRIMARY KEY,
    whole INTEGER NOT NULL,              -- 1: it was listed to its end, at least once
    expected INTEGER                     -- clips in all, about, as told while it is listed; NULL where nobody can tell
) WITHOUT ROWID;
"""

_BATCHES = """
-- Files of calls that are answered together, hours later (OpenAI's Batch API); from the moment before the first byte
-- leaves this machine.
CREATE TABLE batch (
    uuid TEXT PRIMARY KEY,               -- names its file below batches/
    model TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('sealed', 'uploaded', 'posting', 'created', 'closed', 'dropped')),
    tag TEXT NOT NULL DEFAULT '',        -- stands in its metadata at the service
    file TEXT NOT NULL DEFAULT '',       -- the service's id of its input
    name TEXT NOT NULL DEFAULT '',       -- the service's id of it
    calls INTEGER NOT NULL,
    made TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) WITHOUT ROWID;

CREATE TABLE batched (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    batch TEXT NOT NULL,
    call TEXT NOT NULL,                  -- its custom_id
    item TEXT NOT NULL,
    stage TEXT NOT NULL,
    estimate INTEGER NOT NULL,           -- tokens of the prompt, estimated
    most_prompt INTEGER NOT NULL,        -- tokens at worst, which its cost is set aside by
    most_completion INTEGER NOT NULL,
    attempt INTEGER,                     -- seq of what came of it; NULL until then
    priced INTEGER NOT NULL DEFAULT 0,   -- 1: its cost is known
    prompt_tokens INTEGER NOT NULL DEFAULT 0,
    completion_tokens INTEGER NOT NULL DEFAULT 0,
    cached_tokens INTEGER NOT NULL DEFAULT 0,
    UNIQUE (batch, call)
);
CREATE INDEX batched_by_call ON batched (call);
"""

_RUN_PARTS = """
-- Which part of a run the store is; no row in a whole run.
CREATE TABLE part (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL, parts INTEGER NOT NULL);

-- What a part saw of a split that it has listed to its end.
CREATE TABLE census (
    split TEXT PRIMARY KEY,
    videos INTEGER NOT NULL,             -- in the whole split
    own INTEGER NOT NULL,                -- of these, the part's
    digest TEXT NOT NULL                 -- sha256 of the names of all of them
) WITHOUT ROWID;

-- The parts that were merged into the store, each as it stood then; no row in a store that nobody merged.
CREATE TABLE merged (
    number INTEGER PRIMARY KEY,          -- of the part
    parts INTEGER NOT NULL,
    state TEXT NOT NULL                  -- JSON: what of the part tells whether it has gone on since
);
"""

_SEALS = """
-- sha256 over the row as it lies here and all that it follows (rocot.engine.seals); NULL where nobody has sealed it.
ALTER TABLE outcome ADD COLUMN seal BLOB;
"""

_PURGED = """
-- What was taken out for good: a row for each clip, and for each of its attempts what it is told by (engine.history).
-- By it a copy of the store from before is known as one that this goes on from.
CREATE TABLE purged (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    attempt INTEGER,                     -- its seq; NULL for a clip
    told TEXT NOT NULL,                  -- sha256; '' for a clip
    made TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
CREATE INDEX purged_by_attempt ON purged (attempt) WHERE attempt IS NOT NULL;
"""

STEPS: tuple[str, ...] = (
    *(_FIRST, _LINKS_AND_CLAIMS, _HEADERS_AND_COST, _PACKED_AND_SPENT, _STANDING, _BATCHES),
    *(_RUN_PARTS, _SEALS, _PURGED),
)
"""Step n leads from version n to version n + 1."""
CURRENT = len(STEPS)
"""The version that this rocot writes, as in SQLite's user_version."""


_PARTS = """
SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'trigger')
UNION ALL SELECT 'column', made.name || '.' || part.name
FROM sqlite_schema AS made JOIN pragma_table_info(made.name) AS part WHERE made.type = 'table'
"""
_AGAIN = "put back a copy of it; or move it away and run `rocot generate` again, which asks everything anew"
_TOLD = 3
"""Of what is missing."""


def version_of(connection: apsw.Connection, path: Path) -> int:
    """The version of a store; 0 for a file with nothing in it.

    Raises StoreError for what is no run store, a newer one, or one that lacks a part of its version's layout.
    """
    version = int(str(connection.pragma("user_version")))
    application = int(str(connection.pragma("application_id")))
    tables = int(str(connection.execute("SELECT count(*) FROM sqlite_schema").get))
    if application != APPLICATION and (tables or version or application):
        raise StoreError(f"{path} is a database of another program; move it away, or choose another run folder")
    if version > CURRENT:
        raise StoreError(
            f"{path} was written by a newer rocot (layout {version}; this one knows up to {CURRENT}); upgrade rocot"
        )
    if version < 1 and tables:
        raise StoreError(f"{path} does not say which layout it has (got {version}, wanted 1 to {CURRENT}); {_AGAIN}")
    lost = _layout(version) - set(connection.execute(_PARTS))
    if lost:
        told = sorted(
            f"the {kind} {name}"
            for kind, name in lost
            if kind != "column" or ("table", name.partition(".")[0]) not in lost
        )
        more = f" and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
        raise StoreError(f"{path}: somebody has changed it: it has lost {', '.join(told[:_TOLD])}{more}; {_AGAIN}")
    return version


@cache
def _layout(version: int) -> frozenset[tuple[str, str]]:
    """What a store of a version consists of, by kind and name."""
    connection = apsw.Connection(":memory:")
    for step in STEPS[:version]:
        connection.execute(step)
    parts = frozenset(connection.execute(_PARTS))
    connection.close()
    return parts


def migrate(connection: apsw.Connection, path: Path, created_by: str) -> None:
    """Brings a store up to the current layout, all or nothing. Raises StoreError as `version_of` does."""
    if version_of(connection, path) == CURRENT:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = version_of(connection, path)  # again: another process may have been first
        for step in STEPS[version:]:
            connection.execute(step)
        if version == 0:
            connection.execute("INSERT INTO meta VALUES ('created by', ?)", (created_by,))
        connection.pragma("application_id", APPLICATION)
        connection.pragma("user_version", CURRENT)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise

"""SQLite as the run store needs it: durable connections, and its errors in words that say what to do.

apsw brings a SQLite of its own: that of many Pythons can corrupt a WAL file (sqlite.org/wal.html#walresetbug).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import apsw

from rocot.errors import StoreError

Value: TypeAlias = int | float | str | bytes | None
"""What SQLite holds."""

PATIENCE = 120_000
"""Milliseconds to wait for another process's transaction. With four writers one has been seen to wait 6.3 s."""
PAGE = 16 * 1024
"""Bytes. Replies of 2 kB leave a third of each 4 kB page empty: 28.5 kB a row there, 20.9 kB here, as fast."""
WAL = 4 * 1024 * 1024
"""Bytes of the log that are folded into the file at the latest."""

_DAMAGED = "it is damaged; salvage what can be read: sqlite3 run.sqlite .recover | sqlite3 saved.sqlite"
_ADVICE: tuple[tuple[type[apsw.Error], str], ...] = (
    (apsw.NotADBError, "it is no SQLite file; move it away, or choose another run folder"),
    (apsw.FullError, "the disk is full; all that was acknowledged is kept: free some space and run the same again"),
    (apsw.ReadOnlyError, "it cannot be written; make the file and its folder writable, or choose another run folder"),
    (apsw.PermissionsError, "permission denied; make the file and its folder writable, or choose another run folder"),
    (
        apsw.CantOpenError,
        "it cannot be opened; is its folder writable, and the name not that of a folder? Or choose another run folder",
    ),
    (apsw.BusyError, f"another program has kept it locked for {PATIENCE // 1000} s; close what has it open"),
    (apsw.LockedError, "another program keeps it locked; close what has it open"),
    (apsw.ProtocolError, "its locks do not work here; the run folder must lie on a local disk"),
    (apsw.CorruptError, _DAMAGED),
    (apsw.IOError, "the disk cannot be read or written; see to its free space, quota and health, then run again"),
    (apsw.NoMemError, "there is not enough memory"),
)
"""What the user can do something about. Any other apsw.Error is a bug and keeps its traceback."""
_SILENT = "not an error"
"""What SQLite says of an error that it noted elsewhere, as those of a copy by its backup API."""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raises StoreError, with what to do, for SQLite's complaints about the file at `path`."""
    try:
        yield
    except apsw.Error as error:
        for kind, advice in _ADVICE:
            if isinstance(error, kind):
                said = "" if str(error) == _SILENT else f" (SQLite: {error})"
                raise StoreError(f"{path}: {advice}{said}") from error
        raise
    except UnicodeDecodeError as error:  # SQLite hands out text as it finds it
        raise StoreError(f"{path}: {_DAMAGED} (what was text is no UTF-8: {error.reason})") from error


def open_to_write(path: Path) -> apsw.Connection:
    """A connection whose every commit is on disk when it returns. The file is made if it is missing."""
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(PATIENCE)
    connection.pragma("page_size", PAGE)  # of a new file; an older one keeps its own
    connection.pragma("journal_mode", "wal")
    connection.pragma("wal_autocheckpoint", WAL // PAGE)
    connection.pragma("synchronous", "full")  # NORMAL lost acknowledged rows in 181 of 200 simulated power losses
    return connection


def open_to_read(path: Path) -> apsw.Connection:
    """A connection that changes nothing; it also opens a finished run on a medium that cannot be written."""
    try:
        connection = _reading(str(path))
    except (apsw.CantOpenError, apsw.ReadOnlyError):
        if not path.is_file() or log_of(path).exists():
            raise
        # WAL wants to make a -shm file beside it. Where nothing can be written, nothing can change either.
        connection = open_still(path)
    return connection


def open_still(path: Path) -> apsw.Connection:
    """A connection to what nobody changes meanwhile: it makes no file, and takes no lock."""
    return _reading(f"{path.absolute().as_uri()}?immutable=1")


def log_of(path: Path) -> Path:
    """The log beside a database, there while somebody has it open to write, and after a kill."""
    return path.with_name(path.name + "-wal")


def _reading(name: str) -> apsw.Connection:
    connection = apsw.Connection(name, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    connection.set_busy_timeout(PATIENCE)
    connection.execute("SELECT count(*) FROM sqlite_schema").get  # noqa: B018  # the file is really opened here
    return connection

"""What was measured of video files, kept in a SQLite file that may be deleted at any time."""

from pathlib import Path
from types import TracebackType
from typing import Annotated, Self

import apsw
from pydantic import Field, ValidationError

from rocot.core.record import Record
from rocot.engine.database import PATIENCE, translated
from rocot.errors import StoreError
from rocot.sources.manifest.fingerprint import VERSION

_APPLICATION = 0x726F6370
"""SQLite's application_id of such a file: "rocp"."""
_LAYOUT = 1
_TABLE = """
CREATE TABLE probe (
    reader TEXT NOT NULL,
    version INTEGER NOT NULL,  -- of the perceptual hashes
    key TEXT NOT NULL,         -- size, time of change, mark
    probe TEXT NOT NULL,       -- JSON
    PRIMARY KEY (reader, version, key)
) WITHOUT ROWID
"""


class Probe(Record):
    """What a video file is."""

    fps: float | None = Field(default=None, gt=0)
    """Frames a second; None where the file does not say."""
    frames: int = Field(gt=0)
    duration: float = Field(gt=0)
    """Seconds."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    hashes: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")], ...]
    """Perceptual; see rocot.sources.manifest.fingerprint."""


class Probes:
    """The file, open; made where it is missing. Used from one thread."""

    def __init__(self, path: Path) -> None:
        """Raises StoreError for a file that cannot be used."""
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"{path.parent}: cannot be made ({error.strerror}); choose another cache folder"
            ) from error
        try:
            with translated(path):
                self._connection = self._opened()
        except StoreError as error:
            raise self._unusable(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def known(self, reader: str) -> dict[str, Probe]:
        """All that this reader has measured, by key; a record that cannot be read is left out, and measured again."""
        made: dict[str, Probe] = {}
        asked = "SELECT key, probe FROM probe WHERE reader = ? AND version = ?"
        try:
            with translated(self._path):
                rows = self._connection.execute(asked, (reader, VERSION)).fetchall()
        except StoreError as error:
            raise self._unusable(error) from error
        for key, said in rows:
            try:
                made[str(key)] = Probe.model_validate_json(str(said))
            except ValidationError:
                continue
        return made

    def keep(self, reader: str, key: str, probe: Probe) -> None:
        """Keeps it, at once. Raises StoreError."""
        row = (reader, VERSION, key, probe.model_dump_json())
        try:
            with translated(self._path):
                self._connection.execute("INSERT OR REPLACE INTO probe VALUES (?, ?, ?, ?)", row)
        except StoreError as error:
            raise self._unusable(error) from error

    def _opened(self) -> apsw.Connection:
        connection = apsw.Connection(str(self._path))  # with a plain journal: home folders lie on networks, WAL may not
        connection.set_busy_timeout(PATIENCE)
        connection.pragma("synchronous", "normal")  # what a power loss takes is measured again
        with connection:
            application, layout = connection.pragma("application_id"), connection.pragma("user_version")
            tables = connection.execute("SELECT count(*) FROM sqlite_schema").get
            if application != _APPLICATION and (tables or application or layout):
                raise StoreError(f"{self._path} is a database of another program; move it away")
            if layout != _LAYOUT:
                connection.execute("DROP TABLE IF EXISTS probe")
                connection.execute(_TABLE)
                connection.pragma("application_id", _APPLICATION)
                connection.pragma("user_version", _LAYOUT)
        return connection

    def _unusable(self, error: StoreError) -> StoreError:
        said = error.__cause__ or error
        return StoreError(
            f"{self._path}: what was measured cannot be kept there ({said});"
            " delete the file, which only saves time, or choose another cache folder (ROCOT_CACHE)"
        )

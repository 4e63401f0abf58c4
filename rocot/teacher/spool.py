"""The file of calls that is being filled: bytes go to disk as they come, so that a wave of any size takes no memory."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from rocot.engine.batches import Queued
from rocot.errors import StoreError
from rocot.teacher.batch_lines import MOST_BYTES, MOST_CALLS

SUFFIX = ".jsonl"


@dataclass(frozen=True)
class Limits:
    """Of one file."""

    calls: int = MOST_CALLS
    octets: int = MOST_BYTES


@dataclass
class Spool:
    """One file, open to be added to."""

    folder: Path
    uuid: str = field(default_factory=lambda: uuid4().hex)
    calls: dict[str, Queued] = field(default_factory=dict)
    octets: int = 0
    _file: BinaryIO | None = None

    @property
    def path(self) -> Path:
        """Where it lies."""
        return path_of(self.folder, self.uuid)

    def fits(self, line: bytes, limits: Limits) -> bool:
        """Whether one more line may be added. An empty file takes any."""
        return not self.calls or (len(self.calls) < limits.calls and self.octets + len(line) <= limits.octets)

    def add(self, queued: Queued, line: bytes) -> None:
        """Writes a call's line. Raises StoreError."""
        try:
            if self._file is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("wb")
            self._file.write(line)
        except OSError as error:
            raise _unwritable(self.path, error) from error
        self.calls[queued.call] = queued
        self.octets += len(line)

    def seal(self) -> Sequence[Queued]:
        """Has all of it on disk, and closes it; what is in it. Raises StoreError."""
        assert self._file is not None
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise _unwritable(self.path, error) from error
        return list(self.calls.values())

    def drop(self) -> None:
        """Removes a file that was not sealed."""
        if self._file is not None:
            self._file.close()
            self.path.unlink(missing_ok=True)


def path_of(folder: Path, uuid: str) -> Path:
    """Where the file of a batch lies until the service has it."""
    return folder / f"{uuid}{SUFFIX}"


def _unwritable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{path}: cannot be written ({error.strerror}); a wave of batch files takes up to 400 MB for each model:"
        " make room and run the same command again"
    )

"""A listing that may be gone over several times and asks its sources once.

Listing opens files, and looks for leaks among all videos; a run by batch goes over its clips once a wave. What came is
laid down in a file of the disk, so that memory stays flat.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import Self

from rocot.core.clip import Clip
from rocot.errors import StoreError


class Once:
    """Clips, one pass after another. A pass that is left early is no fault: the next one goes on listing behind it."""

    def __init__(self, clips: Iterable[Clip], folder: Path) -> None:
        """`folder` holds the file, which has no name and goes with this process. Raises StoreError."""
        self._rest = iter(clips)
        self._folder = folder
        try:
            self._file = TemporaryFile(dir=folder)  # noqa: SIM115  # closed by `close`
        except OSError as error:
            raise self._unwritable(error) from error

    def close(self) -> None:
        """Lets go of the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Clip]:
        """All clips. One pass at a time; raises what the sources raise, and StoreError."""
        place = 0
        while True:
            try:
                self._file.seek(place)
                line = self._file.readline()
                place = self._file.tell()
            except OSError as error:
                raise self._unwritable(error) from error
            if not line:
                break
            path, record = json.loads(line)
            yield Clip.model_validate_json(record).model_copy(update={"path": path})
        for clip in self._rest:
            self._lay_down(clip)
            yield clip

    def _lay_down(self, clip: Clip) -> None:
        line = json.dumps([clip.path, clip.model_dump_json()])  # a path may hold what is no UTF-8
        try:
            self._file.seek(0, 2)
            self._file.write(line.encode() + b"\n")
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> StoreError:
        return StoreError(
            f"{self._folder}: no room for the list of clips, about 1 kB each ({error.strerror}); see to the disk, and"
            " run the same command again"
        )

"""What a student has answered so far, on disk: one line an answer, so that a kill costs what was being written alone.

A line goes by a key that names all its answer hangs on. A last line that broke off is taken for none.
"""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from rocot.core.record import Record
from rocot.errors import ConfigError, StoreError

NAME = "answers.jsonl"


class Answer(Record):
    """One completion."""

    key: str
    """Digest of all that it hangs on."""
    case: str
    """Id in the benchmark."""
    text: str
    """In rocot's tags."""
    whole: bool
    """Whether it came to its end; false where it was cut off at the most tokens."""
    tokens: int
    """Of the completion."""
    looked: tuple[float, ...] = ()
    """Times of the frames of a closer look, seconds of the source video; empty where it asked for none."""


class Notebook:
    """The answers in a folder. They are on disk when `add` returns."""

    def __init__(self, folder: Path) -> None:
        """Raises ConfigError for a file that is none of this, StoreError where it cannot be written."""
        self.path = folder / NAME
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._answers = {one.key: one for one in _read(self.path)}
            self._file = self.path.open("ab")
        except OSError as error:
            raise StoreError(f"{self.path}: cannot be written ({error.strerror or error})") from error

    def get(self, key: str) -> Answer | None:
        """The answer that was given under this key."""
        return self._answers.get(key)

    def add(self, answers: Iterable[Answer]) -> None:
        """Keeps answers. Raises StoreError."""
        new = list(answers)
        lines = b"".join(one.model_dump_json().encode() + b"\n" for one in new)
        try:
            self._file.write(lines)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise StoreError(f"{self.path}: cannot be written ({error.strerror or error}); make room") from error
        self._answers |= {one.key: one for one in new}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def _read(path: Path) -> Iterator[Answer]:
    """The answers of a file; what broke off at its end is cut off, so that the next line begins a line."""
    if not path.is_file():
        return
    data = path.read_bytes()
    end = data.rfind(b"\n") + 1
    if end < len(data):
        os.truncate(path, end)
    for number, line in enumerate(data[:end].splitlines(), start=1):
        try:
            yield Answer.model_validate(json.loads(line))
        except (ValueError, ValidationError) as error:
            raise ConfigError(
                f"{path}:{number}: no answer of `rocot evaluate`; name another folder with --to"
            ) from error

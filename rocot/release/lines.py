"""JSON lines, and JSON that others add to: files that are whole or not there."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rocot.core.record import Json
from rocot.errors import ConfigError


@contextmanager
def growing_lines(path: Path) -> Iterator[Callable[[Mapping[str, Json]], None]]:
    """A file that records are added to, one by one; it takes its place when the block ends, and none if it raises."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = _part(path)
    try:
        with part.open("w", encoding="utf-8") as file:

            def add(record: Mapping[str, Json]) -> None:
                file.write(json.dumps(record, ensure_ascii=False) + "\n")

            yield add
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def add_entry(path: Path, name: str, entry: Mapping[str, Json]) -> None:
    """One more key of the object in a file, in the place of its old value. Raises ConfigError for what is no object."""
    try:
        known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except ValueError as error:
        raise ConfigError(f"{path}: is no JSON; mend it, or delete it") from error
    if not isinstance(known, dict):
        raise ConfigError(f"{path}: is no JSON object; mend it, or delete it")
    text = json.dumps({**known, name: entry}, indent=2, ensure_ascii=False) + "\n"
    write_once(path, text.encode(), renew=True)


def write_once(path: Path, data: bytes, *, renew: bool = False) -> None:
    """Whole or not at all; a file of these bytes which is there stands, unless it is to be renewed. Raises OSError."""
    if not renew and path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    put(path, data)


def put(path: Path, data: bytes) -> None:
    """In the place of the file that is there, whole or not at all. Raises OSError."""
    part = _part(path)
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")

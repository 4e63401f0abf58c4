"""Rendered files in a folder: each MP4 has beside it a JSON note of its size and sha256, written after it is whole.

A file without its note, or one that the note does not fit, counts as not there and is rendered again.
"""

import hashlib
import json
import os
from pathlib import Path


def is_whole(path: Path) -> bool:
    """Whether the file is there and is, byte for byte, what its note says."""
    try:
        note = json.loads(_note(path).read_text(encoding="utf-8"))
        data = path.read_bytes()
    except (OSError, ValueError):
        return False
    return isinstance(note, dict) and note == _facts(data)


def write_note(path: Path) -> None:
    """Note down a finished file. The note, too, is there whole or not at all."""
    part = path.with_name(f".{path.stem}.{os.getpid()}.json.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            json.dump(_facts(path.read_bytes()), file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(_note(path))
    finally:
        part.unlink(missing_ok=True)


def _facts(data: bytes) -> dict[str, str | int]:
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _note(path: Path) -> Path:
    return path.with_suffix(".json")

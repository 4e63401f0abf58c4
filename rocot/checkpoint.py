"""What a checkpoint on disk is: the digest of all its files that change what it says."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from rocot.core.record import digest
from rocot.errors import ConfigError

HF = "hf:"
"""What the name of a model begins with that is a checkpoint in a folder."""
CONFIG = "config.json"
ADAPTER = "adapter_config.json"
IGNORED = ("README.md", "log.jsonl", "optimizer.pt", "scheduler.pt", "trainer_state.json", "training_args.bin")
"""They say how it was trained, and change nothing that it says."""
STEPS = "steps"
"""The folder of the states that a training resumes from."""
DIGITS = 16
"""Of a digest, those that stand in names."""


def digest_of(folder: Path) -> str:
    """sha256 over the names and sha256s of a checkpoint's files, of the weights under an adapter, too.

    Where the folder lies is not in it. Raises ConfigError where it holds no checkpoint, or cannot be read.
    """
    if not any((folder / name).is_file() for name in (CONFIG, ADAPTER)):
        raise ConfigError(f"{folder}: no checkpoint (no {CONFIG}, no {ADAPTER})")
    try:
        found = {path.relative_to(folder).as_posix(): _sha256(path) for path in _files(folder)}
        below = _below(folder)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{folder}: a checkpoint that cannot be read ({str(error)[:200]})") from error
    return digest(found if below is None else {**found, "..": digest_of(below)})


def named(folder: Path, of: str) -> str:
    """How a checkpoint is called where its answers are kept: by its folder's name and the digest of its files."""
    return f"{folder.name}@{of[:DIGITS]}"


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in inside.parts)
        if path.is_file() and not hidden and inside.parts[0] != STEPS and path.name not in IGNORED:
            yield path


def _below(folder: Path) -> Path | None:
    """Another folder that holds the weights under an adapter; None where they are in this one, or on a hub."""
    if not (folder / ADAPTER).is_file() or (folder / "base").is_dir():
        return None
    said = json.loads((folder / ADAPTER).read_text(encoding="utf-8")).get("base_model_name_or_path")
    return Path(said) if isinstance(said, str) and Path(said).is_dir() else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

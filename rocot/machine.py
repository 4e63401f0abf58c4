"""The machine: where and how fast a recipe runs. It changes no data, so it enters no fingerprint."""

import os
from pathlib import Path

from pydantic import Field, SecretStr

from rocot.core.record import Record

KEY_VARIABLES = ("ROCOT_API_KEY", "OPENAI_API_KEY")
"""Where a key may stand, the first that is set wins. Keys come from the environment and from nowhere else."""


class Machine(Record):
    """Folders, endpoint and pace."""

    run: Path
    """The run's folder: its store, its shards."""
    cache: Path
    """Frames and rendered scenes; may be deleted at any time."""
    workers: int = Field(default=8, ge=1, le=1024)
    """Samples in flight at once; with a service, calls in flight."""
    decoders: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=256)
    """Videos decoded at once, each in a process of its own."""
    decode_deadline: float = Field(default=120.0, gt=0)
    """Seconds that the frames of one clip may take."""
    decode_memory: float = Field(default=4.0, gt=0)
    """Gigabytes (10^9 bytes) that one decoder may take."""
    base_url: str | None = None
    """Of an OpenAI-compatible service; None is OpenAI's own."""
    api_key: SecretStr | None = None
    deadline: float = Field(default=300.0, gt=0)
    """Seconds that one attempt at a call may take in all."""


def default_cache() -> Path:
    """`$ROCOT_CACHE`, else `$XDG_CACHE_HOME/rocot`, else `~/.cache/rocot`."""
    own = os.environ.get("ROCOT_CACHE")
    if own:
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rocot"


def key_from_environment() -> SecretStr | None:
    """The API key, if one is set."""
    for variable in KEY_VARIABLES:
        value = os.environ.get(variable)
        if value:
            return SecretStr(value)
    return None

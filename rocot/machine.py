"""The machine: where and how fast a recipe runs. It changes no data, so it enters no fingerprint."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import Field, SecretStr

from rocot.core.part import Part
from rocot.core.record import Record
from rocot.errors import ConfigError
from rocot.recipe import ROLES, Role

KEY_VARIABLES = ("ROCOT_API_KEY", "OPENAI_API_KEY")
"""Where a key may stand, the first that is set wins. Keys come from the environment and from nowhere else."""


QUOTA_VARIABLE = "ROCOT_CACHE_QUOTA"
QUOTA = 20.0
"""Gigabytes (10^9 bytes): the frames of 40,000 clips of 32 frames, 15 kB each."""


def quota_from_environment() -> float:
    """`$ROCOT_CACHE_QUOTA`, gigabytes (10^9 bytes) of frames that are kept. Raises ConfigError under 1.

    What calls in flight hold is far under 1 GB, and what was used last goes last.
    """
    said = os.environ.get(QUOTA_VARIABLE)
    if not said:
        return QUOTA
    try:
        quota = float(said)
    except ValueError:
        quota = 0.0
    if not 1 <= quota < 1e9:
        raise ConfigError(f"{QUOTA_VARIABLE}: must be a number of gigabytes, 1 at least (got {said[:60]!r})")
    return quota


class Machine(Record):
    """Folders, endpoint and pace."""

    run: Path
    """The run's folder: its store, its shards."""
    part: Part | None = None
    """The share of the videos that this machine works on; None is all."""
    cache: Path
    """Frames and rendered scenes; may be deleted at any time."""
    cache_quota: float = Field(default_factory=quota_from_environment, ge=1)
    """Gigabytes (10^9 bytes) of frames that are kept."""
    workers: int = Field(default=8, ge=1, le=1024)
    """Samples in flight at once; with a service, calls in flight."""
    decoders: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=256)
    """Videos decoded at once, each in a process of its own."""
    decode_deadline: float = Field(default=120.0, gt=0)
    """Seconds that the frames of one clip may take."""
    decode_memory: float = Field(default=4.0, gt=0)
    """Gigabytes (10^9 bytes) that one decoder may take."""
    base_urls: tuple[str, ...] = ()
    """Of OpenAI-compatible services that all serve the model; none is OpenAI's own."""
    own_urls: Mapping[Role, tuple[str, ...]] = {}
    """Of the services of one role, in the place of `base_urls`."""
    api_key: SecretStr | None = None
    own_keys: Mapping[Role, SecretStr] = {}
    """The key for the services of one role, in the place of `api_key`."""
    vllm: tuple[str, ...] = ()
    """Further arguments of the engine that `vllm:<model>` runs, in the words of `vllm serve`."""
    deadline: float = Field(default=300.0, gt=0)
    """Seconds that one attempt at a call may take in all."""
    rpm: int | None = Field(default=None, ge=1)
    """Calls a minute to a model, at most; None is no ceiling."""
    tpm: int | None = Field(default=None, ge=1)
    """Tokens a minute to a model, at most; None is no ceiling."""

    def urls_of(self, role: Role) -> tuple[str, ...]:
        """Where a role is asked."""
        return self.own_urls.get(role, self.base_urls)

    def key_of(self, role: Role) -> SecretStr | None:
        """The key that a role's services are sent."""
        return self.own_keys.get(role, self.api_key)


def default_cache() -> Path:
    """`$ROCOT_CACHE`, else `$XDG_CACHE_HOME/rocot`, else `~/.cache/rocot`."""
    own = os.environ.get("ROCOT_CACHE")
    if own:
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rocot"


def key_from_environment() -> SecretStr | None:
    """The API key, if one is set. White space alone, as of a secret that nobody filled in, is none."""
    return _first_of(KEY_VARIABLES)


def own_keys_from_environment() -> dict[Role, SecretStr]:
    """The keys of single roles that are set: `$ROCOT_REFLECTOR_API_KEY` and its like."""
    found = {role: _first_of((f"ROCOT_{role.upper()}_API_KEY",)) for role in ROLES}
    return {role: key for role, key in found.items() if key is not None}


def _first_of(variables: Sequence[str]) -> SecretStr | None:
    return next((SecretStr(os.environ[name]) for name in variables if os.environ.get(name, "").strip()), None)

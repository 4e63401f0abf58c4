"""The base of every record, and the one way to turn a value into bytes that can be hashed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from typing import Self, TypeAlias

from pydantic import BaseModel, ConfigDict

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


class Record(BaseModel):
    """Frozen, unknown keys refused, non-finite numbers refused. Input values never appear in its validation errors."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True, ser_json_inf_nan="strings"
    )


class Numbered:
    """Marks a field of few known texts whose column holds their numbers, from 0, in the order of its type.

    `datasets` has it as a ClassLabel, by which it can split evenly; it reads numbers there, and pandas does.
    """


NUMBERED = Numbered()


class Item(Record):
    """A record that flows through stages under a name of its own."""

    @property
    def key(self) -> str:
        """The name of the item in the run store; unique in a run."""
        raise NotImplementedError

    @property
    def counted_as(self) -> str:
        """A short name that the store may count it by, once a stage has made it; empty for most."""
        return ""

    def fanned(self, rollout: int) -> Self:
        """The same item as the given rollout (0, 1, ...), under another key."""
        raise NotImplementedError


_SPELL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
"""Made once: `json.dumps` makes one for each value, which takes longer than a short value itself."""


def canonical(value: Json) -> bytes:
    """The one JSON spelling of a value: keys sorted, no spaces, UTF-8.

    Raises ValueError for NaN, infinities and lone surrogates.
    """
    return _SPELL(value).encode()


def quoted(text: str) -> str:
    """A text as JSON, as `canonical` spells it: in a tenth of the time that an encoder takes for a short one."""
    return encode_basestring(text)


def digest(value: Json) -> str:
    """sha256 of the canonical spelling, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()

"""What a stage made of an item, as it is stored: only the fields that the stage added."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["done", "rejected", "failed"]


@dataclass(slots=True)
class Outcome:
    """One row: an item that went into a stage, and what came of it.

    Not frozen: six are made for each sample that is judged again, and a frozen one takes ten times as long.
    """

    item: str
    """Key of the item."""
    clip: str
    """Key of the item before the fan-out."""
    rollout: int | None
    """None before the fan-out."""
    stage: str
    fingerprint: str
    """Of the stage and all before it."""
    input: str
    """Digest of the item that came in, and of the context it was judged in."""
    after: int | None
    """What it follows: seq of the outcome of the stage before, for the first stage the link of the clip."""
    kind: Kind
    payload: str = "{}"
    """JSON: the fields that the stage added."""
    reason: str = ""
    """A short name to count by; empty when done."""
    detail: str = ""
    passing: bool = False
    """A failure that another run tries again."""
    counted_as: str | None = field(default="", compare=False)
    """See `Item.counted_as`; None where an older rocot stored it. It follows from the payload, and no checksum covers
    it."""
    sha256: str = field(default="", compare=False)
    """As stored; see `checksum`."""
    notes: Sequence[bytes] = field(default=(), compare=False)
    """What its seal is to cover beside rows, where it is to get one; see `seals.notes_of`. They are not stored."""
    seq: int = field(default=0, compare=False)
    """Its number in the store; 0 until it is there."""

    @property
    def checksum(self) -> str:
        """sha256 over what must not change unseen."""
        texts = (self.item, self.fingerprint, self.input, self.kind, self.reason, self.detail, self.payload)
        return checksum(*texts)

    @property
    def whole(self) -> bool:
        """Whether it reads as it was written."""
        return self.sha256 == self.checksum


def checksum(*texts: str) -> str:
    """sha256 of texts, each followed by a NUL."""
    return hashlib.sha256("\0".join((*texts, "")).encode()).hexdigest()

"""One attempt at a paid call, and the ledger that keeps it before anything is made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Attempt:
    """One request that was sent, and what came back: failed ones too, since they were paid. The store adds the date."""

    call: str
    """Key of the call: the digest of all that is sent."""
    item: str
    """Key of the item that it is about."""
    stage: str
    model: str
    """As the recipe names it."""
    endpoint: str
    """Where it was sent; never with a key in it."""
    ok: bool
    """Whether the body holds a whole reply."""
    reason: str = ""
    """A short name to count failures by; empty when ok."""
    status: int = 0
    """HTTP status; 0 where nothing came back."""
    body: bytes = b""
    """The raw reply as it came."""
    request_id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those that tell of the server's rates; names in lower case, never a key."""
    latency: float = 0.0
    """Seconds from sending to the last byte; by batch, from submission to end as the service says, 0 if it does not."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    """Of the prompt's, those that a prefix cache paid for."""
    cost: float | None = None
    """Money, by the prices given with the run; None without a price. What told no tokens counts as it may have cost."""


class Ledger(Protocol):
    """Where attempts are kept: all that whoever asks needs to see of the store."""

    async def add_attempt(self, attempt: Attempt, /) -> None:
        """Returns once the attempt is on disk. Raises StoreError."""

    def asked_before(self) -> bool:
        """Whether any attempt is kept. Raises StoreError."""

    def reply_to(self, call: str, /) -> bytes | None:
        """The body of the newest whole reply to a call, if there is one and its checksum holds. Raises StoreError."""

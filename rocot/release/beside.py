"""The tables beside the shards: what was left out, and what differs between two equal runs."""

from rocot.core.record import Record


class LeftOut(Record):
    """A sample that did not become a row."""

    item: str
    """Its key: the clip, and from the fan-out on `#` and the rollout's number."""
    stage: str
    """Where it ended."""
    status: str
    """`rejected` by a rule, or `failed` with an error."""
    reason: str
    """A short name to count by."""
    detail: str

    @property
    def why(self) -> str:
        """The name it is counted under."""
        return f"{self.stage}: {self.reason}"


class Usage(Record):
    """One attempt at a call: what it cost, when, and where it was sent."""

    call: str
    """Key of the call; rows name theirs in `provenance`."""
    item: str
    """Key of the sample that it was made for."""
    stage: str
    model: str
    """As the recipe names it."""
    endpoint: str
    """Where it was sent."""
    ok: bool
    """Whether a whole reply came."""
    reason: str
    """A short name to count failures by; empty when ok."""
    status: int
    """HTTP status; 0 where nothing came back."""
    request_id: str
    latency: float
    """Seconds from sending to the last byte."""
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    """Of the prompt's, those that a prefix cache paid for."""
    at: str
    """When the attempt was recorded, ISO 8601, UTC."""

"""Ceilings that the user sets on the pace: requests a minute, tokens a minute. Pure."""


class Rates:
    """Calls start as evenly as the ceilings ask for. Times are seconds on a clock that only goes forward."""

    def __init__(self, *, rpm: float | None = None, tpm: float | None = None) -> None:
        """Requests and tokens a minute; None is no ceiling."""
        self._call = 60 / rpm if rpm else 0.0
        self._token = 60 / tpm if tpm else 0.0
        self.due = 0.0
        """Not before then the next call may start."""

    @property
    def metered(self) -> bool:
        """Whether tokens count."""
        return self._token > 0

    def start(self, tokens: float, now: float) -> None:
        """A call that is expected to take so many tokens starts."""
        self.due = max(self.due, now) + max(self._call, tokens * self._token)

    def settle(self, expected: float, took: float) -> None:
        """What it took."""
        self.due += (took - expected) * self._token

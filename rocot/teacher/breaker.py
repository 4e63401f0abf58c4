"""When a server fails nearly every call: it is left alone, and one call at a time looks whether it is back. Pure."""

from collections import deque
from random import uniform

WINDOW = 20
"""Outcomes that are looked back on."""
LEAST = 5
"""Outcomes that are wanted before anything is concluded: fewer than the tries of one call."""
SHARE = 0.9
"""Of the outcomes; with 30 % of calls failing by chance, 18 of 20 do once in 10^7."""


class Breaker:
    """Whether one server is asked. Times are seconds on a clock that only goes forward."""

    def __init__(self, first: float, longest: float) -> None:
        """Looks again after `first` seconds, then twice that, four times that ... up to `longest`, jittered."""
        self.answered = False
        """Whether the server has ever answered a call as it should."""
        self.troubled: float | None = None
        """Since when it has failed every call; None while it has not."""
        self.reason = ""
        """The name of the last failure."""
        self.detail = ""
        self.due: float | None = None
        """Not before then a call may look whether the server is back; None while it is asked as usual."""
        self._first, self._longest, self._wait = first, longest, first
        self._recent: deque[bool] = deque(maxlen=WINDOW)
        self._probing = False

    def probe(self, now: float) -> bool:
        """Whether the caller may look now. It must then tell what came of it, with `probe=True`."""
        if self.due is None or self._probing or now < self.due:
            return False
        self._probing = True
        return True

    def fine(self, *, probe: bool) -> None:
        """The server has answered. One that is left alone is asked again once a probe found it well."""
        self.answered, self.troubled = True, None
        if self.due is None:
            self._recent.append(False)
        elif probe:
            self.due, self._probing, self._wait = None, False, self._first
            self._recent.clear()

    def trouble(self, reason: str, detail: str, now: float, *, probe: bool, lasting: float = 0.0) -> None:
        """A call has failed in a way that is not about itself.

        It has the server left alone only once nothing else has come for `lasting` seconds.
        """
        self.troubled = now if self.troubled is None else self.troubled
        self.reason, self.detail = reason, detail
        if self.due is None:
            self._recent.append(True)
            enough = len(self._recent) >= LEAST and sum(self._recent) >= SHARE * len(self._recent)
            if enough and now - self.troubled >= lasting:
                self._rest(now)
        elif probe:
            self._probing, self._wait = False, min(2 * self._wait, self._longest)
            self._rest(now)

    def undecided(self, *, probe: bool) -> None:
        """A call has ended without telling anything of the server."""
        if probe:
            self._probing = False

    def _rest(self, now: float) -> None:
        self.due = now + self._wait * uniform(0.75, 1)  # noqa: S311  # nothing secret is drawn

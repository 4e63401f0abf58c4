"""How many calls a server is sent at once: more while it keeps up, half as many when it says that it is too many.

Additive increase, multiplicative decrease, with a memory. The limit grows by one call per answered call (it doubles
in the time of a call) until the server turns calls away. Then it is halved, and grows by a quarter in the time of a
call until that happens again; from then on it grows back as fast as at first to nine tenths of the wall that was hit,
creeps up to it, and stays. Every so often it looks past the wall: each look that fails costs a few calls' time at half
speed and a few calls turned away, so the calls between looks are tripled; each look that succeeds doubles the next
one's stride.

What is turned away may also be about something else than the number at once (`chance.py` tells them apart). After a
cut it is counted what is turned away of half as many, and where that is no less, the cut is undone. Where nothing at
all is answered, as beyond a ceiling on calls a minute, fewer would not help either: then one call at a time finds out
when the server wants calls again.
"""

from collections import deque
from typing import Literal, TypeAlias

from rocot.teacher.chance import LEAST_ROUND, Chance

Signal: TypeAlias = Literal["fine", "busy", "other"]
"""Answered; turned away because there is too much to do (429, 503, 529); anything else."""

FIRST = 8
"""Calls at once to begin with."""
SLOW = 4.0
"""Times the best latency: beyond it a server only queues what it is sent, and is sent no more."""
GAPS, GAPS_BY_CHANCE = (15, 300), (5, 45)
"""Rounds between two looks past the wall, at least and at most. Where calls are turned away by chance, a wall may be
none, and a few more that are turned away count for less."""
SOME = 0.02
"""Of the calls, turned away by chance."""
NEAR, STEP = 0.9, 0.25
"""Share of the wall up to which the limit grows by a quarter in the time of a call, where it may not double."""
SMOOTH = 0.1
"""Weight of the newest latency."""
LEAST_PAUSE, MOST_PAUSE = 0.25, 8.0
"""Seconds: a server that answers nothing and does not say for how long is left alone for so long, twice that ..."""
AMONG = 10
"""Calls, in which a burst began: the fewest in flight when one was turned away are as many as the server takes."""
SHUT = 2
"""Calls turned away, after a cut and before any is answered, and more than half of those sent: the server is shut."""


class Pace:
    """The limit of one server. Times are seconds on a clock that only goes forward."""

    def __init__(self, most: int, *, first: int = FIRST, longest: float = float("inf")) -> None:
        """At most `most` calls at once. With a mean latency above `longest` seconds it grows no more."""
        self.limit = float(min(first, most))
        self.in_flight = 0
        self.held = 0.0
        """Until when nothing starts."""
        self._most, self._longest = float(most), longest
        self._wall = float(most)
        """As many as were in flight when one more was turned away."""
        self._brisk = float("inf")
        """Up to here the limit grows by one a call: beyond it, that many at once have not been answered for sure."""
        self._sent = self._since = 0
        """Calls sent in all, and before the last cut: those do not lead to another."""
        self._chance = Chance()
        self._trial: float | None = None
        """The limit before the last cut, while that may be undone: until then half as many are sent."""
        self._crowds: deque[tuple[int, int]] = deque(maxlen=AMONG)
        """Of the last calls that were turned away: the number, and how many were in flight then."""
        self._answered = True
        """Whether a call that was sent after the last cut has been answered."""
        self._fresh = 0
        """In flight, sent after the last cut."""
        self._alone = False
        """Whether one of these at a time finds out if the server wants calls again."""
        self._pause = LEAST_PAUSE
        self._stride, self._gap, self._quiet = 1.0, GAPS[0], 0
        """Of the next look past the wall; rounds to wait for it; calls answered at the wall meanwhile."""
        self._looking = False
        """Whether the last look has not failed so far."""
        self._known = float("inf")
        """The wall that it looks past."""
        self._latency = self._best = 0.0

    @property
    def hampered(self) -> bool:
        """Whether the server has turned calls away, and gets fewer than it might."""
        return self._since > 0 and self.limit < self._most

    def room(self, now: float) -> bool:
        """Whether one more call may be sent."""
        return self.in_flight < int(self.limit) and now >= self.held and not (self._alone and self._fresh)

    def begin(self) -> int:
        """Sends a call; its number, which is wanted at its end."""
        self.in_flight += 1
        self._fresh += 1
        self._sent += 1
        self._chance.send(self._round)
        return self._sent

    def end(self, number: int, signal: Signal, now: float, *, latency: float = 0.0, after: float = 0.0) -> None:
        """What came of a call; `after` is the seconds that the server wants to be left alone."""
        crowd, self.in_flight = self.in_flight, self.in_flight - 1
        if number <= self._since:
            return
        self._fresh -= 1
        if signal == "other":
            return
        if signal == "busy" and not self._answered and self._shut:
            self._wait(now, after)
            return
        self._chance.end(away=signal == "busy")
        if self._trial is not None:
            self._conclude(self._trial)
        if signal == "fine":
            self._answered, self._alone, self._pause = True, False, LEAST_PAUSE
            self._note(latency)
            if crowd >= self.limit - 1 and self._trial is None:
                self._grow()
        else:
            self._crowds.append((number, crowd))
            if self._chance.turned_away(number, self._round) and self._answered:
                self._cut()

    def restart(self) -> None:
        """Begins anew with a server that was down."""
        self._since, self._fresh, self._trial = self._sent, 0, None
        self.limit = min(self.limit, FIRST)

    @property
    def _round(self) -> float:
        return max(self.limit, LEAST_ROUND)

    @property
    def _shut(self) -> bool:
        """Whether one more that is turned away means that fewer calls do not help: it is not the number at once."""
        away = self._chance.away + 1
        return self._alone or SHUT <= away > self._chance.sent / 2

    @property
    def _gaps(self) -> tuple[int, int]:
        return GAPS_BY_CHANCE if self._chance.share >= SOME else GAPS

    def _wait(self, now: float, after: float) -> None:
        """Leaves the server alone for as long as it wants, then sends one call at a time."""
        again = now >= self.held
        self.held, self._alone = max(self.held, now + (after or (self._pause if again else 0.0))), True
        self._pause = min(2 * self._pause, MOST_PAUSE) if again else self._pause
        self._chance.forget()  # none of these tells whether half as many are too many

    def _note(self, latency: float) -> None:
        self._latency = latency if not self._latency else self._latency + SMOOTH * (latency - self._latency)
        self._best = self._latency if not self._best else min(self._best, self._latency)

    def _grow(self) -> None:
        if self._latency > min(SLOW * self._best, self._longest) and self.limit >= FIRST:
            return
        if self.limit < self._brisk:
            self.limit += 1
        elif self.limit < NEAR * self._wall:
            self.limit += STEP
        elif self.limit < self._wall:
            self.limit += 1 / self.limit
        else:
            self._quiet += 1
            if self._quiet >= min(self._gap, self._gaps[1]) * self._round:
                self._look()
        self.limit = min(self.limit, self._wall)

    def _look(self) -> None:
        if self._looking:  # the last look has held so long
            self._stride, self._gap = 2 * self._stride, self._gaps[0]
        self._quiet, self._looking, self._known = 0, True, self._wall
        self._wall = min(self._most, self._wall + self._stride)

    def _cut(self) -> None:
        if self._looking:
            self._gap = min(3 * self._gap, self._gaps[1])
        last, full = self._crowds[-1][0], self.limit
        if self._chance.burst:
            full = min(full, *(crowd for number, crowd in self._crowds if number > last - AMONG))
        rushed = self.limit < self._brisk
        # Past a wall that was hit before, on a server that turns nothing away by chance, this was to be expected.
        expected = self._looking and self.limit > self._known and self._chance.share < SOME
        self._trial, self.limit = None if expected else self.limit, max(1.0, self.limit / 2)
        self._wall = max(self.limit, full - 1)
        self._brisk = self.limit if rushed else NEAR * self._wall
        self._stride, self._quiet, self._looking = 1.0, 0, False
        self._since, self._fresh, self._answered = self._sent, 0, False
        self._crowds.clear()
        self._chance.forget()

    def _conclude(self, before: float) -> None:
        """Ends the trial that follows a cut, once it is clear whether fewer are turned away; if not, undoes the cut."""
        found = self._chance.found()
        if found == "unknown":
            return
        self._trial = None
        if found == "chance":  # then the walls that were found are none
            self.limit, self._wall, self._brisk = before, self._most, float("inf")
            self._stride, self._gap, self._quiet, self._looking = 1.0, self._gaps[0], 0, False

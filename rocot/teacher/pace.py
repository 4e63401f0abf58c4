"""How many calls a server is sent at once: more while it keeps up, half as many when it says that it is too many.

Additive increase, multiplicative decrease, with a memory. The limit grows by one call per answered call (it doubles
in the time of a call) until the server turns calls away. Then it is halved, and grows by a tenth in the time of a call
until that happens again; from then on it grows back as fast as at first to nine tenths of the wall that was hit, creeps
up to it, and stays. Every so often it looks past the wall: each look that fails costs about one call's time at half
speed and a few calls turned away, so the calls between looks are tripled; each look that succeeds doubles the next
one's stride. A call turned away now and then is chance, and changes nothing.
"""

from typing import Literal, TypeAlias

Signal: TypeAlias = Literal["fine", "busy", "other"]
"""Answered; turned away because there is too much to do (429, 503, 529); anything else."""

FIRST = 8
"""Calls at once to begin with."""
CHANCE = 0.05
"""Of the calls, turned away, that are still taken for chance."""
BY_CHANCE = 2
"""Calls, turned away, on top of that: with 2 % turned away whatever is in flight, 87 % of all speed is left."""
LEAST_ROUND = 20
"""Calls over which is counted what is turned away; as many as are in flight where these are more."""
SLOW = 4.0
"""Times the best latency: beyond it a server only queues what it is sent, and is sent no more."""
LEAST_GAP, MOST_GAP = 15, 300
"""Rounds between two looks past the wall."""
NEAR, STEP = 0.9, 0.1
"""Share of the wall up to which the limit grows by a tenth in the time of a call, where it may not double."""
SMOOTH = 0.1
"""Weight of the newest latency."""


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
        self._epoch = 0
        """Counts the cuts: what was sent before a cut does not lead to another."""
        self._turned_away = 0.0
        """Calls of the last round."""
        self._crowd = float(most)
        """The fewest in flight when one of them was turned away."""
        self._answered = True
        """Whether a call that was sent after the last cut has been answered."""
        self._fresh = 0
        """In flight, sent after the last cut."""
        self._alone = False
        """Whether one of these at a time finds out if the server wants calls again."""
        self._stride, self._gap, self._quiet = 1.0, LEAST_GAP, 0
        """Of the next look past the wall; rounds to wait for it; calls answered at the wall meanwhile."""
        self._looking = False
        """Whether the last look has not failed so far."""
        self._latency = self._best = 0.0

    @property
    def hampered(self) -> bool:
        """Whether the server has turned calls away, and gets fewer than it might."""
        return self._epoch > 0 and self.limit < self._most

    def room(self, now: float) -> bool:
        """Whether one more call may be sent."""
        return self.in_flight < int(self.limit) and now >= self.held and not (self._alone and self._fresh)

    def begin(self) -> int:
        """Sends a call; what it returns is wanted at its end."""
        self.in_flight += 1
        self._fresh += 1
        return self._epoch

    def end(self, epoch: int, signal: Signal, now: float, *, latency: float = 0.0, after: float = 0.0) -> None:
        """What came of a call; `after` is the seconds that the server wants to be left alone."""
        crowd, self.in_flight = self.in_flight, self.in_flight - 1
        if epoch != self._epoch:
            return
        self._fresh -= 1
        if signal == "other":
            return
        self._turned_away *= 1 - 1 / self._round
        if signal == "fine":
            self._answered, self._alone = True, False
            self._note(latency)
            if crowd >= self.limit - 1:
                self._grow()
            return
        if not self._answered and after > 0:  # fewer calls did not help: it is not the number at once
            self.held, self._alone = max(self.held, now + after), True
            return
        self._turned_away += 1
        self._crowd = min(self._crowd, crowd)
        if self._turned_away >= BY_CHANCE + CHANCE * self._round:
            self._cut()

    def restart(self) -> None:
        """Begins anew with a server that was down."""
        self._epoch += 1
        self._fresh = 0
        self.limit = min(self.limit, FIRST)

    @property
    def _round(self) -> float:
        return max(self.limit, LEAST_ROUND)

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
            if self._quiet >= self._gap * self._round:
                self._look()
        self.limit = min(self.limit, self._wall)

    def _look(self) -> None:
        if self._looking:  # the last look has held so long
            self._stride, self._gap = 2 * self._stride, LEAST_GAP
        self._quiet, self._looking = 0, True
        self._wall = min(self._most, self._wall + self._stride)

    def _cut(self) -> None:
        if self._looking:
            self._gap = min(3 * self._gap, MOST_GAP)
        self._wall = max(1.0, min(self._crowd, self.limit) - 1)
        rushed = self.limit < self._brisk
        self.limit = max(1.0, self.limit / 2)
        self._brisk = self.limit if rushed else NEAR * self._wall
        self._stride, self._quiet, self._looking = 1.0, 0, False
        self._epoch += 1
        self._fresh = 0
        self._answered, self._turned_away, self._crowd = False, 0.0, self._most

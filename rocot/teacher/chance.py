"""Whether calls are turned away by chance or because there are too many: chance does not fall when they are halved.

A gateway in front of several servers turns away a share of the calls, whatever is in flight. A server that is full
turns away nearly all that is beyond what it takes: those come one after another. Where they do not, half as many are
sent for a while: if of those as many are turned away, it is chance.
"""

from collections import deque
from math import inf, sqrt
from typing import Literal, TypeAlias

Found: TypeAlias = Literal["unknown", "chance", "load"]

LEAST_ROUND = 20
"""Calls over which is counted what is turned away; as many as are in flight where these are more."""
LONG = 10
"""Rounds over which the same is counted once more: a share that is somewhat too large shows only there."""
CHANCE = 0.05
"""Of the calls, turned away, that are taken for chance in any case."""
BY_CHANCE = 2
"""Calls, turned away, on top of that."""
SPREAD = 2.0
"""Times the root of as many as chance turns away, on top of those: what is counted with weights that fade varies by
0.7 times the root, so chance is taken for too many once in thousands of rounds."""
MOST = 0.25
"""Of the calls, turned away: more is not taken for chance."""
FEWEST = 10
"""Calls, before it is concluded that what is turned away of half as many is chance."""
TRIAL, AFTER_BURST, AFTER_LONG, MOST_TRIALS = 30, 20, 120, 4
"""Calls, no more of them turned away than expected, after which it is concluded that it is not: of 30, a chance of 10 %
turns away none once in 24 times, and is then found at the next cut; after a burst, 20 will do; after what shows only
over ten rounds, 120 are wanted. With each one more that is turned away, as many again are waited for, up to four times
as many."""
BURST, WITHIN = 3, 5
"""Calls turned away, of so many that were sent one after another: a server that is full. With a chance of 10 %, one
such call in 20 is the first of a burst."""
MEMORY = 1000
"""Calls sent as half as many, over which the share is taken."""


def too_many(share: float, calls: float) -> float:
    """As many turned away, of so many calls, that the share does not explain them."""
    return BY_CHANCE + share * calls + SPREAD * sqrt(share * calls)


class Chance:
    """What a server turns away whatever is in flight, as a share of the calls: what it turned away of half as many.

    All is counted by the calls that were sent: what is turned away ends sooner than what was sent along with it.
    """

    def __init__(self) -> None:
        self.share = 0.0
        self._tried = self._lost = 0.0
        """Calls of all trials, and those of them that were turned away."""
        self._lately = self._long = 0.0
        """Turned away of the last round, of the last ten rounds."""
        self._aways: deque[int] = deque(maxlen=BURST)
        """The numbers of the last calls that were turned away."""
        self._led = (0.0, 0.0)
        """Of how many calls how many were turned away that led to the cut; the second is infinite for a burst."""
        self._trial = TRIAL
        self.sent = self.ended = self.away = 0
        """Calls since the last cut."""

    def send(self, round_: float) -> None:
        """One more call is sent."""
        self.sent += 1
        self._lately *= 1 - 1 / round_
        self._long *= 1 - 1 / (LONG * round_)

    def turned_away(self, number: int, round_: float) -> bool:
        """The call of that number has been turned away: whether that are more than by chance."""
        self._lately, self._long = self._lately + 1, self._long + 1
        self._aways.append(number)
        for away, calls, trial in ((self._lately, round_, TRIAL), (self._long, LONG * round_, AFTER_LONG)):
            if away >= max(BY_CHANCE + CHANCE * calls, too_many(self.share, calls)):
                self._led, self._trial = ((calls, inf), AFTER_BURST) if self.burst else ((calls, away), trial)
                return True
        return False

    @property
    def burst(self) -> bool:
        """Whether the last ones that were turned away came one after another."""
        return len(self._aways) == BURST and max(self._aways) - min(self._aways) < WITHIN

    def end(self, *, away: bool) -> None:
        """One more call has been answered, or turned away."""
        self.ended += 1
        self.away += away

    def forget(self) -> None:
        """Counts anew, all but the share: from here on others are sent."""
        self._lately = self._long = 0.0
        self._aways.clear()
        self.sent = self.ended = self.away = 0

    def found(self) -> Found:
        """What the calls since the last cut tell."""
        calls, led = self._led
        if self.ended >= FEWEST and too_many(self.share, self.sent) <= self.away <= MOST * self.ended:
            # One less, as the last one ended the trial: so the share comes out right in the mean.
            self._learn(self.sent - 1, self.away - 1)
            return "chance"
        more = max(0.0, self.away - self.share * self.ended)
        if self.ended < self._trial * min(MOST_TRIALS, 1 + more):
            return "unknown"
        self._learn(self.ended, self.away)
        return "chance" if led < too_many(self.share, calls) else "load"

    def _learn(self, calls: int, away: int) -> None:
        fade = min(1.0, MEMORY / (self._tried + calls))
        self._tried, self._lost = fade * self._tried + calls, fade * self._lost + away
        self.share = min(MOST, self._lost / self._tried)
        self._lately = self._long = 0.0

"""The pace against servers in simulated time: nothing is slept, and every run comes out the same."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random

import pytest

from rocot.teacher.pace import FIRST, Pace, Signal


class Fixed(Pace):
    """So many at once, whatever comes."""

    def end(self, epoch: int, signal: Signal, now: float, *, latency: float = 0.0, after: float = 0.0) -> None:
        self.in_flight -= 1


@dataclass
class Server:
    """Answers in `latency` seconds, give or take 30 %, and turns away what is beyond `limit` at once."""

    limit: Callable[[float], int]
    latency: float
    noise: float = 0.0
    """Share of calls that are turned away for nothing."""
    queue: int | None = None
    """Calls beyond which all take the longer."""
    rpm: int | None = None
    after: float = 0.0
    serving: int = 0
    dice: Random = field(default_factory=lambda: Random(1))
    taken: list[float] = field(default_factory=list)

    def take(self, now: float) -> tuple[Signal, float]:
        """What becomes of a call, and when it ends."""
        full = self.rpm is not None and len(self.taken) >= self.rpm and now - self.taken[-self.rpm] < 60
        if full or self.serving >= self.limit(now) or self.dice.random() < self.noise:
            return "busy", now + 0.01
        self.taken.append(now)
        self.serving += 1
        slower = 1.0 if self.queue is None else max(1.0, self.serving / self.queue)
        return "fine", now + self.latency * slower * self.dice.uniform(0.7, 1.3)


@dataclass
class Run:
    """Some seconds of calls, as many wanted as the pace allows."""

    server: Server
    pace: Pace
    fine: int = 0
    busy: int = 0
    most: int = 0

    def through(self, seconds: float, callers: int) -> "Run":
        ready, now, numbers = callers, 0.0, count()
        events: list[tuple[float, int, Signal | None, int, float]] = []
        while now < seconds:
            while ready and self.pace.room(now):
                ready -= 1
                signal, end = self.server.take(now)
                heapq.heappush(events, (end, next(numbers), signal, self.pace.begin(), now))
                self.most = max(self.most, self.pace.in_flight)
            if not events or (ready and self.pace.in_flight == 0 and events[0][0] > self.pace.held > now):
                now = max(self.pace.held, now + 1e-3)
                continue
            now, _, outcome, epoch, begun = heapq.heappop(events)
            if outcome is None:
                ready += 1
                continue
            self.pace.end(epoch, outcome, now, latency=now - begun, after=self.server.after)
            if outcome == "fine":
                self.server.serving -= 1
                self.fine, ready = self.fine + 1, ready + 1
            else:
                self.busy += 1
                again = now + self.server.after + self.server.dice.uniform(0, 1)
                heapq.heappush(events, (again, next(numbers), None, 0, 0.0))
        return self

    @property
    def turned_away(self) -> float:
        return self.busy / (self.busy + self.fine)


def paced(server: Server, most: int = 64, seconds: float = 60, first: int = FIRST) -> Run:
    return Run(server, Pace(most, first=first)).through(seconds, most)


@pytest.mark.parametrize(("limit", "latency"), [(10, 0.5), (20, 0.05), (20, 0.2), (40, 0.2), (40, 1.0), (100, 0.5)])
def test_a_hidden_limit_is_found_and_kept(limit: int, latency: float) -> None:
    best = Run(Server(lambda _: limit, latency), Fixed(limit, first=limit)).through(60, limit)
    found = paced(Server(lambda _: limit, latency), most=256)
    assert best.busy == 0
    assert found.fine >= 0.9 * best.fine
    assert found.turned_away < 0.01


def test_what_a_server_takes_is_sent_in_full() -> None:
    found = paced(Server(lambda _: 1000, 1.0))
    assert found.busy == 0
    assert found.most == 64
    assert found.fine > 0.9 * 64 * 60


def test_never_more_than_the_workers() -> None:
    assert paced(Server(lambda _: 1000, 0.1), most=3).most == 3
    assert paced(Server(lambda _: 1000, 0.1), most=100).most == 100


@pytest.mark.parametrize(("noise", "share"), [(0.01, 0.95), (0.02, 0.75)])
def test_calls_turned_away_by_chance_cost_little(noise: float, share: float) -> None:
    found = paced(Server(lambda _: 1000, 1.0, noise=noise), seconds=300)
    assert found.fine > share * 64 * 300


def test_a_limit_that_falls_is_met_at_once_and_one_that_rises_in_time() -> None:
    falling = paced(Server(lambda now: 80 if now < 60 else 20, 0.2), most=128, seconds=240)
    assert falling.fine > 0.9 * (60 * 400 + 180 * 100)
    assert falling.turned_away < 0.01
    rising = paced(Server(lambda now: 20 if now < 60 else 80, 0.2), most=128, seconds=600)
    assert rising.pace.limit > 70
    assert rising.turned_away < 0.01


def test_a_ceiling_on_calls_a_minute_is_waited_out_where_the_server_says_how_long() -> None:
    found = paced(Server(lambda _: 1000, 1.0, rpm=500, after=5.0), seconds=600)
    assert found.fine > 0.9 * 5000
    assert found.turned_away < 0.05


def test_a_server_that_only_queues_is_sent_no_more() -> None:
    found = paced(Server(lambda _: 10_000, 0.2, queue=20), most=1000)
    assert found.fine > 0.9 * 60 * 100
    assert found.most < 200


def test_a_latency_near_the_deadline_ends_the_growth() -> None:
    pace = Pace(1000, longest=1.3)
    found = Run(Server(lambda _: 10_000, 1.0, queue=100), pace).through(120, 1000)
    assert found.most < 300


def test_calls_that_are_turned_away_together_halve_the_limit_once() -> None:
    pace = Pace(64, first=64)
    epochs = [pace.begin() for _ in range(64)]
    for epoch in epochs[:40]:
        pace.end(epoch, "busy", 0.0)
    assert pace.limit == 32


def test_one_call_is_always_allowed() -> None:
    pace = Pace(4, first=4)
    for _ in range(50):
        pace.end(pace.begin(), "busy", 0.0)
    assert pace.limit == 1
    assert pace.room(0.0)


def test_a_server_that_was_down_is_not_stormed() -> None:
    pace = Pace(64, first=64)
    late = pace.begin()
    pace.restart()
    assert pace.limit == FIRST
    pace.end(late, "busy", 0.0)
    assert pace.limit == FIRST, "what was sent before counts no more"


def test_other_failures_change_nothing() -> None:
    pace = Pace(64, first=16)
    for _ in range(100):
        pace.end(pace.begin(), "other", 0.0)
    assert (pace.limit, pace.in_flight) == (16, 0)

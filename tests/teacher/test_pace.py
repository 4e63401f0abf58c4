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

    def end(self, number: int, signal: Signal, now: float, *, latency: float = 0.0, after: float = 0.0) -> None:
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
    """Calls that are taken in any minute."""
    burst: tuple[int, float] | None = None
    """Calls that are taken in each period, and its seconds: then all are turned away until the next one begins."""
    after: float = 0.0
    serving: int = 0
    dice: Random = field(default_factory=lambda: Random(1))
    taken: list[float] = field(default_factory=list)

    def take(self, now: float) -> tuple[Signal, float]:
        """What becomes of a call, and when it ends."""
        full = self.rpm is not None and len(self.taken) >= self.rpm and now - self.taken[-self.rpm] < 60
        if self.burst is not None:
            many, period = self.burst
            full = sum(now // period == taken // period for taken in self.taken[-many:]) >= many
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


@pytest.mark.parametrize("noise", [0.02, 0.05, 0.1])
@pytest.mark.parametrize(
    ("latency", "workers"), [(0.05, 4), (0.05, 32), (0.2, 16), (0.2, 64), (1.0, 4), (1.0, 64), (5.0, 16), (5.0, 128)]
)
def test_calls_turned_away_by_chance_cost_little(noise: float, latency: float, workers: int) -> None:
    seconds = max(30.0, 200 * latency)
    fixed = Run(Server(lambda _: 1000, latency, noise), Fixed(workers, first=workers)).through(seconds, workers)
    found = paced(Server(lambda _: 1000, latency, noise), most=workers, seconds=seconds)
    assert found.fine >= 0.8 * fixed.fine


@pytest.mark.parametrize("seed", range(6))
def test_a_tenth_turned_away_by_chance_throttles_nobody_whatever_the_dice(seed: int) -> None:
    fixed = Run(Server(lambda _: 1000, 1.0, 0.1, dice=Random(seed)), Fixed(64, first=64)).through(300, 64)
    found = paced(Server(lambda _: 1000, 1.0, 0.1, dice=Random(seed)), seconds=300)
    assert found.fine >= 0.8 * fixed.fine


@pytest.mark.parametrize("noise", [0.02, 0.05, 0.1])
@pytest.mark.parametrize(("limit", "latency"), [(10, 0.5), (20, 0.2), (40, 0.2), (40, 1.0)])
def test_a_hidden_limit_is_found_behind_chance(noise: float, limit: int, latency: float) -> None:
    best = Run(Server(lambda _: limit, latency, noise), Fixed(limit, first=limit)).through(120, 256)
    found = paced(Server(lambda _: limit, latency, noise), most=256, seconds=120)
    assert found.fine >= 0.8 * best.fine
    assert found.turned_away < best.turned_away + 0.025


def test_a_gateway_that_turns_away_far_more_than_by_chance_is_sent_less() -> None:
    """Half of all calls, whatever is in flight, are no chance that anybody should live with at full speed."""
    pace = Pace(64, first=64)
    dice = Random(1)
    for _ in range(2000):
        numbers = [pace.begin() for _ in range(max(1, int(pace.limit)))]
        for number in numbers:
            pace.end(number, "busy" if dice.random() < 0.5 else "fine", 0.0, latency=1.0)
    assert pace.limit < 16


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.05])
def test_a_limit_that_falls_is_met_at_once_and_one_that_rises_in_time(noise: float) -> None:
    falling = paced(Server(lambda now: 80 if now < 60 else 20, 0.5, noise), most=128, seconds=240)
    assert falling.fine > 0.8 * (60 * 160 + 180 * 40)
    assert falling.turned_away < noise + 0.02
    rising = Server(lambda now: 20 if now < 60 else 80, 0.5, noise)
    found = paced(rising, most=128, seconds=600)
    assert found.turned_away < noise + 0.015
    assert sum(taken > 300 for taken in rising.taken) > 0.8 * (300 * 160)


@pytest.mark.parametrize("after", [0.0, 5.0])
def test_a_ceiling_on_calls_a_minute_is_waited_out(after: float) -> None:
    found = paced(Server(lambda _: 1000, 1.0, rpm=500, after=after), seconds=600)
    assert found.fine >= 0.9 * 5000
    assert found.turned_away < 0.05


@pytest.mark.parametrize("after", [0.0, 1.0, 5.0])
@pytest.mark.parametrize("burst", [(20, 1.0), (100, 10.0), (500, 60.0)])
def test_a_server_that_takes_calls_in_bursts_is_used_and_not_stormed(burst: tuple[int, float], after: float) -> None:
    many, period = burst
    found = paced(Server(lambda _: 1000, 1.0, burst=burst, after=after), seconds=600)
    assert found.fine >= 0.75 * 600 / period * many
    assert found.turned_away < 0.12


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
    numbers = [pace.begin() for _ in range(64)]
    for number in numbers[:40]:
        pace.end(number, "busy", 0.0)
    assert pace.limit == 32


def test_a_server_that_is_shut_is_asked_by_one_call_at_a_time_and_less_and_less() -> None:
    pace = Pace(64, first=64)
    for number in [pace.begin() for _ in range(64)]:
        pace.end(number, "busy", 0.0)
    assert pace.limit == 32
    looks, now = 0, 0.0
    while now < 60:
        now = max(now + 0.05, pace.held)
        sent = []
        while pace.room(now):
            sent.append(pace.begin())
        looks += len(sent)
        for number in sent:
            pace.end(number, "busy", now)
    assert 32 < looks < 32 + 15, "all at once, then with pauses of 0.25 s to 8 s"
    pace.end(pace.begin(), "fine", now, latency=1.0)
    assert pace.limit >= 32, "a server that takes calls again gets them"
    assert pace.room(pace.held)


def test_one_call_is_always_allowed() -> None:
    pace = Pace(4, first=4)
    for now in range(50):
        pace.end(pace.begin(), "fine", now, latency=1.0)
        pace.end(pace.begin(), "busy", now)
    assert pace.limit == 1
    assert pace.room(50.0)


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

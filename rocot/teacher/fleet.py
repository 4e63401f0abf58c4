"""The servers of one model, and whose turn it is to ask which of them.

Each has a pace (how many calls at once) and a breaker (whether it is left alone for now). A call takes a turn for each
of its attempts, and gives it back while it waits for another; turns are granted in the order in which they are asked.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zlib import crc32

from rocot.engine.chain import Cut
from rocot.errors import RunError, ServiceError, TeacherError
from rocot.teacher.billing import may_be_billed
from rocot.teacher.breaker import Breaker
from rocot.teacher.budget import Budget, Learned, Size
from rocot.teacher.faults import BUSY, UNREACHABLE, is_trouble, wait_of
from rocot.teacher.pace import Pace, Signal
from rocot.teacher.patience import GLANCE, PATIENCE, Patience
from rocot.teacher.protocol import Resting, Teacher, Usage
from rocot.teacher.rates import Rates

SLACK = 1.5
"""Times the least load: as much as a clip's own server may have, so that its prefix cache knows the clip's frames."""
TOLD_WAIT = 5.0
"""Seconds until the ceilings on the pace let the next call start: from there on they are named."""
NEVER_SO = {UNREACHABLE, "connection lost", "invalid json"}
"""Failures of a server that is not there, or is another kind of server."""


@dataclass(frozen=True)
class Server:
    """One of them."""

    teacher: Teacher
    pace: Pace
    breaker: Breaker

    @property
    def load(self) -> float:
        """Calls in flight, of those that it is sent at once."""
        return self.pace.in_flight / self.pace.limit


@dataclass(frozen=True)
class Turn:
    """The right to make one attempt at one server."""

    server: Server
    number: int
    """Of the attempt, among those that its server's pace has counted."""
    probe: bool
    """Whether it looks if a server that was left alone is back."""
    size: Size | None
    worst: float
    """Money set aside."""
    expected: int
    """Tokens counted against the rate."""


@dataclass(frozen=True)
class _Waiting:
    home: str
    size: Size | None
    turn: "asyncio.Future[Turn]"


class Fleet:
    """Who may ask which server next; at least one server, all of one model."""

    def __init__(  # noqa: PLR0913  # the servers, and settings by name
        self,
        teachers: Sequence[Teacher],
        *,
        most: int = 1024,
        first: int | None = None,
        deadline: float = 300.0,
        patience: Patience = PATIENCE,
        rates: Rates | None = None,
        budget: Budget | None = None,
        pace: type[Pace] = Pace,
        halted: Callable[[], bool] = lambda: False,
    ) -> None:
        """At most `most` calls at once at each server, `first` to begin with (None: as many as at most).

        `deadline` is the seconds that one attempt may take in all; each server has a `pace` of its own. Once `halted`
        says that the run is ending, no attempt is begun any more.
        """
        self.teacher = teachers[0]
        self.deadline, self.patience, self.halted = deadline, patience, halted
        self.budget = budget or Budget()
        self._rates = rates or Rates()
        self._learned = Learned()
        self.metered = self._rates.metered or bool(self.budget.price(self.teacher.model, Usage(1, 1)))
        """Whether a turn wants the size of its call."""
        self._servers = [
            Server(
                teacher,
                pace(most, first=first or most, longest=deadline / 3),
                Breaker(patience.base, 2 * patience.longest),
            )
            for teacher in teachers
        ]
        self._waiting: deque[_Waiting] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._starting: asyncio.Task[None] | None = None
        self._since = 0.0
        """When starting began."""
        self._over: RunError | None = None
        """Why no call can be made any more."""

    def remarks(self) -> list[str]:
        """What a user should know just now: servers that are left alone, the pace where it is cut, and a long wait."""
        now = time.monotonic()
        if self._starting is not None and not self._starting.done():
            return [f"loading {self.teacher.model}, {now - self._since:.0f} s so far"]
        resting = [server for server in self._servers if server.breaker.due is not None]
        told = [
            f"{'paused' if len(resting) == len(self._servers) else 'left alone'}: {server.teacher.endpoint} fails"
            f" ({server.breaker.reason}), looking again in {max(0.0, (server.breaker.due or now) - now):.0f} s"
            for server in resting
        ]
        paced = [server for server in self._servers if server.breaker.due is None and server.pace.hampered]
        if paced:
            told.append(f"paced to {sum(int(server.pace.limit) for server in paced)} calls at once")
        if self._waiting and self._rates.due - now >= TOLD_WAIT:
            told.append(f"the next call to {self.teacher.model} in {self._rates.due - now:.0f} s, by --rpm and --tpm")
        return told

    def resting(self) -> list[Resting]:
        """The servers that are left alone just now."""
        return [
            Resting(self.teacher.model, server.teacher.endpoint, server.breaker.reason)
            for server in self._servers
            if server.breaker.due is not None
        ]

    async def turn(self, home: str, size: Size | None) -> Turn:
        """The next turn. What has the same `home` goes to the same server where loads allow.

        The first one starts the teachers, and all wait for that: it is no part of an attempt. Raises Cut once the run
        is ending, BudgetError at a ceiling, ServiceError when the servers are hopeless, and what starting raises.
        """
        if self._starting is None or not self._starting.done():
            await self._start()
        if not self._waiting:
            turn = self._granted(home, size)
            if turn is not None:
                return turn
        waiting = _Waiting(home, size, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._admit()
        try:
            return await waiting.turn
        except asyncio.CancelledError:
            if waiting.turn.done() and not waiting.turn.cancelled() and waiting.turn.exception() is None:
                self.drop(waiting.turn.result())
            raise

    async def _start(self) -> None:
        """Waits until the teachers are ready, started by whoever comes first; the end of the run is not held up."""
        if self._starting is None:
            self._since = time.monotonic()
            self._starting = asyncio.create_task(self._ready())
        while not self._starting.done():
            if self.halted():
                raise Cut
            await asyncio.wait({self._starting}, timeout=GLANCE)

    async def _ready(self) -> None:
        try:
            for server in self._servers:
                await server.teacher.start()
        except RunError as error:
            self._over = error

    def drop(self, turn: Turn) -> None:
        """Gives a turn back unused."""
        self.budget.release(turn.worst)
        turn.server.breaker.undecided(probe=turn.probe)
        turn.server.pace.end(turn.number, "other", time.monotonic())
        self._admit()

    def done(
        self, turn: Turn, status: int, fault: TeacherError | RunError | None, latency: float, usage: Usage
    ) -> float | None:
        """What came of an attempt: its HTTP status (0: no reply), and nothing amiss or a fault.

        Returns what it cost, at worst where it may have been billed and no tokens are told; None without a price.
        """
        now = time.monotonic()
        server, breaker = turn.server, turn.server.breaker
        if fault is None or (isinstance(fault, TeacherError) and not fault.passing):
            if turn.probe:
                server.pace.restart()
            breaker.fine(probe=turn.probe)
        elif isinstance(fault, TeacherError) and is_trouble(fault):
            lasting = self.patience.busy if fault.reason in BUSY else 0.0
            breaker.trouble(fault.reason, fault.detail, now, probe=turn.probe, lasting=lasting)
            self._give_up(fault, now)
        else:
            breaker.undecided(probe=turn.probe)
            if isinstance(fault, RunError):
                self._over = fault
        busy = isinstance(fault, TeacherError) and fault.reason in BUSY
        signal: Signal = "fine" if fault is None else "busy" if busy else "other"
        after = min(wait_of(fault), self.patience.longest_wanted)
        server.pace.end(turn.number, signal, now, latency=latency, after=after)
        cost = self._settle(turn, usage, untold=not usage.prompt and may_be_billed(status, fault, latency))
        if self._waiting:
            self._admit()
        return cost

    def _settle(self, turn: Turn, usage: Usage, *, untold: bool) -> float | None:
        if turn.size is not None:
            self._learned.learn(turn.size, usage)
            self._rates.settle(turn.expected, turn.expected if untold else usage.prompt + usage.completion)
        cost = self.budget.price(self.teacher.model, usage)
        if cost is not None and untold:
            cost = turn.worst
        self.budget.settle(turn.worst, cost or 0.0)
        return cost

    def _granted(self, home: str, size: Size | None) -> Turn | None:
        """A turn, if there is one now."""
        if self.halted():
            raise Cut
        if self._over is not None:
            raise self._over
        now = time.monotonic()
        if now < self._rates.due:
            return None
        worst, expected = 0.0, 0
        if size is not None:
            worst = self.budget.price(self.teacher.model, self._learned.most(size)) or 0.0
            expected = self._learned.expected(size)
        if not self.budget.reserve(worst):
            return None
        found = self._chosen(home, now)
        if found is None:
            self.budget.release(worst)
            return None
        server, probe = found
        self._rates.start(expected, now)
        return Turn(server, server.pace.begin(), probe, size, worst, expected)

    def _chosen(self, home: str, now: float) -> tuple[Server, bool] | None:
        """The server to ask, and whether that is a probe."""
        for server in self._servers:
            if server.breaker.due is not None and server.breaker.probe(now):
                return server, True
        free = [server for server in self._servers if server.breaker.due is None and server.pace.room(now)]
        if len(free) < 2:
            return (free[0], False) if free else None
        least = min(free, key=lambda server: server.load)
        own = self._servers[crc32(home.encode()) % len(self._servers)]
        near = own in free and own.pace.in_flight <= SLACK * least.pace.in_flight + 1
        return (own if near else least), False

    def _admit(self) -> None:
        """Grants turns to those who wait, as far as there are any; looks again in a while if not."""
        while self._waiting:
            waiting = self._waiting[0]
            if not waiting.turn.done():
                try:
                    turn = self._granted(waiting.home, waiting.size)
                except (RunError, Cut) as error:
                    waiting.turn.set_exception(error)
                else:
                    if turn is None:
                        break
                    waiting.turn.set_result(turn)
            self._waiting.popleft()
        if self._waiting:
            self._look_later()

    def _look_later(self) -> None:
        """Has the queue looked at again when something is due, and now and then in any case."""
        now, loop = time.monotonic(), asyncio.get_running_loop()
        soon = [self._rates.due, *(server.breaker.due or server.pace.held for server in self._servers)]
        wait = min([GLANCE, *(due - now for due in soon if due > now)])
        if self._timer is not None:
            if self._timer.when() <= loop.time() + wait:
                return
            self._timer.cancel()
        self._timer = loop.call_later(wait, self._look)

    def _look(self) -> None:
        self._timer = None
        self._admit()

    def _give_up(self, fault: TeacherError, now: float) -> None:
        """Ends all asking once every server has failed for longer than it is waited for."""
        for server in self._servers:
            since = server.breaker.troubled
            if since is None or now - since < self._waits(server):
                return
        kept = "What was answered so far is kept: run the same command again"
        if fault.reason == UNREACHABLE:
            self._over = ServiceError(
                f"the teacher's server cannot be reached at {fault.detail}; is it running, and is the base URL right?"
                f" {kept}"
            )
        else:
            self._over = ServiceError(
                f"the teacher has failed every call for {now - (self._servers[0].breaker.troubled or now):.0f} s, the"
                f" last with: {fault}; see to its server, and to the base URL. {kept}"
            )

    def _waits(self, server: Server) -> float:
        """Seconds for which a server is waited for."""
        if server.breaker.answered:
            return self.patience.outage
        return self.patience.unreachable if server.breaker.reason in NEVER_SO else self.patience.warming

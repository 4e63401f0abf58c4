"""When another attempt at a call is made, how often, and how long a server that is down is waited for."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception
from tenacity.wait import wait_random_exponential

from rocot.engine.chain import Cut
from rocot.errors import TeacherError
from rocot.teacher.faults import UNREACHABLE, wait_of

GLANCE = 0.2
"""Seconds between looks, while waiting, at whether the run is ending."""


@dataclass
class Charge:
    """What one call has been charged so far."""

    tries: int = 0
    """Attempts that reached the server while it was asked as usual."""
    probes: int = 0
    """Attempts that looked whether the server is back."""
    resting: bool = False
    """Whether the server is left alone now: then that is what the call waits for."""

    def add(self, error: TeacherError, *, probe: bool, resting: bool) -> None:
        """Charges a failed attempt. Nobody listening is not the call's fault."""
        self.resting = resting
        if error.reason != UNREACHABLE:
            self.probes += probe
            self.tries += not probe


@dataclass(frozen=True)
class Patience:
    """How often, and after how long, another attempt is made. It changes no reply."""

    tries: int = 6
    """Attempts at one call in all, while what fails may pass."""
    probes: int = 8
    """Of one call besides, while the server is down: what brings it down may be this very call."""
    base: float = 1.0
    """Seconds: the waits are drawn evenly from 0 to `base`, twice that, four times that ... (full jitter)."""
    longest: float = 30.0
    """Seconds: the most that a wait is drawn from; twice that between two probes."""
    longest_wanted: float = 120.0
    """Seconds: the most that a server's Retry-After is obeyed for."""
    busy: float = 10.0
    """Seconds for which a server may turn every call away before it is left alone: it may be the number at once."""
    unreachable: float = 20.0
    """Seconds for which a server is tried again that no call has ever reached, before the run stops."""
    warming: float = 600.0
    """Seconds for which a server is tried again that is there and has never answered: it may be loading its model."""
    outage: float = 6 * 3600.0
    """Seconds for which a server is waited for that has answered before."""

    def retrying(self, charge: Charge, halted: Callable[[], bool]) -> AsyncRetrying:
        """Tries again while what fails may pass, and then raises the last failure.

        Once `halted` says that the run is ending, it raises Cut instead of waiting.
        """
        jitter = wait_random_exponential(multiplier=self.base, max=self.longest)

        def wait(state: RetryCallState) -> float:
            error = _failure(state)
            if charge.resting:
                return 0.0
            if isinstance(error, TeacherError) and error.reason == UNREACHABLE:
                return min(jitter(state), self.unreachable / 10)
            return jitter(state) + min(wait_of(error), self.longest_wanted)

        def gives_up(_: RetryCallState) -> bool:
            return charge.tries >= self.tries or charge.probes >= self.probes

        async def sleep(seconds: float) -> None:
            clock = asyncio.get_running_loop().time
            end = clock() + seconds
            while (left := end - clock()) > 0 and not halted():  # noqa: ASYNC110  # a signal sets no event of ours
                await asyncio.sleep(min(left, GLANCE))
            if halted():
                raise Cut

        return AsyncRetrying(retry=retry_if_exception(_passes), stop=gives_up, wait=wait, sleep=sleep, reraise=True)


PATIENCE = Patience()


def _failure(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def _passes(error: BaseException) -> bool:
    return isinstance(error, TeacherError) and error.passing

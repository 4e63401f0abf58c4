"""How often, and after how long, another attempt at a call is made."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception
from tenacity.wait import wait_random_exponential

from rocot.errors import TeacherError
from rocot.teacher.faults import UNREACHABLE, TryLaterError

GLANCE = 0.2
"""Seconds between looks, while waiting, at whether the run is ending."""


@dataclass(frozen=True)
class Patience:
    """How often, and after how long, another attempt is made. It changes no reply."""

    tries: int = 6
    """Attempts at one call in all, while what fails may pass."""
    base: float = 1.0
    """Seconds: the waits are drawn evenly from 0 to `base`, twice that, four times that ... (full jitter)."""
    longest: float = 30.0
    """Seconds: the most that a wait is drawn from."""
    longest_wanted: float = 120.0
    """Seconds: the most that a server's Retry-After is obeyed for."""
    unreachable: float = 20.0
    """Seconds for which a server that no call reaches is tried again, before the run stops."""

    def retrying(self, unreached_for: Callable[[], float], halted: Callable[[], bool]) -> AsyncRetrying:
        """Tries again while what fails may pass, and then raises the last failure.

        `unreached_for` tells for how many seconds no call at all has reached the server: all calls give up together.
        Once `halted` says that the run is ending, nothing more is waited for and tried.
        """
        jitter = wait_random_exponential(multiplier=self.base, max=self.longest)

        def wait(state: RetryCallState) -> float:
            drawn, error = jitter(state), _failure(state)
            if isinstance(error, TryLaterError):
                return drawn + min(error.after, self.longest_wanted)
            return min(drawn, self.unreachable / 10) if _unreachable(error) else drawn

        def gives_up(state: RetryCallState) -> bool:
            if halted():
                return True
            if _unreachable(_failure(state)):
                return unreached_for() >= self.unreachable
            return state.attempt_number >= self.tries

        failed: list[BaseException] = []

        async def sleep(seconds: float) -> None:
            clock = asyncio.get_running_loop().time
            end = clock() + seconds
            while (left := end - clock()) > 0 and not halted():  # noqa: ASYNC110  # a signal sets no event of ours
                await asyncio.sleep(min(left, GLANCE))
            if halted():
                raise failed[-1]

        def noted(state: RetryCallState) -> None:
            failed[:] = [error for error in (_failure(state),) if error is not None]

        return AsyncRetrying(
            retry=retry_if_exception(_passes), stop=gives_up, wait=wait, sleep=sleep, before_sleep=noted, reraise=True
        )


PATIENCE = Patience()


def _failure(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def _passes(error: BaseException) -> bool:
    return isinstance(error, TeacherError) and error.passing


def _unreachable(error: BaseException | None) -> bool:
    return isinstance(error, TeacherError) and error.reason == UNREACHABLE

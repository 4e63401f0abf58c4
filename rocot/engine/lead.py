"""One rollout of a clip ahead of the others, which then find on the server what it had to compute for the first."""

import asyncio

from rocot.engine.outcome import Outcome


class Lead:
    """What the rollouts behind this one wait for. Made in the event loop."""

    def __init__(self) -> None:
        self._opened: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def through(self, outcome: Outcome, *, found: bool) -> None:
        """It has been through a stage; the first counts.

        What was found in the store has opened nothing, since the server may have forgotten it, nor has a failure that
        may pass: then somebody else has to lead. A reply that is worth nothing has opened the way like any other.
        """
        self._settle(opened=not found and not outcome.passing)

    def over(self) -> None:
        """It goes no further: it was cut, or met a bug, unless it has been through a stage already."""
        self._settle(opened=False)

    async def opened(self) -> bool:
        """Waits for its first stage; False where another one has to lead."""
        return await self._opened

    def _settle(self, *, opened: bool) -> None:
        if not self._opened.done():
            self._opened.set_result(opened)

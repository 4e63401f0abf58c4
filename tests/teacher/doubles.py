"""A ledger in memory, and pixels from a table."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from rocot.core.reflection import About
from rocot.engine.attempt import Attempt
from rocot.errors import StoreError
from tests.contracts.teacher import PICTURES


@dataclass
class Notebook:
    """Keeps attempts in a list."""

    attempts: list[Attempt] = field(default_factory=list)
    full: bool = False

    async def add_attempt(self, attempt: Attempt, /) -> None:
        await asyncio.sleep(0)
        if self.full:
            raise StoreError("the disk is full")
        self.attempts.append(attempt)

    def asked_before(self) -> bool:
        return bool(self.attempts)

    def reply_to(self, call: str, /) -> bytes | None:
        return next((one.body for one in reversed(self.attempts) if one.ok and one.call == call), None)

    @property
    def reasons(self) -> list[str]:
        return [attempt.reason for attempt in self.attempts]


@dataclass
class Album:
    """The pictures of the contract suite."""

    loads: int = 0

    async def load(self, item: About, /) -> Mapping[str, bytes]:
        self.loads += 1
        return PICTURES

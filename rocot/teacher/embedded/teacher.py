"""The teacher itself: the three asks answered in a thread; replies are read back like any chat completion."""

import asyncio
from collections.abc import Mapping

from rocot.core.prompt import Ask
from rocot.errors import TeacherError
from rocot.teacher.completion import read, spelt
from rocot.teacher.embedded.answering import reply_to
from rocot.teacher.embedded.asked import Asked, read_ask
from rocot.teacher.embedded.looks import Looks
from rocot.teacher.protocol import Raw, Reply

SERVED = "rocot-embedded-1 (classical vision baseline)"
"""What it calls itself in every reply. The number goes up when the same ask would be answered otherwise."""


class Embedded:
    """Classical vision behind the protocol of a teacher. Deterministic: neither seed nor temperature changes a word."""

    model = "embedded"
    endpoint = "in process"

    def __init__(self) -> None:
        self._looks = Looks()

    async def start(self) -> None:
        """It is ready as it is made."""

    async def send(self, ask: Ask, pictures: Mapping[str, bytes]) -> Raw:
        """Answers from the frames and texts of the ask, and nothing else; no token is counted.

        Raises TeacherError: `no frames`, `no picture` (one was not handed over), `bad frame` (no JPEG).
        """
        asked = read_ask(ask)
        jpegs = [_picture(pictures, digest) for digest in asked.digests]
        text = await asyncio.to_thread(self._answer, ask, asked, jpegs)
        return Raw(body=spelt(text, SERVED))

    def _answer(self, ask: Ask, asked: Asked, jpegs: list[bytes]) -> str:
        return reply_to(asked, jpegs, ask.dialect, self._looks)

    def read(self, raw: bytes) -> Reply:
        """See `completion.read`."""
        return read(raw)

    async def close(self) -> None:
        """Forgets the looks that it kept."""
        self._looks = Looks()


def _picture(pictures: Mapping[str, bytes], digest: str) -> bytes:
    if digest not in pictures:
        raise TeacherError("no picture", f"the frame {digest[:12]} was not handed over")
    return pictures[digest]

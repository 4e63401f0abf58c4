"""Frames that a server holds already: they are sent once, and referred to by their digest afterwards.

vLLM takes a `uuid` beside an image, keeps what it made of the image under that name, and takes the name alone later. It
believes the name: rocot's is the sha256 of the JPEG, so one name is one picture.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Collection
from typing import TypeAlias

from rocot.core.record import Json
from rocot.errors import TeacherError
from rocot.teacher.faults import MAYBE_LOST, UNREACHABLE, told
from rocot.teacher.recent import Recent

MODELS, CHAT = "models", "chat/completions"
"""Paths below a base URL."""
MOST_HELD = 16_384
"""Frames that are remembered as sent, 4 MB. vLLM's cache of 4 GiB holds some 1,500 of 448 x 252 pixels."""
MOST_LOST = 16
"""Calls whose frames were lost, and more than half of all that refer to some: after that, pixels are sent for good."""
COUNTED = 1024
"""Calls over which that is counted."""
TRIES = 3
"""At learning whether a server holds frames, while it is there and does not say."""
SECONDS = 10.0
"""That each of them may take, at most."""
SHARE = 0.25
"""Of a call's deadline, likewise: the call waits for it, and is yet to be made then."""
UNKNOWN = hashlib.sha256(b"rocot: a picture that was never sent").hexdigest()

Exchange: TypeAlias = Callable[[str, bytes | None], Awaitable[tuple[int, bytes]]]
"""Asks a server for a path below its base URL, by POST where there is a body; status and body. Raises TeacherError."""


class Held:
    """What one server holds, as far as its own replies have confirmed it."""

    def __init__(self, room: int = MOST_HELD) -> None:
        """At most `room` frames."""
        self._frames: Recent[str, None] = Recent(room)
        self._referred = self._lost = 0

    def known(self, digests: Collection[str]) -> frozenset[str]:
        """Those that may be referred to."""
        if self._lost >= MOST_LOST and 2 * self._lost > self._referred:
            return frozenset()
        return frozenset(digest for digest in digests if digest in self._frames)

    def answered(self, status: int, digests: Collection[str], referred: Collection[str]) -> None:
        """What came of a call about frames, of which some were only referred to."""
        lost = bool(referred) and status in MAYBE_LOST
        if status == 200:
            for digest in digests:
                self._frames.put(digest, None, 1)
        elif lost or status == 503:  # what vLLM answers where its processes disagree on what they hold
            for digest in referred:
                self._frames.drop(digest)
        if referred and (lost or status == 200):
            if self._referred >= COUNTED:
                self._referred, self._lost = self._referred // 2, self._lost // 2
            self._referred += 1
            self._lost += lost


class Learning:
    """Whether a server holds frames: learnt before its first call, and then known."""

    def __init__(self, exchange: Exchange, served: str, *, deadline: float = float("inf")) -> None:
        """`served` is the model's name on the server; a call that waits to know has `deadline` seconds in all."""
        self._exchange, self._served = exchange, served
        self._seconds = min(SECONDS, SHARE * deadline)
        self._held: Held | None = None
        self._tries = TRIES
        self._task: asyncio.Task[None] | None = None

    async def held(self) -> Held | None:
        """What it holds; None for a server that holds nothing, or has not been reached so far."""
        if self._tries > 0:
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._learn())
            await asyncio.shield(self._task)  # whoever gives up waiting does not end it
        return self._held

    async def close(self) -> None:
        """Learns no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _learn(self) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                holds = await holds_frames(self._exchange, self._served)
        except TimeoutError:
            self._tries -= 1
        except TeacherError as error:
            self._tries -= error.reason != UNREACHABLE  # it may be starting: the call itself will tell
        else:
            self._tries = 0
            self._held = Held() if holds else None


async def holds_frames(exchange: Exchange, served: str) -> bool:
    """Whether a server holds frames by name. It must give itself out as vLLM, or it is asked no more.

    Then it is sent a name that it cannot know. vLLM 0.32 says that it does not hold it. One whose cache is off says
    something else, and one of before 2025-09 leaves the picture out and answers: they are sent pixels.
    """
    status, body = await exchange(MODELS, None)
    if status != 200 or not _is_vllm(body, served):
        return False
    part: Json = {"type": "image_url", "image_url": None, "uuid": UNKNOWN}
    asked: Json = {"model": served, "messages": [{"role": "user", "content": [part]}], "max_tokens": 1}
    status, body = await exchange(CHAT, json.dumps(asked).encode())
    message, _ = told(body)
    return status == 400 and "Cache miss for image" in message and "data is not provided" in message


def _is_vllm(body: bytes, served: str) -> bool:
    """Whether a list of models names this one as vLLM's."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return False
    models = value.get("data") if isinstance(value, dict) else None
    if not isinstance(models, list):
        return False
    mine = [model for model in models if isinstance(model, dict) and model.get("id") == served]
    return any(model.get("owned_by") == "vllm" for model in mine)

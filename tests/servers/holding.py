"""A chat server that holds pictures by name, as vLLM 0.32 does, word for word, and may lose them.

    python -m tests.servers.holding --latency 0.05

runs it by hand, answering without reading anything but the name that nobody knows.
"""

import argparse
import asyncio
import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

from rocot.teacher.held import UNKNOWN
from tests.servers.chat import ChatServer
from tests.servers.loop import serve
from tests.servers.replies import error, http

MISS = "Cache miss for image at index {} but data is not provided."
OFF = "Failed to apply Qwen2_5_VLProcessor on data={'images': [None]} with kwargs={}"
SHORT = 1000
"""Bytes of a request that asks nothing."""
DRIFT = "Request failed; please retry"


class HoldingServer(ChatServer):
    """Keeps the last `room` pictures. It believes a name, as vLLM does."""

    def __init__(self, *, room: int = 1000, owner: str = "vllm", manner: str = "holds", latency: float = 0.0) -> None:
        """`owner` is whose models they are; `manner` is what it makes of a name without pixels.

        `holds`: a picture that it holds, or a refusal. `ignores`: nothing, and answers (vLLM before uuids). `off`: a
        refusal in other words (vLLM without a processor cache).
        """
        super().__init__(latency=latency)
        self.room, self.owner, self.manner = room, owner, manner
        self.held: OrderedDict[str, str] = OrderedDict()
        self.seen: list[list[str]] = []
        """The pictures of each answered request, as it saw them: data URIs."""
        self.misses = 0
        self.drifts = 0
        """Requests to come that are answered with 503, as where vLLM's processes disagree."""
        self.sizes: list[int] = []
        """Lengths of the bodies of requests."""

    def lose(self, names: Iterable[str] | None = None) -> None:
        """Forgets pictures; all of them, as at a restart, where none are named."""
        for name in list(self.held if names is None else names):
            self.held.pop(name, None)

    def models(self) -> bytes:
        return listed(self.owner)

    def reply(self, body: bytes) -> bytes | str:
        self.sizes.append(len(body))
        parts = list(pictures(json.loads(body)))
        if self.manner != "ignores":
            for index, (name, data) in enumerate(parts):
                if data is None and (self.manner == "off" or name not in self.held):
                    self.misses += 1
                    words = OFF if self.manner == "off" else MISS.format(index)
                    return http(400, error(words, 400, "BadRequestError"))
        if self.drifts:
            self.drifts -= 1
            return http(503, error(DRIFT, 503, "ServiceUnavailableError"))
        self.seen.append([self._shown(name, data) for name, data in parts])
        return super().reply(body)

    def _shown(self, name: str | None, data: str | None) -> str:
        if name is None or self.manner != "holds":
            return data or "nothing"
        shown = self.held.get(name) or data
        assert shown is not None
        self.held[name] = shown
        self.held.move_to_end(name)
        while len(self.held) > self.room:
            self.held.popitem(last=False)
        return shown


class Believing(ChatServer):
    """Takes every name for one that it holds, so that it is fast enough to measure clients with."""

    def models(self) -> bytes:
        return listed("vllm")

    def reply(self, body: bytes) -> bytes | str:
        if len(body) < SHORT and UNKNOWN.encode() in body:
            return http(400, error(MISS.format(0), 400, "BadRequestError"))
        return super().reply(body)


def listed(owner: str) -> bytes:
    """One model, called m."""
    models = {"object": "list", "data": [{"id": "m", "object": "model", "owned_by": owner}]}
    return http(200, json.dumps(models).encode())


def pictures(body: dict[str, Any]) -> Iterator[tuple[str | None, str | None]]:
    """Names and data URIs of a request's pictures."""
    for message in body["messages"]:
        for part in message["content"] if isinstance(message["content"], list) else []:
            if part["type"] == "image_url":
                url = part["image_url"]
                yield part.get("uuid"), url["url"] if url is not None else None


def main() -> None:
    """Runs it by hand."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds")
    given = parser.parse_args()
    try:
        asyncio.run(serve(Believing(latency=given.latency, canned=True), given.port))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()

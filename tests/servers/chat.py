"""A chat completions server on loopback, fast enough to measure clients with, that can fail in every way on request.

    python -m tests.servers.chat --port 8099 --latency 0.05 --fault rate=0.02 --fault hang=0.01

It answers as the scripted teacher does, counts requests by the sha256 of their body, and with --canned counts them
without reading them. GET /counts tells the counts, GET /v1/models whose models they are; neither is counted.
"""

import argparse
import asyncio
import hashlib
import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from random import Random

from rocot.core.record import Json
from rocot.teacher.completion import spelt
from tests.servers.loop import Connection, Listening, serve
from tests.servers.replies import FAULTS, UNBILLED, bomb, charge, error, http, scripted

HANGING = ("hang", "drip", "slow head", "cut", "half closed", "close")
"""Faults of the connection: no reply at all, one byte at a time for ever, of the body or already of the head, half a
reply and closed or closed for writing, none and closed."""
CANNED = {
    "answer": '{"evidence":[],"reasoning":"Nothing happens.","label":"Normal","spans":[]}',
    "reflection": '{"checks":[],"critique":"Nothing was overlooked.","verdict":"keep"}',
}


class ChatServer(Listening):
    """Serves until it is closed; `async with ChatServer() as server` listens on a free port."""

    def __init__(  # noqa: PLR0913  # all by name
        self,
        script: Iterable[str | bytes | None] = (),
        *,
        latency: float = 0.0,
        faults: Mapping[str, float] | None = None,
        seed: int = 0,
        formats: bool = True,
        canned: bool = False,
        limit: int | None = None,
    ) -> None:
        """`script` names what comes of the first requests, in order, or holds it as bytes; None stands for an answer.

        `latency` is the seconds that an answer takes; `faults` gives the share of requests that meet each fault, drawn
        from the request, its number and `seed`; without `formats` a request with a response_format is refused. What
        comes while `limit` requests are being answered is turned away with 429 at once; `down` names what all requests
        meet for as long as it is set.
        """
        super().__init__()
        self.script = deque(script)
        self.latency = latency
        self.faults = dict(faults or {})
        self.seed = seed
        self.formats = formats
        self.canned = {shape: http(200, spelt(text, "canned")) for shape, text in CANNED.items()} if canned else None
        self.limit = limit
        self.down: str | None = None
        self.counts: Counter[str] = Counter()
        """Requests by the sha256 of their body; canned ones together."""
        self.met: Counter[str] = Counter()
        """Faults that were served, by name."""
        self.billed: Counter[str] = Counter()
        """Replies with status 200 that were sent to their end, by fault, `""` for none: what a service charges for."""
        self.listed = 0
        """Times that the list of models was asked for."""
        self.charged: Counter[str] = Counter()
        """Tokens, `prompt` and `completion`, of all that the model may have worked on, whether or not a reply came."""
        self.last = ""
        """The fault of the last request, `""` for none."""
        self.elsewhere = ""
        """Where `redirect` leads, in the place of a port that nobody listens on."""
        self.bodies: deque[bytes] = deque(maxlen=8)
        self.heads: deque[bytes] = deque(maxlen=8)
        self.in_flight = 0
        self.most_in_flight = 0

    @property
    def repeated(self) -> int:
        """Requests beyond the first of their kind."""
        return self.counts.total() - len(self.counts)

    def models(self) -> bytes:
        """The list of models, which a plain server does not have."""
        return http(404, error("Not Found"))

    def told(self) -> dict[str, Json]:
        """What GET /counts tells."""
        counts = {"calls": self.counts.total(), "kinds": len(self.counts), "repeated": self.repeated}
        return {**counts, "octets": self.octets, "met": dict[str, Json](self.met)}

    def reply(self, body: bytes) -> bytes | str:
        """The response to a request, or the name of what happens to its connection."""
        if self.canned is not None:
            self.counts["canned"] += 1
            return self.canned["reflection" if body.find(b'"name":"reflection"', -8000) >= 0 else "answer"]
        reply = self._made(body)
        if self.last not in UNBILLED:
            usage = charge(body, reply)
            self.charged.update(prompt=usage.prompt, completion=usage.completion)
        return reply

    def _made(self, body: bytes) -> bytes | str:
        key = hashlib.sha256(body).hexdigest()
        self.counts[key] += 1
        self.bodies.append(body)
        fault = self.down or (self.script.popleft() if self.script else self._drawn(key))
        self.last = fault if isinstance(fault, str) else ""
        if isinstance(fault, bytes):
            return fault
        if fault is not None:
            self.met[fault] += 1
            return self._spoilt(fault, body, key)
        if not self.formats and b'"response_format"' in body:
            return http(400, error("response_format is not supported by this server"))
        return http(200, scripted(body, key))

    def _spoilt(self, fault: str, body: bytes, key: str) -> bytes | str:
        if fault in HANGING:
            return fault
        made: dict[str, Callable[[], bytes]] = {
            "bomb": bomb,
            "id": lambda: http(200, _for_another(scripted(body, key)), X_Request_Id="of-another-call"),
            "redirect": lambda: http(307, b"", Location=self.elsewhere) if self.elsewhere else FAULTS["redirect"],
        }
        return made[fault]() if fault in made else FAULTS[fault]

    def _drawn(self, key: str) -> str | None:
        if not self.faults:
            return None
        dice = Random(f"{key} {self.counts[key]}{self.seed or ''}")
        return next((name for name, share in self.faults.items() if dice.random() < share), None)

    def answer(self, connection: Connection, head: bytes, body: bytes) -> None:
        self.heads.append(head)
        if head.startswith(b"GET /counts "):
            connection.transport.write(http(200, json.dumps(self.told()).encode()))
            return
        if head.startswith(b"GET ") and b"/models" in head.split(b" ", 2)[1]:
            self.listed += 1
            connection.transport.write(self.models())
            return
        if self.limit is not None and self.in_flight >= self.limit:
            self.met["limit"] += 1
            connection.transport.write(FAULTS["rate"])
            return
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        reply = self.reply(body)
        loop = asyncio.get_running_loop()
        if self.latency:
            loop.call_later(self.latency, self._write, connection, reply, self.last)
        else:
            self._write(connection, reply, self.last)

    def _write(self, connection: Connection, reply: bytes | str, fault: str) -> None:
        self.in_flight -= 1
        if isinstance(reply, bytes):
            if reply.startswith(b"HTTP/1.1 200 ") and not connection.transport.is_closing():
                self.billed[fault] += 1
            connection.transport.write(reply)
        elif reply in ("drip", "slow head"):
            connection.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n")
            connection.transport.write(b"\r\n{" if reply == "drip" else b"X-Slow: ")
            self._drip(connection)
        elif reply == "cut":
            connection.transport.write(http(200, b" " * 1000)[:-500])
            connection.transport.close()
        elif reply == "half closed":
            connection.transport.write(http(200, b" " * 1000)[:-500])
            connection.transport.write_eof()
        elif reply == "close":
            connection.transport.close()

    def _drip(self, connection: Connection) -> None:
        if not connection.transport.is_closing():
            connection.transport.write(b" ")
            asyncio.get_running_loop().call_later(0.02, self._drip, connection)


def _for_another(reply: bytes) -> bytes:
    """The reply, under the id of another call."""
    return json.dumps(json.loads(reply) | {"id": "chatcmpl-of-another-call"}).encode()


def main() -> None:
    """Runs it by hand."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="NAME=SHARE", help=", ".join([*FAULTS, *HANGING, "bomb", "id"])
    )
    parser.add_argument("--limit", type=int, help="requests at once; more are turned away")
    parser.add_argument("--no-formats", action="store_true", help="refuse response_format")
    parser.add_argument("--canned", action="store_true", help="answer without reading")
    given = parser.parse_args()
    faults = {name: float(share) for name, _, share in (fault.partition("=") for fault in given.fault)}
    server = ChatServer(
        latency=given.latency, faults=faults, formats=not given.no_formats, canned=given.canned, limit=given.limit
    )
    try:
        asyncio.run(serve(server, given.port))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()

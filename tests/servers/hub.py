"""A stand-in of the Hugging Face Hub on loopback: dataset repositories, with Git LFS or with xet's `local://` storage.

    python -m tests.servers.hub --port 8097 --xet cas
    HF_ENDPOINT=http://127.0.0.1:8097 HF_TOKEN=hf_tester rocot push tester/scenes

Faithful in what the official client can see: routes, statuses, error codes in headers, ETags, ranges, one commit at a
time with its parent (412), large files that must be stored before a commit names them. Without `--xet` clients need
HF_HUB_DISABLE_XET=1, as it offers no other storage.
"""

import argparse
import re
import socket
import sys
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from tests.servers.hub_routes import READS, ROUTES, Answer, Asked, Shelf

FAULTS: Mapping[str, tuple[int, Mapping[str, str], bytes]] = {
    "429": (429, {"Retry-After": "0"}, b'{"error":"Too many requests"}'),
    "429 for an hour": (429, {"Retry-After": "3600"}, b'{"error":"Too many requests"}'),
    "500": (500, {}, b'{"error":"Internal Server Error"}'),
    "502": (502, {"Content-Type": "text/html"}, b"<html><h1>502 Bad Gateway</h1></html>"),
    "503": (503, {}, b'{"error":"Service unavailable"}'),
    "504": (504, {"Content-Type": "text/html"}, b"<html><h1>504 Gateway Time-out</h1></html>"),
}
"""Answers in the place of the right one. `close` hangs up at once, `lost` once all is done, and `hang` says nothing."""


class DroppedError(Exception):
    """Whoever listens to `events` wants the connection closed here."""


class HubServer(Shelf):
    """`with HubServer() as hub` listens on a free port; see `url`."""

    def __init__(self, xet: Path | None = None, *, page: int = 1000) -> None:
        """As a shelf."""
        super().__init__(xet, page=page)
        self.faults: defaultdict[str, deque[str]] = defaultdict(deque)
        """By route, as in `POST commit`: what its next requests meet; empty for none."""
        self.events: Callable[[str, str, int], None] = lambda *_: None
        """Told of each request with its number, from 1: `before`, `after` it is done, and `amid` its body."""
        self.seen: list[str] = []
        """The route of every request."""
        self.bodies = 0
        """Bytes of all requests' bodies."""
        self.over = threading.Event()
        self._numbers = threading.Lock()

    def __enter__(self) -> Self:
        self.listen(0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def listen(self, port: int) -> None:
        """Starts on a port of 127.0.0.1; 0 takes a free one."""
        hub = self

        class Handler(_Handler):
            server_side = hub

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stops listening."""
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def writes(self) -> list[str]:
        """Routes of the requests that could have changed something."""
        return [route for route in self.seen if route not in READS and not route.startswith("GET ")]

    def begin(self, route: str) -> int:
        """Counts a request."""
        with self._numbers:
            self.seen.append(route)
            return len(self.seen)

    def fault(self, route: str) -> str:
        """What befalls it."""
        with self._numbers:
            return self.faults[route].popleft() if self.faults[route] else ""


class _Handler(BaseHTTPRequestHandler):
    """Reads requests, asks the hub, and writes what it answers."""

    protocol_version = "HTTP/1.1"
    server_side: HubServer
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def _serve(self) -> None:
        hub, parts = self.server_side, urlsplit(self.path)
        named = (
            (name, pattern.fullmatch(parts.path)) for name, pattern in ROUTES if name.startswith(self.command + " ")
        )
        route, found = next(((name, match) for name, match in named if match), (f"{self.command} unknown", None))
        number = hub.begin(route)
        try:
            body = self._body(lambda: hub.events("amid", route, number))
            hub.events("before", route, number)
            fault = hub.fault(route)
            if fault == "hang":
                hub.over.wait()
            answer = None if fault in {"close", "hang"} else self._answer(fault, route, found, body)
            if answer is not None:
                hub.events("after", route, number)
            if answer is not None and fault != "lost":
                self._send(answer)
                return
        except (DroppedError, ConnectionError):
            pass  # by a listener, or the client went away
        self._hang_up()

    def _answer(self, fault: str, route: str, found: re.Match[str] | None, body: bytes) -> Answer:
        if fault in FAULTS:
            status, more, content = FAULTS[fault]
            return Answer(status, content, dict(more))
        if found is None:
            return Answer.refusal(404, "no such route")
        hub, parts = self.server_side, urlsplit(self.path)
        user = hub.tokens.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
        headers = {name.lower(): value for name, value in self.headers.items()}
        return hub.answer(route, Asked(self.command, parts.path, parse_qs(parts.query), headers, body, user), found)

    do_GET = do_HEAD = do_POST = do_PUT = _serve  # noqa: N815  # the names that the standard library looks for

    def _body(self, amid: Callable[[], None]) -> bytes:
        size = int(self.headers.get("Content-Length") or 0)
        first = self.rfile.read(size // 2)
        if size > 1:
            amid()
        read = first + self.rfile.read(size - len(first))
        if len(read) < size:
            raise DroppedError
        self.server_side.bodies += size
        return read

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _hang_up(self) -> None:
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the client was quicker


def main() -> None:
    """Serves until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8097)
    parser.add_argument("--xet", type=Path, help="a folder for xet's storage; without it Git LFS")
    given = parser.parse_args()
    hub = HubServer(given.xet)
    hub.listen(given.port)
    sys.stdout.write(
        f"HF_ENDPOINT={hub.url} HF_TOKEN=hf_tester" + ("" if given.xet else " HF_HUB_DISABLE_XET=1") + "\n"
    )
    sys.stdout.flush()
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        hub.close()


if __name__ == "__main__":
    main()

"""Connections of HTTP/1.1 to one server, as bare as a call allows: a request in one piece there, a capped body back.

h11 speaks the protocol, asyncio moves the bytes, and nothing lies between them. The same request through an HTTP
client, its pool and its streams took four to five times the CPU: 0.7 ms more, of 4.5 that a call cost in all.
"""

import asyncio
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import h11

from rocot.errors import TeacherError
from rocot.teacher.capped import Capped

MOST_HEAD = 100 * 1024
"""Bytes of the head of a response, at most."""
IDLE_SECONDS = 5.0
"""After which a connection is not used again: servers close theirs after as long or longer, and do not say so."""
SECOND_TRY = 0.25
"""Seconds after which a host's next address is tried beside the first."""

Headers = Sequence[tuple[str, str]]


class ConnectError(Exception):
    """There is nobody to talk to."""


class LostError(Exception):
    """The connection has ended before the response has."""


@dataclass(frozen=True)
class Answer:
    """A whole response, whatever its status."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; what came several times joined by commas."""
    body: bytes


class Wire(asyncio.Protocol):
    """One connection, used by one caller at a time."""

    def __init__(self) -> None:
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEAD)
        self._coming: asyncio.Future[Answer] | None = None
        """What somebody waits for."""
        self._head: h11.Response | None = None
        self._body = Capped("")
        self._since = 0.0
        """When it was used last."""

    async def exchange(self, request: h11.Request, body: bytes) -> Answer:
        """What the server answers. Raises LostError, TeacherError (see `Capped`); it is of no more use then."""
        self._coming, self._head = asyncio.get_running_loop().create_future(), None
        try:
            for event in (request, h11.Data(body), h11.EndOfMessage()):
                sent = self._http.send(event)
                if sent:  # a view: what does not leave at once is copied once and not twice
                    self._transport.write(memoryview(sent))
            return await self._coming
        finally:
            self._coming = None
            self._rest()

    @property
    def usable(self) -> bool:
        """Whether another request may be made."""
        return not self._transport.is_closing() and time.monotonic() - self._since < IDLE_SECONDS

    def drop(self) -> None:
        """Ends it, whatever it is at."""
        self._transport.abort()

    def _rest(self) -> None:
        """Makes ready for the next request, or ends what is not at its end: it was given up on, or answered early."""
        self._since = time.monotonic()
        done = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        if not done or self._transport.get_write_buffer_size() or self._http.trailing_data[0]:
            self.drop()
        else:
            self._http.start_next_cycle()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._coming is None or self._coming.done():
            self.drop()  # what nobody has asked for
            return
        try:
            self._http.receive_data(data)
            self._read()
        except (h11.ProtocolError, LostError, TeacherError) as error:
            self._fail(error)

    def eof_received(self) -> None:
        if self._coming is None or self._coming.done():
            return
        if self._http.their_state is h11.SEND_RESPONSE:
            self._fail(LostError("the server closed the connection without a response"))
        else:
            self.data_received(b"")  # the end of a body without a length, or its untimely end

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or LostError("the connection was closed"))

    def _read(self) -> None:
        """Takes what has come so far. Raises h11's RemoteProtocolError, TeacherError."""
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Data):
                self._body.add(event.data)
            elif isinstance(event, h11.Response):
                self._head, self._body = event, Capped(_joined(event).get("content-encoding", ""))
            elif isinstance(event, h11.EndOfMessage):
                self._end()
                return
            elif event is h11.PAUSED:
                raise LostError("the server wants to speak another protocol")
            elif event is h11.NEED_DATA:
                return

    def _end(self) -> None:
        assert self._head is not None
        assert self._coming is not None
        self._coming.set_result(Answer(self._head.status_code, _joined(self._head), self._body.whole))

    def _fail(self, error: Exception) -> None:
        if self._coming is not None and not self._coming.done():
            lost = isinstance(error, OSError | h11.ProtocolError)
            self._coming.set_exception(LostError(str(error) or type(error).__name__) if lost else error)


class Wires:
    """At most so many connections to one server; the one used last is used first. Follows no redirect."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, *, most: int, seconds: float) -> None:
        """`seconds` to connect in; whoever asks sets a deadline on the whole attempt. Without `tls` it is plain."""
        self._place = host, port
        self._tls = tls
        self._seconds = seconds
        self._free = asyncio.Semaphore(most)
        self._idle: list[Wire] = []
        if tls is not None:
            tls.set_alpn_protocols(["http/1.1"])

    async def exchange(self, method: str, target: bytes, headers: Headers, body: bytes) -> Answer:
        """What the server answers. Raises ConnectError, LostError, TeacherError (see `Capped`)."""
        length = [("Content-Length", str(len(body)))] if body else []
        request = h11.Request(method=method, target=target, headers=[*headers, *length])
        async with self._free:
            wire = self._rested() or await self._opened()
            try:
                return await wire.exchange(request, body)
            finally:
                if wire.usable:
                    self._idle.append(wire)

    @property
    def idle(self) -> int:
        """Connections that a request could be made on at once."""
        return sum(wire.usable for wire in self._idle)

    def _rested(self) -> Wire | None:
        while self._idle:
            wire = self._idle.pop()
            if wire.usable:
                return wire
            wire.drop()
        return None

    async def _opened(self) -> Wire:
        host, port = self._place
        try:
            async with asyncio.timeout(self._seconds):
                _, wire = await asyncio.get_running_loop().create_connection(
                    Wire, host, port, ssl=self._tls, happy_eyeballs_delay=SECOND_TRY
                )
        except TimeoutError as error:
            raise ConnectError(f"no connection within {self._seconds:g} s") from error
        except OSError as error:
            raise ConnectError(str(error) or type(error).__name__) from error
        return wire

    def close(self) -> None:
        """Ends every connection that nobody uses; the others end with their use."""
        while self._idle:
            self._idle.pop().drop()


def _joined(response: h11.Response) -> dict[str, str]:
    """The headers by their names."""
    joined: dict[str, str] = {}
    for name, value in response.headers:
        key, text = name.decode("ascii"), value.decode("utf-8", "replace")
        joined[key] = f"{joined[key]}, {text}" if key in joined else text
    return joined

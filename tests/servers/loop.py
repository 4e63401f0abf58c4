"""What servers of tests have in common: they listen on loopback and take requests apart, one after another."""

import asyncio
from abc import ABC, abstractmethod
from functools import partial
from types import TracebackType
from typing import Self


class Listening(ABC):
    """Serves until it is closed; within `async with` it listens on a free port."""

    def __init__(self) -> None:
        self.base_url = ""
        self.octets = 0
        """Bytes that came, heads included."""
        self._open: set[Connection] = set()

    @abstractmethod
    def answer(self, connection: "Connection", head: bytes, body: bytes) -> None:
        """Sees to one request: writes to the connection, or lets it hang, or closes it."""

    async def __aenter__(self) -> Self:
        await self.listen(0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def listen(self, port: int) -> None:
        """Starts on a port of 127.0.0.1; 0 takes a free one."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(partial(Connection, self), "127.0.0.1", port)
        self.base_url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def aclose(self) -> None:
        """Stops listening and drops every connection."""
        self._server.close()
        for connection in list(self._open):
            connection.transport.abort()
        await self._server.wait_closed()


class Connection(asyncio.Protocol):
    """One connection: requests one after another, bodies by Content-Length."""

    def __init__(self, server: Listening) -> None:
        self.server = server
        self.pieces: list[bytes] = []
        self.head = b""
        self.missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.server._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.server._open.discard(self)

    def data_received(self, data: bytes) -> None:
        self.server.octets += len(data)
        self.pieces.append(data)
        if self.head:
            self.missing -= len(data)
        else:
            head, found, rest = b"".join(self.pieces).partition(b"\r\n\r\n")
            if not found:
                return
            self.head, self.pieces = head, [rest]
            lower = head.lower()
            at = lower.find(b"content-length:")
            self.missing = (int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0) - len(rest)
        if self.missing <= 0:
            head, body = self.head, b"".join(self.pieces)
            self.head, self.pieces = b"", []
            self.server.answer(self, head, body)


async def serve(server: Listening, port: int) -> None:
    """Serves until it is interrupted; says where on the first line."""
    await server.listen(port)
    print(server.base_url, flush=True)  # noqa: T201  # for whoever runs it by hand, or waits for it
    await asyncio.Event().wait()

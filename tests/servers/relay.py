"""A relay on loopback that counts the bytes of requests, and can hide what kind of server is behind it."""

import asyncio
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.servers.replies import error, http


class Relay:
    """`async with Relay("http://127.0.0.1:8000/v1") as relay` listens on a free port; see `base_url`."""

    def __init__(self, base_url: str, *, plain: bool = False) -> None:
        """`plain`: the list of models is kept back, so that nobody learns that the server is vLLM."""
        self._to, self._plain = urlsplit(base_url), plain
        self.sent = 0
        """Bytes of requests, heads included."""
        self.base_url = ""
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20)
        self.base_url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}{self._to.path}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await asyncio.gather(*self._connections)  # whoever was relayed has hung up by now
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        assert connection is not None
        self._connections.add(connection)
        there, back = await asyncio.open_connection(self._to.hostname, self._to.port)
        replying = asyncio.create_task(_replies(there, writer))
        while data := await reader.read(1 << 20):
            if self._plain and data.startswith(b"GET ") and b"/models " in data.partition(b"\r\n")[0]:
                writer.write(http(404, error("Not Found")))
                continue
            self.sent += len(data)
            back.write(data)
            await back.drain()
        for end in (back, writer):
            end.close()
            await end.wait_closed()
        await replying
        self._connections.discard(connection)


async def _replies(there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await there.read(1 << 20):
        writer.write(data)

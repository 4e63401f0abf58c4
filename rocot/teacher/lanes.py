"""HTTP clients with one connection each, handed out to one caller at a time.

A pool of httpcore looks at every idle connection at every request, with two system calls each: with 64 connections
that was a third of all CPU of a call. A lane looks at one.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property

import httpx2
from openai import DefaultAsyncHttpxClient

from rocot.errors import ConfigError

PROXIES = "HTTP_PROXY, HTTPS_PROXY or ALL_PROXY"
"""Where a proxy is named; in lower case, too."""


class Lanes:
    """At most so many connections, the one used last is used first. Follows no redirect."""

    def __init__(self, most: int, connect_seconds: float) -> None:
        """Only connecting has a limit of its own: whoever asks sets a deadline on the whole attempt."""
        self._free = asyncio.Semaphore(most)
        self._idle: list[httpx2.AsyncClient] = []
        self._all: list[httpx2.AsyncClient] = []
        self._timeout = httpx2.Timeout(None, connect=connect_seconds)

    def ready(self) -> None:
        """Opens the first one now. Raises ConfigError for a proxy that cannot be used."""
        self._idle.append(self._opened())

    @asynccontextmanager
    async def lane(self) -> AsyncIterator[httpx2.AsyncClient]:
        """A client that nobody else uses meanwhile; waits while all are in use. Raises ConfigError as `ready` does."""
        async with self._free:
            client = self._idle.pop() if self._idle else self._opened()
            try:
                yield client
            finally:
                self._idle.append(client)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """One for all, and none where none is asked: making it takes 0.1 s of CPU."""
        return httpx2.create_ssl_context()

    def _opened(self) -> httpx2.AsyncClient:
        try:
            client = DefaultAsyncHttpxClient(
                follow_redirects=False,
                limits=httpx2.Limits(max_connections=1, max_keepalive_connections=1),
                timeout=self._timeout,
                verify=self._tls,
            )
        except ImportError as error:
            raise ConfigError(
                f"{PROXIES} names a SOCKS proxy, which needs one more package: pip install socksio"
            ) from error
        except (ValueError, httpx2.InvalidURL) as error:  # not quoted: it may hold a password
            raise ConfigError(f"{PROXIES} names a proxy by what is no URL of one; want http://host:port") from error
        self._all.append(client)
        return client

    async def aclose(self) -> None:
        """Closes every connection."""
        for client in self._all:
            await client.aclose()

"""`openai:<model>`: any server that speaks OpenAI's chat completions, vLLM among them."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import BinaryIO, TypedDict, Unpack
from urllib.request import getproxies, proxy_bypass

import anyio
import h11
import httpx2
from openai import AsyncOpenAI
from pydantic import SecretStr

from rocot import __version__
from rocot.core.prompt import Ask, Picture
from rocot.core.record import Json
from rocot.errors import ConfigError, TeacherError
from rocot.machine import KEY_VARIABLES
from rocot.teacher.address import checked
from rocot.teacher.capped import capped
from rocot.teacher.completion import read
from rocot.teacher.faults import UNREACHABLE
from rocot.teacher.held import CHAT, MODELS, Learning
from rocot.teacher.lanes import PROXIES, Lanes
from rocot.teacher.protocol import Raw, Reply
from rocot.teacher.request import Spelling
from rocot.teacher.wire import Answer, ConnectError, LostError, Wires

PREFIX = "openai:"
OPENAI = "https://api.openai.com/v1"
CONNECT_SECONDS = 10.0
_LEAST_KEY = 8
"""Characters; shorter ones guard nothing, and may stand in any reply."""
_NO_KEY = "none"
"""What is sent to servers that want no key: the client insists on one."""


class Sent(TypedDict, total=False):
    """What a request to a path beside the chat's sends."""

    params: Mapping[str, str]
    json: Mapping[str, Json]
    data: Mapping[str, str]
    files: Mapping[str, tuple[str, BinaryIO, str]]
    timeout: httpx2.Timeout


class OpenAITeacher:
    """One model behind `POST <base URL>/chat/completions`. Frames go as data URIs, each after the text of its time.

    The client from the package `openai` knows keys, organisations and headers; bodies bypass its typed walk, which
    takes several times the CPU of sending them. They go over bare connections (see wire.py), and through an HTTP client
    where the environment names a proxy. Redirects are not followed, for they would hand prompt and frames to another
    host, and nothing is retried here. A server that holds frames by name is sent each of them once.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None,
        api_key: SecretStr | None,
        connections: int,
        deadline: float = 300.0,
    ) -> None:
        """`model` as the recipe names it; `connections` is the most that are open at once.

        `deadline` is the seconds that whoever asks gives an attempt.

        Raises ConfigError for OpenAI's own service without a key, and for a base URL or a proxy that is none.
        """
        self.model = model
        if api_key is None and base_url is None:
            raise ConfigError(
                f"{model} needs an API key: set {' or '.join(KEY_VARIABLES)},"
                " or give the base URL of a server that wants none"
            )
        self._key = api_key.get_secret_value().strip() if api_key is not None else _NO_KEY
        if not self._key.isascii() or not self._key.isprintable():
            raise ConfigError(f"the API key in {' or '.join(KEY_VARIABLES)} holds characters that no key has")
        self._quoted = _quoted(self._key)
        self._base = url = _parsed(checked(base_url or OPENAI))
        # It makes no request. One that could would read all CAs: 0.1 s of CPU before the first call.
        idle = httpx2.AsyncClient(transport=httpx2.AsyncBaseTransport(), trust_env=False)
        client = AsyncOpenAI(api_key=self._key, base_url=str(url), max_retries=0, http_client=idle)
        self._lanes = Lanes(connections, CONNECT_SECONDS)
        self._urls = {path: url.copy_with(path=f"{url.path.rstrip('/')}/{path}") for path in (CHAT, MODELS)}
        self.endpoint = _shown(url)
        headers = {**client.default_headers, **client.auth_headers}
        plain = {name: value for name, value in headers.items() if isinstance(value, str)}
        # Not what the client tells of this machine: it helps nobody here, and every header takes its time at each call.
        self._headers = {name: value for name, value in plain.items() if not name.startswith("X-Stainless")} | {
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"rocot/{__version__}",
        }
        self._head = [("Host", url.netloc.decode("ascii")), *self._headers.items()]
        self._wires = None if _proxied(url) else _wires(url, connections)
        if self._wires is None:
            self._lanes.ready()
        official = url.host == "api.openai.com" or url.host.endswith(".openai.azure.com")
        served = model.removeprefix(PREFIX)
        self._spelling = Spelling(served, official=official)
        self._learning = None if official else Learning(self._exchange, served, deadline=deadline)

    async def start(self) -> None:
        """It is ready as it is made."""

    async def send(self, ask: Ask, pictures: Mapping[str, bytes]) -> Raw:
        """One attempt. See `Teacher.send`; a status other than 200 comes back like any reply."""
        held = None if self._learning is None else await self._learning.held()
        if held is None:
            return await self._asked(self.body(ask, pictures))
        digests = [part.digest for turn in ask.turns for part in turn.parts if isinstance(part, Picture)]
        known = held.known(digests)
        raw = await self._asked(self._spelling.body(ask, pictures, known), referred=bool(known))
        held.answered(raw.status, digests, known)
        return raw

    def body(self, ask: Ask, pictures: Mapping[str, bytes]) -> bytes:
        """The bytes that make a call, all its frames among them. Raises TeacherError (`no picture`)."""
        return self._spelling.body(ask, pictures)

    @asynccontextmanager
    async def request(self, method: str, path: str, **more: Unpack[Sent]) -> AsyncIterator[httpx2.Response]:
        """A request to another path below the base URL, with the same care. Raises TeacherError as `send` does."""
        url = self._base.copy_with(path=f"{self._base.path.rstrip('/')}{path}")
        headers = {name: value for name, value in self._headers.items() if name != "Content-Type"}
        with self._translated():
            async with self._lanes.lane() as http, http.stream(method, url, headers=headers, **more) as response:
                yield response

    async def whole(self, response: httpx2.Response) -> Raw:
        """A response that has begun, read to its end. Raises TeacherError for one that is too long."""
        return self._told(_answer(response, await capped(response)))

    async def _asked(self, body: bytes, *, referred: bool = False) -> Raw:
        return self._told(await self._received(CHAT, body), referred=referred)

    def _told(self, answer: Answer, *, referred: bool = False) -> Raw:
        told = {name: self.without_key(value.encode()).decode()[:200] for name, value in _telling(answer.headers)}
        return Raw(
            body=self.without_key(answer.body),
            status=answer.status,
            request_id=told.pop("x-request-id", ""),
            headers=told,
            referred=referred,
        )

    async def _exchange(self, path: str, body: bytes | None) -> tuple[int, bytes]:
        answer = await self._received(path, body)
        return answer.status, answer.body

    async def _received(self, path: str, body: bytes | None) -> Answer:
        """What a path below the base URL answers. Raises TeacherError."""
        method, url = "GET" if body is None else "POST", self._urls[path]
        with self._translated():
            if self._wires is not None:
                return await self._wires.exchange(method, url.raw_path, self._head, body or b"")
            async with (
                self._lanes.lane() as http,
                http.stream(method, url, headers=self._headers, content=body) as response,
            ):
                return _answer(response, await capped(response))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Raises TeacherError for what goes wrong between here and the server."""
        try:
            yield
        except (ConnectError, httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError) as error:
            way = "" if self._wires is not None else f" through the proxy that {PROXIES} names"
            raise TeacherError(UNREACHABLE, f"{self.endpoint}{way} ({_why(error)})", passing=True) from error
        except (
            LostError,
            h11.LocalProtocolError,
            httpx2.RequestError,
            OSError,
            anyio.EndOfStream,
        ) as error:  # the last: a TLS end that httpx2 lets through
            raise TeacherError("connection lost", f"{self.endpoint} ({_why(error)})", passing=True) from error

    def without_key(self, told: bytes) -> bytes:
        """A server may quote the key that it refuses; bodies and headers are stored, and shown in errors."""
        return self._quoted.sub(b"[key]", told) if len(self._key) >= _LEAST_KEY else told

    def read(self, raw: bytes) -> Reply:
        """See `completion.read`."""
        return read(raw)

    async def close(self) -> None:
        """Closes the connections; no call can be made after."""
        if self._learning is not None:
            await self._learning.close()
        if self._wires is not None:
            self._wires.close()
        await self._lanes.aclose()


_TELLING = ("retry-after", "retry-after-ms", "date", "x-request-id")


def _quoted(key: str) -> re.Pattern[bytes]:
    """A key as JSON may hold it, and JSON within JSON: some writers escape a slash, a quotation mark or a plus sign."""

    def spelt(char: str) -> str:
        if char.isalnum() or char in "-_.":
            return re.escape(char)
        return rf"\\{{0,7}}(?:{re.escape(char)}|u00(?i:{ord(char):02x}))"

    return re.compile("".join(map(spelt, key)).encode())


def _parsed(base_url: str) -> httpx2.URL:
    """Raises ConfigError for what the client takes for no URL: a host of symbols, one of many thousand characters."""
    try:
        return httpx2.URL(base_url)
    except httpx2.InvalidURL as error:
        raise ConfigError(f"the base URL is none ({error!s:.100})") from error


def _proxied(url: httpx2.URL) -> bool:
    """Whether the environment has requests to a URL go through a proxy."""
    named = getproxies()
    return (url.scheme in named or "all" in named) and not proxy_bypass(url.netloc.decode("ascii"))


def _wires(url: httpx2.URL, connections: int) -> Wires:
    tls = httpx2.create_ssl_context() if url.scheme == "https" else None
    port = url.port or (80 if tls is None else 443)
    return Wires(url.raw_host.decode("ascii"), port, tls, most=connections, seconds=CONNECT_SECONDS)


def _answer(response: httpx2.Response, body: bytes) -> Answer:
    return Answer(response.status_code, dict(response.headers.items()), body)


def _telling(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """The headers that are kept."""
    kept = [(name, value) for name, value in headers.items() if name in _TELLING or name.startswith("x-ratelimit")]
    return kept if "retry-after" in headers else [(name, value) for name, value in kept if name != "date"]


def _shown(url: httpx2.URL) -> str:
    """A URL that may stand in a log: without user, password and query."""
    port = f":{url.port}" if url.port is not None else ""
    return f"{url.scheme}://{url.host}{port}{url.path}".rstrip("/")


def _why(error: BaseException) -> str:
    """The innermost reason that says something; httpx's own may be an empty text."""
    cause: BaseException | None = error
    while cause is not None and not str(cause):
        cause = cause.__cause__ or cause.__context__
    return f"{cause or type(error).__name__}"[:200]

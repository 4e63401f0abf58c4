import asyncio
import logging
import resource
import socket
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from rocot.errors import ConfigError, TeacherError
from rocot.machine import key_from_environment, own_keys_from_environment
from rocot.stages.asking import compose
from rocot.teacher.faults import UNREACHABLE, TryLaterError, fault_in
from rocot.teacher.openai import OpenAITeacher
from rocot.teacher.protocol import Teacher
from tests.contracts.teacher import ITEM, PICTURES, PROMPTS, Said, TeacherContract
from tests.servers.chat import ChatServer
from tests.servers.replies import error, http

CANARY = "sk-canary-0123456789abcdef"
ASK = compose(PROMPTS, Said("openai:m"), ITEM, "grounding")("json")


def made(server: ChatServer | None = None, *, key: str | None = None, url: str | None = None) -> OpenAITeacher:
    base_url = server.base_url if server is not None else url
    return OpenAITeacher(
        "openai:m", base_url=base_url, api_key=SecretStr(key) if key is not None else None, connections=4
    )


class TestOpenAI(TeacherContract):
    @pytest.fixture
    async def teacher(self) -> AsyncIterator[Teacher]:
        async with ChatServer() as server:
            teacher = made(server)
            yield teacher
            await teacher.close()


async def test_it_says_who_asks_and_holds_no_key_where_none_is_wanted() -> None:
    async with ChatServer() as server:
        teacher = made(server)
        await teacher.send(ASK, PICTURES)
        head = server.heads[-1].lower()
        assert b"user-agent: rocot/" in head
        assert b"accept-encoding: identity" in head
        assert b"authorization: bearer none" in head
        await teacher.close()


@pytest.mark.parametrize(
    ("fault", "status"),
    [("key", 401), ("model", 404), ("rate", 429), ("500", 500), ("503", 503), ("redirect", 307), ("error", 200)],
)
async def test_whatever_comes_back_is_handed_on_after_one_request(fault: str, status: int) -> None:
    async with ChatServer([fault]) as server:
        teacher = made(server, key=CANARY)
        raw = await teacher.send(ASK, PICTURES)
        assert raw.status == status
        assert raw.request_id == "loopback"
        assert server.counts.total() == 1
        await teacher.close()


async def test_retry_after_is_handed_on() -> None:
    async with ChatServer(["rate"]) as server:
        teacher = made(server)
        fault = fault_in(await teacher.send(ASK, PICTURES))
        assert isinstance(fault, TryLaterError)
        assert fault.after == 0.05
        await teacher.close()


@pytest.mark.parametrize("fault", ["cut", "close"])
async def test_a_lost_connection_may_be_tried_again(fault: str) -> None:
    async with ChatServer([fault]) as server:
        teacher = made(server, key=CANARY)
        with pytest.raises(TeacherError) as caught:
            await teacher.send(ASK, PICTURES)
        assert (caught.value.reason, caught.value.passing) == ("connection lost", True)
        assert (await teacher.send(ASK, PICTURES)).status == 200
        await teacher.close()


async def test_a_server_that_is_down_is_told_with_its_address() -> None:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        teacher = made(url=f"http://127.0.0.1:{taken.getsockname()[1]}/v1?token={CANARY}", key=CANARY)
        with pytest.raises(TeacherError) as caught:
            await teacher.send(ASK, PICTURES)
        assert (caught.value.reason, caught.value.passing) == (UNREACHABLE, True)
        assert f"http://127.0.0.1:{taken.getsockname()[1]}/v1" in caught.value.detail
        assert CANARY not in caught.value.detail
        await teacher.close()


async def test_an_unasked_compression_is_undone() -> None:
    async with ChatServer(["gzip"]) as server:
        teacher = made(server)
        assert teacher.read((await teacher.send(ASK, PICTURES)).body).text == "{}"
        await teacher.close()


@pytest.mark.parametrize("fault", ["bomb", "long"])
async def test_a_reply_without_end_is_cut_off_in_bounded_memory(fault: str) -> None:
    async with ChatServer([fault]) as server:
        teacher = made(server)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(TeacherError) as caught:
            await teacher.send(ASK, PICTURES)
        assert (caught.value.reason, caught.value.passing) == ("too long", False)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB; the bomb holds 300 MB
        await teacher.close()


async def test_the_key_shows_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    quoted = http(401, error(f"Incorrect API key provided: {CANARY}", "invalid_api_key"))
    async with ChatServer([quoted]) as server:
        teacher = made(server, key=CANARY)
        raw = await teacher.send(ASK, PICTURES)
        assert f"authorization: bearer {CANARY}".encode() in server.heads[-1].lower()  # it was really sent
        await teacher.close()
    shown = [repr(raw), repr(fault_in(raw)), str(fault_in(raw)), teacher.endpoint, repr(teacher), caplog.text]
    assert not any(CANARY in text for text in shown)
    assert b"[key]" in raw.body


@pytest.mark.parametrize(
    "spelt", [r"sk-Ab\/1+2=\"9\\x", r"sk-Ab/1\u002B2\u003d\u00229\\x", r"sk-Ab\\/1+2=\\\"9\\\\x", 'sk-Ab/1+2="9\\x']
)
def test_a_key_is_known_however_json_spells_it(spelt: str) -> None:
    """By PHP, by .NET, in JSON within JSON, and in no JSON."""
    teacher = made(url="http://127.0.0.1:1/v1", key='sk-Ab/1+2="9\\x')
    assert teacher.without_key(f'{{"error":"wrong key {spelt}!"}}'.encode()) == b'{"error":"wrong key [key]!"}'


async def test_what_a_server_tells_of_its_rates_is_kept_without_the_key() -> None:
    told = {
        "X_RateLimit_Remaining_Requests": "41",
        "X_RateLimit_Key": f"of {CANARY}",
        "Retry_After": "2",
        "Server": "s",
    }
    async with ChatServer([http(429, error("slow down"), **told)]) as server:
        teacher = made(server, key=CANARY)
        raw = await teacher.send(ASK, PICTURES)
        await teacher.close()
    assert raw.headers == {"x-ratelimit-remaining-requests": "41", "x-ratelimit-key": "of [key]", "retry-after": "2"}
    assert raw.request_id == "loopback"


def test_openai_itself_wants_a_key_before_any_call() -> None:
    with pytest.raises(ConfigError, match="ROCOT_API_KEY or OPENAI_API_KEY"):
        made()


@pytest.mark.parametrize(
    "url",
    [
        *("localhost:8000/v1", "ftp://host/v1", "http://", "http://host:port/v1", "http://[::1"),
        *("http://lab..example/v1", f"http://{'a' * 64}.example/v1", "http://my host/v1"),
        *("http://host\n/v1", "http://host/\ud800", "http://☃.example/v1", "http://[v1.x]/v1"),
    ],
)
def test_a_base_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="base URL"):
        made(url=url)


@pytest.mark.parametrize("url", [f"http://user:{CANARY}@host/v1", f"https://{CANARY}@host/v1", "http://:@host/v1"])
def test_a_base_url_with_a_login_is_refused_unquoted(url: str) -> None:
    with pytest.raises(ConfigError, match="leave them out") as caught:
        made(url=url)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://[::1]:8000/v1", "http://münchen.example/v1", "http://my_host./v1", " http://host/v1\r\n"]
)
def test_an_odd_base_url_is_taken(url: str) -> None:
    assert made(url=url).endpoint


def test_a_key_of_white_space_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROCOT_API_KEY", " \n")
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    monkeypatch.setenv("ROCOT_REFLECTOR_API_KEY", " ")
    found = key_from_environment()
    assert found is not None
    assert found.get_secret_value() == CANARY
    assert not own_keys_from_environment()


def test_a_key_that_no_header_can_hold_is_refused_unquoted() -> None:
    with pytest.raises(ConfigError) as caught:
        made(url="http://127.0.0.1:1/v1", key=f"{CANARY}\nevil")
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("end", ["", "/", "?api-version=1", "/?api-version=1"])
async def test_the_address_is_the_base_url_and_its_query(end: str) -> None:
    async with ChatServer() as server:
        teacher = made(url=server.base_url + end)
        assert (await teacher.send(ASK, PICTURES)).status == 200
        query = end.lstrip("/").encode()
        assert server.heads[-1].startswith(b"POST /v1/chat/completions" + query + b" HTTP/1.1\r\n")
        assert teacher.endpoint == server.base_url
        await teacher.close()


async def test_no_more_connections_than_allowed() -> None:
    async with ChatServer(latency=0.05) as server:
        teacher = made(server)
        await asyncio.gather(*[teacher.send(ASK, PICTURES) for _ in range(12)])
        assert server.most_in_flight == 4
        await teacher.close()


@pytest.mark.parametrize(("spared", "asked"), [("", "proxy"), ("127.0.0.1", "server"), ("other.example", "proxy")])
async def test_a_proxy_that_the_environment_names_is_used(
    spared: str, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ChatServer() as server, ChatServer() as proxy:
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, proxy.base_url.removesuffix("/v1"))
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.setenv(name, spared)
        teacher = made(server)
        assert teacher.read((await teacher.send(ASK, PICTURES)).body).text
        await teacher.close()
        assert (server.counts.total(), proxy.counts.total()) == ((0, 1) if asked == "proxy" else (1, 0))
        if asked == "proxy":
            assert proxy.heads[-1].startswith(f"POST {server.base_url}/chat/completions HTTP/1.1\r\n".encode())


@pytest.mark.parametrize(
    ("proxy", "told"),
    [
        ("socks5://127.0.0.1:9", "pip install socksio"),
        (f"foo://u:{CANARY}@h", "want http://host:port"),
        ("http://[::1", "no URL of one"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_told_before_any_call(
    proxy: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, proxy)
    with pytest.raises(ConfigError, match=told) as caught:
        made(url="http://teacher.example/v1")
    assert CANARY not in str(caught.value)


async def test_a_proxy_that_is_down_is_told_as_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, f"http://u:{CANARY}@127.0.0.1:{taken.getsockname()[1]}")
        teacher = made(url="http://teacher.example/v1")
        with pytest.raises(TeacherError, match=r"example/v1 through the proxy that HTTP_PROXY") as caught:
            await teacher.send(ASK, PICTURES)
        await teacher.close()
    assert caught.value.reason == UNREACHABLE
    assert CANARY not in str(caught.value)

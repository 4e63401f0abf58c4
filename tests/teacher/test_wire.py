import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rocot.errors import TeacherError
from rocot.teacher.wire import IDLE_SECONDS, Answer, ConnectError, LostError, Wires
from tests.servers.replies import http

FINE = http(200, b"fine")
HEADERS = [("Host", "loopback"), ("Authorization", "Bearer none")]


@dataclass
class Peer:
    """Reads requests whole, and answers each with the next of what it was told to; b"" ends the connection."""

    replies: list[bytes]
    early: bool = False
    """Answers before it has read the body."""
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0
    streams: list[asyncio.StreamWriter] = field(default_factory=list)
    port: int = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.streams.append(writer)
        while self.replies:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or b"0")
                self.bodies.append(b"" if self.early else await reader.readexactly(length))
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            reply = self.replies.pop(0)
            if not reply:
                break
            writer.write(reply)
            if b"\r\nConnection: close\r\n" in reply:
                break
        if not self.early:
            writer.close()


@asynccontextmanager
async def serving(peer: Peer, tls: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    server = await asyncio.start_server(peer.talk, "127.0.0.1", 0, ssl=tls)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        for writer in peer.streams:
            writer.transport.abort()
        await server.wait_closed()


def wires(peer: Peer, tls: ssl.SSLContext | None = None, *, most: int = 2) -> Wires:
    return Wires("127.0.0.1", peer.port, tls, most=most, seconds=5)


def certified(folder: Path) -> tuple[Path, Path]:
    """Key and certificate of 127.0.0.1."""
    key, certificate = folder / "key.pem", folder / "cert.pem"
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=loopback -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([*words.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return key, certificate


async def asked(to: Wires, body: bytes = b"{}") -> Answer:
    async with asyncio.timeout(10):
        return await to.exchange("POST", b"/v1/chat?x=1", HEADERS, body)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110  # the other end's doing has no event of ours
            await asyncio.sleep(0.01)


async def test_one_connection_serves_call_after_call() -> None:
    async with serving(Peer([FINE, http(429, b"slow", Retry_After="2"), FINE])) as peer:
        to = wires(peer)
        assert (await asked(to)).body == b"fine"
        answer = await asked(to, b"x" * 1_000_000)
        assert (answer.status, answer.headers["retry-after"], answer.body) == (429, "2", b"slow")
        assert (await asked(to)).status == 200
        to.close()
    assert peer.connections == 1
    assert [len(body) for body in peer.bodies] == [2, 1_000_000, 2]


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nfi\r\n2\r\nne\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + FINE,
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nfine",
        b"HTTP/1.0 200 OK\r\n\r\nfine",
    ],
    ids=["chunked", "interim", "to the end", "HTTP/1.0"],
)
async def test_a_body_is_whole_however_it_is_framed(reply: bytes) -> None:
    closes = b"chunked" not in reply and FINE not in reply
    async with serving(Peer([reply, b""] if closes else [reply, FINE])) as peer:
        to = wires(peer)
        if b"1.0" in reply:
            asking = asyncio.create_task(asked(to))
            await until(lambda: bool(peer.bodies))
            peer.streams[0].close()
            answer = await asking
        else:
            answer = await asked(to)
        assert (answer.status, answer.body) == (200, b"fine")
        to.close()


async def test_headers_that_come_twice_are_joined() -> None:
    async with serving(Peer([b"HTTP/1.1 204 No\r\nX-A: 1\r\nx-a: 2\r\nX-B: caf\xe9\r\n\r\n"])) as peer:
        to = wires(peer)
        assert (await asked(to)).headers == {"x-a": "1, 2", "x-b": "caf\N{REPLACEMENT CHARACTER}"}
        to.close()


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nfi",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nfi",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nX-",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 200_000,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ],
    ids=["closed", "cut", "cut chunk", "cut head", "no HTTP", "long head", "upgrade", "negative", "two lengths"],
)
async def test_what_is_no_response_is_a_lost_connection_and_the_next_call_gets_another(reply: bytes) -> None:
    async with serving(Peer([reply, FINE])) as peer:
        to = wires(peer)
        with pytest.raises(LostError):
            await asked(to)
        assert (await asked(to)).body == b"fine"
        assert peer.connections == 2
        to.close()


async def test_an_unknown_encoding_is_told_as_such() -> None:
    async with serving(Peer([http(200, b"x", Content_Encoding="br"), FINE])) as peer:
        to = wires(peer)
        with pytest.raises(TeacherError, match="content-encoding 'br'"):
            await asked(to)
        assert (await asked(to)).body == b"fine"
        to.close()


async def test_an_answer_before_the_body_was_read_is_taken_and_the_connection_is_not_used_again() -> None:
    async with serving(Peer([http(413, b"too large"), FINE], early=True)) as peer:
        to = wires(peer)
        assert (await asked(to, b"x" * 50_000_000)).status == 413
        assert (await asked(to)).body == b"fine"
        assert peer.connections == 2
        to.close()


@pytest.mark.parametrize("more", [FINE, b"HTTP/1.1 200 OK\r\n"])
async def test_nothing_that_nobody_asked_for_answers_the_next_call(more: bytes) -> None:
    async with serving(Peer([http(200, b"first") + more, http(200, b"second")])) as peer:
        to = wires(peer)
        assert (await asked(to)).body == b"first"
        assert (await asked(to)).body == b"second"
        assert peer.connections == 2
        to.close()


async def test_what_comes_unasked_on_an_idle_connection_ends_it() -> None:
    async with serving(Peer([FINE, http(200, b"second")])) as peer:
        to = wires(peer)
        await asked(to)
        peer.streams[0].write(http(200, b"for nobody"))
        await until(lambda: not to.idle)
        assert (await asked(to)).body == b"second"
        assert peer.connections == 2
        to.close()


async def test_the_answer_to_a_call_that_was_given_up_goes_to_nobody() -> None:
    async with serving(Peer([b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", http(200, b"mine")])) as peer:
        to = wires(peer)
        asking = asyncio.create_task(asked(to))
        await until(lambda: bool(peer.bodies))
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert (await asked(to)).body == b"mine"
        assert peer.connections == 2
        to.close()


async def test_a_connection_that_its_server_closed_meanwhile_is_replaced_unseen() -> None:
    async with serving(Peer([http(200, b"first", Keep_Alive="timeout=1"), FINE])) as peer:
        to = wires(peer)
        await asked(to)
        peer.streams[0].close()
        await until(lambda: not to.idle)
        assert (await asked(to)).body == b"fine"
        to.close()


async def test_a_connection_that_was_idle_for_long_is_not_used_again() -> None:
    async with serving(Peer([FINE, FINE])) as peer:
        to = wires(peer)
        await asked(to)
        await asyncio.sleep(IDLE_SECONDS + 0.1)
        await asked(to)
        assert peer.connections == 2
        to.close()


async def test_no_more_connections_are_open_than_allowed_and_the_one_used_last_is_used_first() -> None:
    async with serving(Peer([FINE] * 20)) as peer:
        to = wires(peer, most=3)
        await asyncio.gather(*[asked(to) for _ in range(12)])
        assert peer.connections == 3
        for _ in range(4):
            await asked(to)
        assert peer.connections == 3
        to.close()


async def test_nobody_there_is_told() -> None:
    async with serving(Peer([])) as peer:
        pass
    with pytest.raises(ConnectError, match="Connect"):
        await asked(wires(peer))


async def test_a_host_that_takes_no_connection_is_given_up() -> None:
    async with serving(Peer([FINE])) as peer:
        to = Wires("127.0.0.1", peer.port, ssl.create_default_context(), most=1, seconds=0.2)
        with pytest.raises(ConnectError, match=r"no connection within 0\.2 s"):  # it never shakes hands
            await asked(to)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
async def test_it_speaks_tls_to_whom_it_trusts_and_to_nobody_else(tmp_path: Path) -> None:
    key, certificate = certified(tmp_path)
    own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    own.load_cert_chain(certificate, key)
    async with serving(Peer([FINE, FINE]), own) as peer:
        to = wires(peer, ssl.create_default_context(cafile=certificate))
        assert (await asked(to, b"x" * 300_000)).body == b"fine"
        assert (await asked(to)).body == b"fine"
        assert peer.connections == 1
        to.close()
        with pytest.raises(ConnectError, match="certificate verify failed"):
            await asked(wires(peer, ssl.create_default_context()))

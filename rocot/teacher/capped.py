"""The body of a response, as far as one is taken."""

import zlib

import httpx2

from rocot.errors import TeacherError

MOST_BYTES = 8_000_000
"""Of a reply, decompressed; a whole one of 1,024 tokens takes 5 kB."""


class Capped:
    """A body that comes in pieces, inflated where a server compresses unasked."""

    def __init__(self, encoding: str) -> None:
        """`encoding` is what the header `Content-Encoding` says. Raises TeacherError (`encoded reply`)."""
        encoding = encoding.strip().lower()
        if encoding not in ("identity", "", "gzip", "deflate"):
            raise TeacherError("encoded reply", f"content-encoding {encoding[:40]!r}, wanted identity")
        bits = {"gzip": 47, "deflate": 15}.get(encoding)
        self._inflate = None if bits is None else zlib.decompressobj(wbits=bits)
        self._encoding = encoding
        self._pieces: list[bytes] = []
        self._room = MOST_BYTES

    def add(self, piece: bytes) -> None:
        """Takes a piece as it came. Raises TeacherError (`too long`) past MOST_BYTES, and for what is no such code."""
        try:
            plain = self._inflate.decompress(piece, self._room + 1) if self._inflate else piece
        except zlib.error as error:
            raise TeacherError("encoded reply", f"broken {self._encoding} ({error})", passing=True) from error
        self._room -= len(plain)
        if self._room < 0:
            raise TeacherError("too long", f"a reply of more than {MOST_BYTES} bytes")
        self._pieces.append(plain)

    @property
    def whole(self) -> bytes:
        """All that has come."""
        return b"".join(self._pieces)


async def capped(response: httpx2.Response) -> bytes:
    """The body of a response that has begun. Raises TeacherError as `Capped` does."""
    body = Capped(response.headers.get("content-encoding", "identity"))
    async for piece in response.aiter_raw():
        body.add(piece)
    return body.whole

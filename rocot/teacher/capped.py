"""The body of a response, as far as one is taken."""

import zlib

import httpx2

from rocot.errors import TeacherError

MOST_BYTES = 8_000_000
"""Of a reply, decompressed; a whole one of 1,024 tokens takes 5 kB."""


async def capped(response: httpx2.Response) -> bytes:
    """The body, inflated where a server compresses unasked. Raises TeacherError (`too long`) past MOST_BYTES."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "deflate"):
        raise TeacherError("encoded reply", f"content-encoding {encoding[:40]!r}, wanted identity")
    inflate = zlib.decompressobj(wbits=47 if encoding == "gzip" else 15) if encoding in ("gzip", "deflate") else None
    pieces: list[bytes] = []
    room = MOST_BYTES
    async for piece in response.aiter_raw():
        try:
            plain = inflate.decompress(piece, room + 1) if inflate else piece
        except zlib.error as error:
            raise TeacherError("encoded reply", f"broken {encoding} ({error})", passing=True) from error
        room -= len(plain)
        if room < 0:
            raise TeacherError("too long", f"a reply of more than {MOST_BYTES} bytes")
        pieces.append(plain)
    return b"".join(pieces)

"""Long texts and bodies as they lie in the store: deflated where that makes them smaller.

A reply stands in the store twice, as it came and in what a stage made of it. The second time it is deflated with the
first as its dictionary, and then takes next to nothing. Any zlib undoes it: the streams have zlib's header.
"""

import zlib

LEAST = 512
"""Bytes; what is shorter stays legible in any SQLite tool."""
MOST = 64_000_000
"""Bytes that anything inflates to at most: eight times the longest reply. A flipped bit asks for more."""
WINDOW = 32_768
"""Bytes of a dictionary that are looked at: its last ones."""


def packed(plain: bytes, like: bytes = b"") -> bytes:
    """The deflated bytes, or `plain` itself where it is short or does not shrink. `like` holds much of the same."""
    if len(plain) < LEAST:
        return plain
    deflating = zlib.compressobj(zdict=like[-WINDOW:]) if like else zlib.compressobj()
    small = deflating.compress(plain) + deflating.flush()
    return small if len(small) < len(plain) else plain


def unpacked(stored: bytes, like: bytes = b"") -> bytes | None:
    """What was deflated, with the same `like`; None for what is no whole stream any more."""
    inflating = zlib.decompressobj(zdict=like[-WINDOW:]) if like else zlib.decompressobj()
    try:
        plain = inflating.decompress(stored, MOST)
    except zlib.error:
        return None
    return plain if inflating.eof else None

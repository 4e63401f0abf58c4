"""The little of H.264 that a reader must know: whether decoding can start at a packet with nothing before it."""

from collections.abc import Iterator

IDR_SLICE = 5
"""NAL unit type: from here on no picture leans on an earlier one (ITU-T H.264, 7.4.1.2.4)."""


def is_idr(packet: bytes, extradata: bytes | None) -> bool:
    """Whether the packet holds an IDR slice; in MP4's framing where the extradata is an avcC box, else in Annex B's."""
    framed = extradata is not None and extradata[:1] == b"\x01" and len(extradata) > 4
    heads = _framed(packet, (extradata[4] & 3) + 1) if framed and extradata is not None else _annex_b(packet)
    return any(head & 0x1F == IDR_SLICE for head in heads)


def _framed(packet: bytes, width: int) -> Iterator[int]:
    """The first byte of each NAL unit; each stands behind its length, big-endian."""
    at = 0
    while at + width < len(packet):
        yield packet[at + width]
        at += width + int.from_bytes(packet[at : at + width], "big")


def _annex_b(packet: bytes) -> Iterator[int]:
    """The first byte of each NAL unit; each stands behind the bytes 0, 0, 1."""
    at = packet.find(b"\0\0\1")
    while 0 <= at < len(packet) - 3:
        yield packet[at + 3]
        at = packet.find(b"\0\0\1", at + 3)

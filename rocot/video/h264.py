"""The little of H.264 that a reader must know: where decoding can start, and which pictures no other leans on."""

from collections.abc import Iterator

IDR_SLICE = 5
"""NAL unit type: from here on no picture leans on an earlier one (ITU-T H.264, 7.4.1.2.4)."""
SLICES = range(1, IDR_SLICE + 1)
"""NAL unit types that carry a picture (Table 7-1)."""


def is_idr(packet: bytes, extradata: bytes | None) -> bool:
    """Whether the packet holds an IDR slice; in MP4's framing where the extradata is an avcC box, else in Annex B's."""
    return any(head & 0x1F == IDR_SLICE for head in _heads(packet, extradata))


def is_disposable(packet: bytes, extradata: bytes | None) -> bool:
    """Whether the packet holds slices, none of which other pictures refer to (nal_ref_idc is 0: 7.4.1)."""
    slices = [head for head in _heads(packet, extradata) if head & 0x1F in SLICES]
    return bool(slices) and not any(head & 0x60 for head in slices)


def framed_heads(packet: bytes, width: int) -> Iterator[bytes]:
    """The first two bytes of each NAL unit; each unit stands behind its length, big-endian, of so many bytes."""
    at = 0
    while at + width < len(packet):
        yield packet[at + width : at + width + 2]
        at += width + int.from_bytes(packet[at : at + width], "big")


def _heads(packet: bytes, extradata: bytes | None) -> Iterator[int]:
    """The first byte of each NAL unit."""
    if extradata is not None and extradata[:1] == b"\x01" and len(extradata) > 4:
        return (head[0] for head in framed_heads(packet, (extradata[4] & 3) + 1))
    return _annex_b(packet)


def _annex_b(packet: bytes) -> Iterator[int]:
    """The first byte of each NAL unit; each stands behind the bytes 0, 0, 1."""
    at = packet.find(b"\0\0\1")
    while 0 <= at < len(packet) - 3:
        yield packet[at + 3]
        at = packet.find(b"\0\0\1", at + 3)

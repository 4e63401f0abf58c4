"""Which coded pictures lean on which: what need not be decoded, and where decoding may truly start."""

from collections.abc import Callable
from functools import partial

from av.video.frame import PictureType, VideoFrame

from rocot.video import h264

Disposable = Callable[[bytes], bool]
"""Says of a packet whether it may be left out; False where it cannot tell, as for HEVC in Annex B's framing."""

_NOTICED = ("h264", "hevc")
"""Codecs whose decoders notice a start where there is none; a recovery point of theirs may be a P picture."""

_HEVC_SPS = 33
"""NAL unit type of a sequence parameter set (ITU-T H.265, Table 7-1)."""
_HEVC_LEAST_REFERENCED = range(0, 15, 2)
"""NAL unit types of sub-layer non-reference pictures: TRAIL_N, TSA_N, STSA_N, RADL_N, RASL_N, reserved ones."""
_HEVC_PICTURES = range(32)
_MPEG4_PICTURE = b"\0\0\1\xb6"
"""Start code of a video object plane (ISO/IEC 14496-2, 6.2.1); the two bits behind it are its coding type."""
_MPEG4_B = 2


def disposable_in(codec: str, extradata: bytes | None) -> Disposable:
    """The test for packets of a stream, by FFmpeg's name of its codec."""
    if codec == "h264":
        return partial(h264.is_disposable, extradata=extradata)
    if codec == "hevc" and extradata is not None and extradata[:1] == b"\x01" and len(extradata) > 22:
        highest = _highest_layer(extradata)
        width = (extradata[21] & 3) + 1
        return lambda packet: highest is not None and _is_disposable_hevc(packet, width, highest)
    if codec == "mpeg4":
        return _is_disposable_mpeg4
    return lambda _: False


def begins_alone(codec: str, frame: VideoFrame, *, first: bool) -> bool:
    """Whether the frame of a so-called key frame leans on no other, so that decoding may start there.

    Containers mark what is none: MP4 and MOV without `stss`, AVI whose index flags all. The decoders of MPEG-4, H.263
    and their kin begin with a grey picture there, without an error. The oldest (QuickTime's, Microsoft's) do not say
    what a picture is: theirs is only believed of the `first` of a file.
    """
    if codec in _NOTICED:
        return True
    return frame.pict_type != PictureType.P if first else frame.pict_type == PictureType.I


def _is_disposable_hevc(packet: bytes, width: int, highest: int) -> bool:
    """Non-reference pictures of a lower temporal layer may be leant on by higher ones (H.265, 3.160)."""
    seen = False
    for head in h264.framed_heads(packet, width):
        if len(head) < 2:
            return False
        kind, layer = head[0] >> 1 & 0x3F, (head[0] & 1) << 5 | head[1] >> 3
        if kind not in _HEVC_PICTURES or layer:  # the other eye of a stereo film refers to the first, which stays
            continue
        if kind not in _HEVC_LEAST_REFERENCED or (head[1] & 7) - 1 != highest:
            return False
        seen = True
    return seen


def _highest_layer(extradata: bytes) -> int | None:
    """The highest temporal layer that the sequence parameter sets of an hvcC box speak of; None without any."""
    found: list[int] = []
    at = 23
    for _ in range(extradata[22]):
        kind, count = extradata[at : at + 1], int.from_bytes(extradata[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            size = int.from_bytes(extradata[at : at + 2], "big")
            unit = extradata[at + 2 : at + 2 + size]
            if kind and kind[0] & 0x3F == _HEVC_SPS and len(unit) > 2:
                found.append(unit[2] >> 1 & 7)
            at += 2 + size
            if at > len(extradata):
                return None
    return max(found, default=None)


def _is_disposable_mpeg4(packet: bytes) -> bool:
    kinds = []
    at = packet.find(_MPEG4_PICTURE)
    while 0 <= at < len(packet) - 4:
        kinds.append(packet[at + 4] >> 6)
        at = packet.find(_MPEG4_PICTURE, at + 4)
    return bool(kinds) and all(kind == _MPEG4_B for kind in kinds)

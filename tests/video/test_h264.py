"""IDR slices are found in both framings of H.264."""

from pathlib import Path

import av
import pytest

from rocot.video.h264 import is_idr
from tests.contracts.films import FILMS


@pytest.mark.parametrize("name", ["b-frames.mp4", "b-frames.mkv", "b-frames.ts", "b-frames.flv", "b-frames.avi"])
def test_closed_groups_begin_with_an_idr_slice(tmp_path: Path, name: str) -> None:
    assert _idrs(FILMS[name](tmp_path / name).path) == (3, 3)


@pytest.mark.parametrize("name", ["open-gop.mp4", "open-gop.ts"])
def test_open_groups_do_not_but_for_the_first(tmp_path: Path, name: str) -> None:
    keys, idrs = _idrs(FILMS[name](tmp_path / name).path)
    assert keys > 4
    assert idrs == 1


@pytest.mark.parametrize("packet", [b"", b"\0", b"\0\0\1", b"\0\0\0\0", b"\xff" * 9, b"\0\0\0\1"])
def test_what_is_no_packet_holds_none(packet: bytes) -> None:
    assert not is_idr(packet, None)
    assert not is_idr(packet, b"\1dP\0\xff")


def _idrs(path: Path) -> tuple[int, int]:
    """How many key frames, and how many packets with an IDR slice."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        extradata = stream.codec_context.extradata
        idrs = sum(is_idr(bytes(packet), extradata) for packet in packets)
    return sum(packet.is_keyframe for packet in packets), idrs

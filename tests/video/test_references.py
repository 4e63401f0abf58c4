"""Which packets say that no other picture leans on them."""

import pytest

from rocot.video.references import disposable_in

AVCC = b"\x01\x64\x00\x1f\xff"
TRAIL_N, TRAIL_R, TSA_N, IDR_W_RADL, SEI = 0, 1, 2, 19, 39


def framed(*units: bytes) -> bytes:
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


def hevc(kind: int, *, temporal: int = 0, layer: int = 0) -> bytes:
    return bytes([kind << 1 | layer >> 5, (layer & 31) << 3 | temporal + 1]) + b"slice"


def hvcc(*, layers: int) -> bytes:
    """A box with one sequence parameter set of so many temporal layers."""
    sps = bytes([33 << 1, 1, (layers - 1) << 1 | 1]) + b"more"
    return b"\x01" + bytes(20) + b"\x03\x01" + b"\x21\x00\x01" + len(sps).to_bytes(2, "big") + sps


@pytest.mark.parametrize(
    ("units", "disposable"),
    [
        ((b"\x01slice",), True),
        ((b"\x41slice",), False),
        ((b"\x65slice",), False),
        ((b"\x06sei", b"\x01slice", b"\x01slice"), True),
        ((b"\x01first field", b"\x21second field"), False),
        ((b"\x06sei",), False),
        ((), False),
    ],
)
def test_h264_says_it_of_each_slice(units: tuple[bytes, ...], *, disposable: bool) -> None:
    assert disposable_in("h264", AVCC)(framed(*units)) is disposable


@pytest.mark.parametrize(
    ("layers", "units", "disposable"),
    [
        (1, [hevc(TRAIL_N)], True),
        (1, [hevc(TRAIL_R)], False),
        (1, [hevc(IDR_W_RADL)], False),
        (1, [hevc(SEI), hevc(TRAIL_N), hevc(TRAIL_N)], True),
        (1, [hevc(TRAIL_N), hevc(TRAIL_R)], False),
        (2, [hevc(TRAIL_N)], False),  # a picture of the upper layer may lean on it
        (2, [hevc(TSA_N, temporal=1)], True),
        (1, [hevc(TRAIL_N), hevc(TRAIL_R, layer=1)], True),  # the other eye of a stereo film
        (1, [hevc(SEI)], False),
    ],
)
def test_hevc_says_it_of_its_highest_layer(layers: int, units: list[bytes], *, disposable: bool) -> None:
    assert disposable_in("hevc", hvcc(layers=layers))(framed(*units)) is disposable


def test_mpeg4_says_it_of_each_picture() -> None:
    says = disposable_in("mpeg4", None)
    assert says(b"\0\0\1\xb6\x90...")
    assert not says(b"\0\0\1\xb6\x50...")
    assert not says(b"\0\0\1\xb6\x50...\0\0\1\xb6\x90...")  # a packed pair
    assert not says(b"")


def test_nothing_is_left_out_where_it_cannot_be_told() -> None:
    for codec, extradata in (("h264", b"\0\0\0\1"), ("hevc", b"\x01"), ("hevc", b"\x01" + bytes(30)), ("vp9", None)):
        assert not disposable_in(codec, extradata)(framed(b"\x01slice", hevc(TRAIL_N)))

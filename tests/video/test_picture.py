"""From a decoded frame to a JPEG, whatever the frame is made of."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
import simplejpeg
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace

from rocot.video.picture import jpeg_of
from rocot.video.protocol import Look

LOOK = Look(height=448, quality=95)
COLOURS = ((200, 40, 30), (40, 170, 60), (30, 60, 200), (220, 210, 60))
Picture = npt.NDArray[np.uint8]


def quarters(width: int, height: int) -> Picture:
    """Red and green above, blue and yellow below."""
    picture = np.zeros((height, width, 3), np.uint8)
    rows, columns = height // 2, width // 2
    for place, colour in enumerate(COLOURS):
        top, left = divmod(place, 2)
        picture[top * rows : height if top else rows, left * columns : width if left else columns] = colour
    return picture


def frame_of(picture: Picture, name: str, *, full: bool = False, space: Colorspace = Colorspace.ITU601) -> VideoFrame:
    """The picture as a decoder hands it out: in a pixel format, tagged."""
    made = VideoFrame.from_ndarray(picture, format="rgb24").reformat(
        format=name,
        dst_colorspace=space,
        dst_color_range=ColorRange.JPEG if full else ColorRange.MPEG,
    )
    made.colorspace = space
    made.color_range = ColorRange.JPEG if full else ColorRange.MPEG
    return made


def decoded(frame: VideoFrame, look: Look = LOOK, aspect: Fraction | None = None) -> Picture:
    data, width, height = jpeg_of(frame, aspect, look)
    picture: Picture = simplejpeg.decode_jpeg(data, "RGB")
    assert picture.shape == (height, width, 3)
    return picture


def centres(picture: Picture) -> list[tuple[int, ...]]:
    height, width, _ = picture.shape
    return [
        tuple(int(value) for value in picture[height * (1 + 2 * top) // 4, width * (1 + 2 * left) // 4])
        for top in range(2)
        for left in range(2)
    ]


COLOURED = (
    "yuv420p", "yuv422p", "yuv444p", "yuv440p", "yuv411p", "yuv410p", "yuva420p", "nv12", "nv16", "yuyv422", "uyvy422",
    "yuv420p10le", "yuv422p10le", "yuv444p10le", "yuv420p12le", "yuv444p16le", "p010le", "rgb24", "bgra", "gbrp",
    "gbrp10le", "rgb48le",
)  # fmt: skip


@pytest.mark.parametrize("name", COLOURED)
def test_colours_survive_every_layout_and_depth(name: str) -> None:
    seen = centres(decoded(frame_of(quarters(320, 240), name)))
    for found, meant in zip(seen, COLOURS, strict=True):
        assert found == pytest.approx(meant, abs=6), name


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("space", [Colorspace.ITU601, Colorspace.ITU709])
@pytest.mark.parametrize("name", ["yuv420p", "yuv444p10le"])
def test_range_and_matrix_are_those_of_the_frame(name: str, space: Colorspace, full: bool) -> None:
    seen = centres(decoded(frame_of(quarters(320, 240), name, full=full, space=space)))
    for found, meant in zip(seen, COLOURS, strict=True):
        assert found == pytest.approx(meant, abs=6)


@pytest.mark.parametrize("name", ["gray", "gray10le", "gray16le"])
@pytest.mark.parametrize("level", [20, 128, 235])
def test_grey_stays_grey(name: str, level: int) -> None:
    flat = VideoFrame.from_ndarray(np.full((240, 320, 3), level, np.uint8), format="rgb24").reformat(format=name)
    found = decoded(flat)[100, 100]
    assert list(found) == pytest.approx([level] * 3, abs=3)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((321, 241), (320, 240)),
        ((319, 239), (318, 238)),
        ((2, 2), (2, 2)),
        ((1, 1), (2, 2)),
        ((3, 5), (2, 4)),
        ((640, 2), (640, 2)),
        ((2, 896), (2, 448)),
        ((641, 897), (320, 448)),
        ((1919, 1079), (796, 448)),
    ],
)
@pytest.mark.parametrize("name", ["yuv420p", "yuv422p10le", "yuv444p"])
def test_odd_sizes_are_sizes(name: str, size: tuple[int, int], shown: tuple[int, int]) -> None:
    picture = decoded(frame_of(quarters(*size), name))
    assert (picture.shape[1], picture.shape[0]) == shown


@pytest.mark.parametrize(
    ("size", "aspect", "shown"),
    [
        ((720, 576), Fraction(16, 15), (596, 448)),  # PAL and NTSC at 4:3
        ((720, 480), Fraction(8, 9), (596, 448)),
        ((1440, 1080), Fraction(4, 3), (796, 448)),
        ((320, 240), Fraction(2), (320, 120)),
        ((320, 240), Fraction(1, 2), (160, 240)),
        ((320, 240), Fraction(1000), (320, 240)),  # a fault in the header
    ],
)
def test_pixels_become_square_and_no_axis_grows(
    size: tuple[int, int], aspect: Fraction, shown: tuple[int, int]
) -> None:
    picture = decoded(frame_of(quarters(*size), "yuv420p"), aspect=aspect)
    assert (picture.shape[1], picture.shape[0]) == shown


def test_both_fields_of_an_interlaced_frame_are_in_its_picture() -> None:
    picture = np.full((240, 320, 3), 60, np.uint8)
    picture[::2, 80:160] = 200  # in one field it was here
    picture[1::2, 160:240] = 200  # and in the other there
    combed = frame_of(picture, "yuv420p")
    half = decoded(combed, Look(height=120, quality=95)).astype(int)
    assert half[60, 60, 0] == pytest.approx(130, abs=12)
    assert half[60, 100, 0] == pytest.approx(130, abs=12)
    assert half[60, 20, 0] == pytest.approx(60, abs=6)

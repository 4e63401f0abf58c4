"""A strip of frames for one row, small, as `data:` addresses that need no file."""

from base64 import b64encode
from collections.abc import Callable
from io import BytesIO
from typing import TypeAlias

from PIL import Image, UnidentifiedImageError

from rocot.core.row import Row

FRAMES = 6
"""Of a strip: on a phone two lines of three."""
WIDTH = 240
"""Pixels of one frame: some 8 kB."""
QUALITY = 75

Pictures: TypeAlias = Callable[[str], bytes | None]
"""A frame's JPEG by its sha256, None where it is not there any more."""


def strip(row: Row, pictures: Pictures) -> tuple[tuple[float, str], ...]:
    """Frames spread evenly over the row's first look: second and address; those that are gone are left out."""
    seen = list(zip(row.frame_times, row.frame_digests, strict=False))
    count = min(FRAMES, len(seen))
    chosen = [seen[(2 * index + 1) * len(seen) // (2 * count)] for index in range(count)]
    found = ((time, _small(data)) for time, digest in chosen if (data := pictures(digest)) is not None)
    return tuple((time, address) for time, address in found if address is not None)


def _small(data: bytes) -> str | None:
    try:
        with Image.open(BytesIO(data), formats=["JPEG"]) as image:
            image.draft("RGB", (WIDTH, WIDTH))
            image.thumbnail((WIDTH, 2 * WIDTH))
            written = BytesIO()
            image.convert("RGB").save(written, "JPEG", quality=QUALITY)
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        return None
    return "data:image/jpeg;base64," + b64encode(written.getvalue()).decode()

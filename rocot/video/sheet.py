"""A contact sheet: frames in rows with their times, for a person's eyes."""

import io
from math import ceil, sqrt

from PIL import Image, ImageDraw, ImageFont

from rocot.video.protocol import Taken

GAP = 4
"""Pixels between frames."""
LETTERS = 15
"""Pixels of the times' type."""
GROUND, PAPER, INK = (24, 24, 24), (0, 0, 0), (255, 255, 255)
WIDE = 1.6
"""The sheet's width over its height, about."""


def drawn(taken: Taken) -> Image.Image:
    """The frames in the order of their times, and an empty place for each time whose frame is lost."""
    stills = {still.time: still.jpeg for still in taken.stills}
    pictures = {time: Image.open(io.BytesIO(jpeg)) for time, jpeg in stills.items()}
    width, height = (max(sizes) for sizes in zip(*(picture.size for picture in pictures.values()), strict=True))
    places = sorted({**pictures, **dict.fromkeys(taken.lost)}.items())
    columns = min(len(places), max(1, round(sqrt(len(places) * WIDE * height / width))))
    rows = ceil(len(places) / columns)
    made = Image.new("RGB", (columns * (width + GAP) + GAP, rows * (height + GAP) + GAP), GROUND)
    for number, (time, picture) in enumerate(places):
        row, column = divmod(number, columns)
        corner = GAP + column * (width + GAP), GAP + row * (height + GAP)
        if picture is not None:
            made.paste(picture, corner)
        _label(made, corner, f"{_spelt(time)}{'' if picture else '  lost'}")
    return made


def _label(made: Image.Image, corner: tuple[int, int], text: str) -> None:
    """White on black, in the upper left: surveillance cameras write their own times at the bottom as often as not."""
    drawing, font = ImageDraw.Draw(made), ImageFont.load_default(LETTERS)
    place = corner[0] + 4, corner[1] + 2
    _, _, right, bottom = drawing.textbbox(place, text, font)
    drawing.rectangle((*corner, right + 4, bottom + 3), fill=PAPER)
    drawing.text(place, text, INK, font)


def _spelt(time: float) -> str:
    """12.48 s; 1:02:03.48 from a minute on."""
    if time < 60:
        return f"{time:.2f} s"
    minutes, seconds = divmod(time, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:{seconds:05.2f}" if hours else f"{minutes}:{seconds:05.2f}"

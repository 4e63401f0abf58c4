"""Colours of clothes, hair, skin and bodywork, drawn alike for every label."""

from collections.abc import Sequence

from numpy.random import Generator

from rocot.sources.scenes.lens import Colour
from rocot.sources.scenes.track import Look

CLOTHES: tuple[Colour, ...] = (
    (178, 44, 48), (46, 92, 160), (222, 222, 216), (60, 62, 70), (212, 166, 60), (70, 130, 84), (226, 124, 50),
    (120, 74, 140), (96, 150, 180), (140, 96, 66), (200, 120, 140), (34, 40, 58), (150, 158, 90),
)  # fmt: skip
TROUSERS: tuple[Colour, ...] = (
    (44, 52, 84),
    (50, 48, 48),
    (92, 84, 72),
    (110, 110, 116),
    (66, 74, 60),
    (150, 138, 112),
)
SKINS: tuple[Colour, ...] = ((226, 186, 158), (206, 162, 130), (168, 122, 92), (122, 84, 62), (92, 62, 48))
HAIRS: tuple[Colour, ...] = ((36, 28, 24), (70, 48, 30), (120, 84, 48), (150, 146, 142), (20, 20, 22), (170, 130, 70))
CAR_COLOURS: tuple[Colour, ...] = (
    (196, 198, 200), (44, 46, 50), (150, 32, 36), (40, 72, 130), (226, 226, 222), (110, 116, 120), (206, 120, 44),
    (60, 96, 76), (214, 186, 60), (122, 92, 70),
)  # fmt: skip


def pick(rng: Generator, colours: Sequence[Colour]) -> Colour:
    """One of the colours, a little off."""
    c = colours[int(rng.integers(len(colours)))]
    d = rng.integers(-12, 13, 3)
    return (
        max(0, min(255, c[0] + int(d[0]))), max(0, min(255, c[1] + int(d[1]))), max(0, min(255, c[2] + int(d[2]))),
    )  # fmt: skip


def person_look(rng: Generator) -> Look:
    """A person's height and clothes."""
    return Look(
        size=float(rng.uniform(1.58, 1.92)),
        main=pick(rng, CLOTHES),
        second=pick(rng, TROUSERS),
        skin=pick(rng, SKINS),
        hair=pick(rng, HAIRS),
        hat=bool(rng.random() < 0.2),
        long=bool(rng.random() < 0.2),
    )


def car_look(rng: Generator, kind: str = "car") -> Look:
    """A vehicle's length and paint."""
    length = {"car": 4.2, "taxi": 4.3, "van": 4.9, "truck": 6.4, "bus": 9.5}[kind]
    main = (228, 190, 50) if kind == "taxi" else pick(rng, CAR_COLOURS)
    return Look(size=length, main=main, second=pick(rng, CAR_COLOURS))

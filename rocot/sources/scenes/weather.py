"""The light of a clip: the time of day, the lamps' colour, the camera's quality. Drawn alike for every label."""

from dataclasses import dataclass

from numpy.random import Generator

Light = tuple[float, float, float]

TIMES: dict[str, tuple[Light, float, bool]] = {
    "noon": ((1.04, 1.02, 0.98), 0.0, True),
    "overcast": ((0.82, 0.85, 0.9), 0.0, False),
    "evening": ((1.04, 0.9, 0.74), 0.0, True),
    "dusk": ((0.5, 0.46, 0.56), 0.6, False),
    "night": ((0.2, 0.22, 0.32), 1.0, False),
    "dawn": ((0.62, 0.66, 0.8), 0.3, False),
}
"""Ambient light, the lamps' strength, and whether the sun throws shadows."""


@dataclass(frozen=True)
class Weather:
    """The light and the camera of one clip."""

    time: str
    ambient: Light
    lamps: float
    sun: bool
    lamp_colour: Light
    sun_slant: float
    """Metres of shadow a metre of height, to the right."""
    noise: float
    """Standard deviation of the sensor's noise, grey levels."""
    jitter: float
    """Film pixels the picture wanders (standard deviation)."""
    shake_speed: float
    gain: float
    clock: bool
    """Whether the camera writes the time into the picture."""
    clock_start: int
    """Seconds since midnight at the clip's start."""
    crf: int

    @property
    def dark(self) -> bool:
        """Whether headlights and windows are lit."""
        return self.lamps > 0.2


_HOURS = {
    "noon": (10, 15),
    "overcast": (9, 16),
    "evening": (17, 18),
    "dusk": (19, 20),
    "night": (21, 27),
    "dawn": (5, 6),
}


def weather(rng: Generator, indoor: bool) -> Weather:
    """The light of a clip. An indoor place has lamps at all hours."""
    time = str(rng.choice(["noon", "noon", "overcast", "evening", "dusk", "night", "night", "dawn"]))
    ambient, lamps, sun = TIMES[time]
    if indoor:
        day = 0.5 if lamps < 0.2 else 0.34
        ambient, lamps, sun = (day, day, day * 1.03), 0.9, False
    tint = float(rng.uniform(0.9, 1.1))
    low, high = _HOURS[time]
    noise = float(rng.uniform(0.7, 1.8)) * (2.6 if lamps > 0.5 else 1.0)
    return Weather(
        time=time,
        ambient=(ambient[0] * tint, ambient[1] * tint, ambient[2] * tint),
        lamps=lamps,
        sun=sun,
        lamp_colour=(1.0, 0.78, 0.48) if rng.random() < 0.5 else (0.86, 0.92, 1.0),
        sun_slant=float(rng.uniform(-0.9, 0.9)),
        noise=noise,
        jitter=float(rng.choice([0.0, 0.0, 0.0, 0.4, 0.9, 1.6])),
        shake_speed=float(rng.uniform(1.5, 6.0)),
        gain=float(rng.uniform(0.9, 1.1)),
        clock=bool(rng.random() < 0.6),
        clock_start=int(rng.integers(low * 3600, high * 3600 + 3000)) % 86400,
        crf=int(rng.integers(25, 30)) + (2 if noise > 3 else 0),
    )

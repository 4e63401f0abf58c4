"""What the camera does to a frame: it trembles, its sensor is noisy, its exposure wanders, it writes the time."""

import numpy as np
from numpy.random import PCG64, Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from rocot.sources.scenes.lens import HEIGHT, MARGIN, WIDTH
from rocot.sources.scenes.script import Script

BANK = 6
"""Noise pictures made per clip; each frame takes one, shifted, so that none is seen twice in the same place."""


class Camera:
    """Films the painter's frames; frame numbers must rise from 0."""

    def __init__(self, script: Script) -> None:
        self.script, w = script, script.weather
        rng = Generator(PCG64(script.seed + 1))
        self.bank = rng.normal(0, w.noise, (BANK, HEIGHT + 16, WIDTH + 16)).astype(np.int16)
        self.picks = rng.integers(0, [BANK, 16, 16], (script.frames, 3))
        self.shifts = self._walk(rng)
        self.font = ImageFont.load_default(size=11)
        self.written: tuple[int, NDArray[np.bool_]] | None = None

    def _walk(self, rng: Generator) -> NDArray[np.int64]:
        """Whole film pixels the picture is off, by frame: a tremble, and now and then a shove."""
        s, w = self.script, self.script.weather
        t = np.arange(s.frames) / s.rate
        out = np.zeros((s.frames, 2))
        for k in range(2):
            a, b = rng.uniform(0, 6.28, 2)
            out[:, k] = w.jitter * (np.sin(w.shake_speed * t + a) + 0.7 * np.sin(2.7 * w.shake_speed * t + b))
        out += rng.normal(0, 0.35 * w.jitter, out.shape)
        for e in s.effects:
            if e.kind == "shove":
                age = np.clip(t - e.start, 0, None)
                swing = e.size * np.exp(-age / 0.5) * np.sin(24 * age) * (t >= e.start)
                out += swing[:, None] * np.array([1.0, 0.7])
        return np.clip(np.rint(out), -MARGIN, MARGIN).astype(np.int64)

    def crop(self, frame: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
        """The part of the frame that the camera sees now."""
        dx, dy = self.shifts[number]
        return np.ascontiguousarray(frame[MARGIN + dy : MARGIN + dy + HEIGHT, MARGIN + dx : MARGIN + dx + WIDTH])

    def expose(self, luma: NDArray[np.uint8], number: int) -> None:
        """Exposure, noise and the clock, on the luma plane in place."""
        t = number / self.script.rate
        gain = self.script.weather.gain * self._gain(t)
        k, dx, dy = (int(v) for v in self.picks[number])
        signal = luma.astype(np.int16) if abs(gain - 1) < 0.01 else (luma * np.float32(gain)).astype(np.int16)
        signal += self.bank[k, dx : dx + HEIGHT, dy : dy + WIDTH]
        np.clip(signal, 16, 235, out=signal)
        if self.script.weather.clock:
            signal[4:18, 6:122][self._clock(int(t))] = 230
        luma[:] = signal

    def _gain(self, t: float) -> float:
        gain = 1.0
        for e in self.script.effects:
            age = t - e.start
            if age < 0 or t >= e.end:
                continue
            if e.kind == "blast":
                gain *= 1 + 0.9 * np.exp(-age / 0.12) - 0.15 * np.exp(-((age - 0.8) ** 2) / 0.1)
            elif e.kind == "gain":
                ramp = min(1.0, age / 0.4, (e.end - t) / 1.2)
                gain *= 1 + (e.size - 1) * ramp
        return float(gain)

    def _clock(self, second: int) -> NDArray[np.bool_]:
        if self.written is None or self.written[0] != second:
            now = (self.script.weather.clock_start + second) % 86400
            text = f"CAM {self.script.seed % 7 + 1}  {now // 3600:02d}:{now // 60 % 60:02d}:{now % 60:02d}"
            strip = Image.new("L", (116, 14))
            ImageDraw.Draw(strip).text((1, 0), text, fill=255, font=self.font)
            self.written = (second, np.asarray(strip) > 110)
        return self.written[1]

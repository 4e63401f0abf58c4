"""What the frames show: acts can be seen, and drawing leaves no traces."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.random import PCG64, Generator

from rocot.core.truth import Truth
from rocot.sources.scenes.anomalies import ANOMALIES
from rocot.sources.scenes.camera import Camera
from rocot.sources.scenes.lens import HEIGHT, MARGIN, WIDTH
from rocot.sources.scenes.painter import Painter
from rocot.sources.scenes.places import lay_out
from rocot.sources.scenes.script import RATE, Script, compose
from rocot.sources.scenes.stage import Stage
from rocot.sources.scenes.weather import weather


def alone(label: str, seed: int) -> tuple[Script, float, float]:
    """An act with nothing else in the clip, and its span."""
    rng = Generator(PCG64(seed))
    place = lay_out(rng)
    stage = Stage(place, weather(rng, indoor=False), 30.0, rng)
    start, end = ANOMALIES[label](stage, 22.0, 5.0)
    script = Script(
        "x", seed, round(30 * RATE), place, stage.weather, tuple(stage.actors), tuple(stage.effects), (label,), Truth()
    )
    return script, start, end


def energy(painter: Painter, start: float, end: float) -> float:
    """How much neighbouring frames differ, mean over pixels."""
    times = np.arange(start, end, 0.4)
    frames = [painter.frame(float(t)).astype(np.int16) for t in times]
    return float(np.mean([np.abs(b - a).mean() for a, b in pairwise(frames)]))


@pytest.mark.parametrize("label", sorted(ANOMALIES))
def test_an_act_moves_the_picture_in_its_span_and_not_long_before(label: str) -> None:
    for seed in (1, 2):
        script, start, end = alone(label, seed)
        painter = Painter(script)
        assert energy(painter, start, end) > 5 * energy(painter, 0.0, 3.0) + 0.02


def test_frames_may_be_drawn_in_any_order() -> None:
    script = compose(1, "train", 3)
    painter = Painter(script)
    times = [2.0, 11.0, 6.5]
    forward = [painter.frame(t) for t in times]
    for t, frame in zip(times, forward, strict=True):
        assert np.array_equal(Painter(script).frame(t), frame)


def test_one_who_walks_behind_a_pillar_is_hidden_by_it() -> None:
    for index in range(200):
        script = compose(2, "train", index)
        pillars = [p for p in script.place.props if p.kind == "pillar" and abs(p.x) < 3]
        if pillars:
            break
    pillar = pillars[0]
    walker = next(actor for actor in script.actors if actor.kind == "person")
    beat = replace(walker.beats[0], start=0.0, end=9.0, pose="stand", facing=0.0, item="")
    x, y = script.place.lens.project(pillar.x, 1.0, pillar.z)
    seen = []
    for z in (pillar.z + 0.8, pillar.z - 0.8):
        at = (pillar.x * z / pillar.z, z)
        bright = replace(walker, look=replace(walker.look, main=(255, 0, 255)), beats=(replace(beat, a=at, b=at),))
        frame = Painter(replace(script, actors=(bright,), effects=())).frame(1.0)
        empty = Painter(replace(script, actors=(), effects=())).frame(1.0)
        spot = (slice(int(y / 2) - 4, int(y / 2) + 4), slice(int(x / 2) - 1, int(x / 2) + 2))
        seen.append(int(np.abs(frame[spot].astype(int) - empty[spot]).max()))
    behind, before = seen
    assert behind <= 2
    assert before > 20


def test_the_camera_never_shakes_beyond_the_margin() -> None:
    for index in range(60):
        camera = Camera(compose(3, "train", index))
        assert int(np.abs(camera.shifts).max()) <= MARGIN


def test_a_filmed_frame_has_the_films_size() -> None:
    script = compose(0, "train", 0)
    picture = Camera(script).crop(Painter(script).frame(0.0), 0)
    assert picture.shape == (HEIGHT, WIDTH, 3)

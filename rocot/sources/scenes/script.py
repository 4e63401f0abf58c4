"""Composes a clip from a seed: place, light, everyday life, acts, and the truth that follows from them.

Nothing here sees a pixel. The label decides which acts are played and nothing else: place, light, camera, density and
the innocent acts are drawn before or beside it, from the same distributions.
"""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import count

from numpy.random import PCG64, Generator

from rocot.core.span import Span
from rocot.core.truth import NORMAL, Truth
from rocot.sources.scenes import crowd
from rocot.sources.scenes.anomalies import ANOMALIES
from rocot.sources.scenes.confusers import BODILESS, CONFUSERS, ON_THE_ROAD
from rocot.sources.scenes.places import Place, lay_out
from rocot.sources.scenes.stage import Stage
from rocot.sources.scenes.track import Actor, Effect
from rocot.sources.scenes.weather import Weather, weather

GENERATOR = "5"
"""Raised whenever the same seed gives other scenes; it enters every seed and the cache folder's name."""
RATE = 12.5
"""Frames a second."""
CLASSES: tuple[str, ...] = (NORMAL, *sorted(ANOMALIES))
SPLITS: tuple[str, ...] = ("train", "test")
DECK: tuple[str, ...] = (*sorted(ANOMALIES), *([NORMAL] * len(ANOMALIES)))
"""Labels are dealt from shuffled decks of 14: seven anomalies, seven normal clips.

Two of a deck, an anomaly and a normal clip, are 60 to 90 s long, so that windows are needed; the others 20 to 30 s.
"""


@dataclass(frozen=True)
class Script:
    """All that happens in one clip."""

    id: str
    seed: int
    frames: int
    place: Place
    weather: Weather
    actors: tuple[Actor, ...]
    effects: tuple[Effect, ...]
    acts: tuple[str, ...]
    """The names of the acts played, anomalous and innocent."""
    truth: Truth
    rate: float = RATE

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.frames / self.rate


def seed_of(*parts: object) -> int:
    """A 63-bit seed from a hash of the parts and the generator's version."""
    text = "/".join(str(part) for part in (GENERATOR, *parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def deal(seed: int, split: str, index: int) -> tuple[str, bool]:
    """The label dealt to a clip, and whether it is long; it does not depend on how many clips are asked for."""
    block, at = divmod(index, len(DECK))
    rng = Generator(PCG64(seed_of("deck", seed, split, block)))
    card = int(rng.permutation(len(DECK))[at])
    half = len(DECK) // 2
    return DECK[card], card % half == int(rng.integers(half))


def dealt(seed: int, split: str, anomalies: Collection[str]) -> Iterator[int]:
    """The numbers of a split's clips, ascending and without end; of `anomalies` alone where there are any.

    Then each deck gives the clips of these anomalies and as many of its normal ones, the first of them.
    """
    for block in count():
        numbers = range(block * len(DECK), (block + 1) * len(DECK))
        if not anomalies:
            yield from numbers
            continue
        labels = {number: deal(seed, split, number)[0] for number in numbers}
        played = {number for number, label in labels.items() if label in anomalies}
        normal = [number for number, label in labels.items() if label == NORMAL][: len(played)]
        yield from sorted(played.union(normal))


def name_of(split: str, index: int) -> str:
    """The id of one clip of a split."""
    return f"scene-{split}-{index:04d}"


def compose(seed: int, split: str, index: int) -> Script:
    """The script of one clip of a split."""
    label, long = deal(seed, split, index)
    return write(name_of(split, index), seed_of("clip", seed, split, index), label, long=long)


def write(id_: str, seed: int, label: str, *, long: bool) -> Script:
    """The script of a clip with a label."""
    rng = Generator(PCG64(seed))
    frames = round(float(rng.uniform(60, 90) if long else rng.uniform(20, 30)) * RATE)
    length = frames / RATE
    place = lay_out(rng)
    stage = Stage(place, weather(rng, place.kind == "garage"), length, rng)
    crowd.scenery(stage)
    acts, spans = _play(stage, label)
    crowd.waiters(stage)
    crowd.passers(stage)
    crowd.traffic(stage)
    labels = (NORMAL,) if label == NORMAL else (label,)
    return Script(
        id_, seed, frames, place, stage.weather, tuple(stage.actors), tuple(stage.effects), tuple(acts),
        Truth(labels=labels, spans=tuple(Span(start=a, end=b) for a, b in spans)),
    )  # fmt: skip


def _play(s: Stage, label: str) -> tuple[list[str], list[tuple[float, float]]]:
    """Deal the clip's time into slots and play an innocent act in most of them.

    One or two slots are marked: there the label's act is played or, in a normal clip, one more innocent act with people
    in it, so that no clip is fuller than another for its label.
    """
    slots = max(2, round(s.length / 10))
    width = s.length / slots
    marked = sorted(int(i) for i in s.rng.permutation(slots)[: 2 if s.chance(0.35) else 1])
    starts = [i * width + s.uniform(0.15, 0.45) * width for i in range(slots)]
    plain = [s.chance(0.6) for _ in range(slots)]
    names = [str(name) for name in s.rng.permutation(sorted(CONFUSERS))]
    acts: list[str] = []
    spans: list[tuple[float, float]] = []
    for i in marked:
        if label == NORMAL:
            decoy = str(s.rng.choice(sorted(set(CONFUSERS) - BODILESS)))
            acts.append(decoy)
            CONFUSERS[decoy](s, starts[i])
        else:
            longest = min(9.0, s.length - 0.4 - starts[i], (i + 1) * width - 0.5 - starts[i])
            spans.append(_whole_frames(ANOMALIES[label](s, _tick(starts[i]), _tick(s.uniform(2.4, max(2.6, longest))))))
            acts.append(label)
    for i, start in enumerate(starts):
        if not plain[i]:
            continue
        t = s.uniform(i * width + 1.0, (i + 1) * width - 2.0) if i in marked else start
        name = names.pop()
        if name in ON_THE_ROAD and not s.open_road(t - 6.0, t + 8.0):
            name = next(other for other in reversed(names) if other not in ON_THE_ROAD)
            names.remove(name)
        acts.append(name)
        CONFUSERS[name](s, t)
    return acts, [(a, min(b, s.length)) for a, b in spans]


def _tick(t: float) -> float:
    """The time of the nearest frame, so that spans begin and end on frames."""
    return round(t * RATE) / RATE


def _whole_frames(span: tuple[float, float]) -> tuple[float, float]:
    return (_tick(span[0]), _tick(span[1]))

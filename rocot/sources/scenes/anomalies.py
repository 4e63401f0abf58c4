"""The anomalous acts by class, in the spelling of VAU-Bench.

Each is scripted to begin at a second and to last about so long, and returns its exact span. What counts as the first
and the last instant of each is written in docs/scenes.md.
"""

from collections.abc import Callable

from rocot.sources.scenes.collisions import accident
from rocot.sources.scenes.crimes import fighting, robbery, vandalism
from rocot.sources.scenes.mishaps import explosion, falling, fire
from rocot.sources.scenes.stage import SpanOf, Stage

Act = Callable[[Stage, float, float], SpanOf]
"""(stage, start, wished length) -> (start, end), seconds."""

ANOMALIES: dict[str, Act] = {
    "Explosion": explosion,
    "Fighting": fighting,
    "Fire": fire,
    "People_falling": falling,
    "Robbery": robbery,
    "Traffic_accident": accident,
    "Vandalism": vandalism,
}

"""The effects by name, as a script calls for them."""

from collections.abc import Callable

from rocot.sources.scenes.air import Air
from rocot.sources.scenes.easel import Light
from rocot.sources.scenes.flames import blast, fire, spray, steam
from rocot.sources.scenes.marks import ball, cracks, paint_mark, screen, shards, tarp
from rocot.sources.scenes.track import Effect

Drawing = Callable[[Air, Effect, float, Light], None]
"""(where to draw, what, the clip's time in seconds, the light there)."""

DRAWN: dict[str, Drawing] = {
    "fire": fire, "steam": steam, "spray": spray, "blast": blast, "shards": shards, "cracks": cracks,
    "paint": paint_mark, "screen": screen, "tarp": tarp, "ball": ball,
}  # fmt: skip
"""Those that are drawn. Others change the light ("lamp", "glare"), the exposure ("gain") or the camera ("shove")."""

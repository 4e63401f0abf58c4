"""The pipeline. Nothing else decides the order of work."""

from collections.abc import Iterable

from rocot.core.clip import Clip
from rocot.core.reflection import Judged
from rocot.engine.stage import Plan, start
from rocot.recipe import Recipe
from rocot.stages.judge import Judge
from rocot.stages.reason import Reason
from rocot.stages.reflect import Reflect
from rocot.stages.relook import Relook
from rocot.stages.revise import Revise
from rocot.stages.sample_frames import SampleFrames
from rocot.tools import Tools


def reflection(recipe: Recipe, clips: Iterable[Clip], tools: Tools) -> Plan[Judged]:
    """Frames in, judged reasoning out."""
    guide = tools.truth if recipe.teacher.guided else None
    relook = Relook(recipe.frames, tools.frames) if recipe.frames.relook else None
    return (
        start(clips)
        .then(SampleFrames(recipe.frames, tools.frames))  # once a clip
        .fan_out(recipe.teacher.rollouts)
        .then(Reason(tools.prompts, tools.teacher))
        .then(Reflect(tools.prompts, tools.reflector, guide, relook))
        .then(Revise(tools.prompts, tools.reviser))
        .then(Judge(recipe.gate, tools.truth))
    )

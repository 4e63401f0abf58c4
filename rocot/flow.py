"""The pipeline. Nothing else decides the order of work."""

from collections.abc import Iterable

from rocot.core.clip import Clip
from rocot.core.reflection import Judged, Revised
from rocot.engine.stage import Plan, start
from rocot.recipe import Recipe
from rocot.stages.blind import Blind
from rocot.stages.counterfactual import Counterfactual
from rocot.stages.critic import Critic
from rocot.stages.judge import Judge
from rocot.stages.reanswer import Reanswer
from rocot.stages.reason import Reason
from rocot.stages.reflect import Reflect
from rocot.stages.relook import Relook
from rocot.stages.revise import Revise
from rocot.stages.sample_frames import SampleFrames
from rocot.tools import Tools


def reflection(recipe: Recipe, clips: Iterable[Clip], tools: Tools) -> Plan[Judged]:
    """Frames in, judged reasoning out."""
    shuffled = tools.shuffled if recipe.teacher.guided == "shuffled" else None
    donor = None if shuffled is None else shuffled.donor
    guide = shuffled or (tools.truth if recipe.teacher.guided else None)
    relook = Relook(recipe.frames, tools.frames) if recipe.frames.relook else None
    revised = (
        start(clips)
        .then(SampleFrames(recipe.frames, tools.frames))  # once a clip
        .fan_out(recipe.teacher.rollouts)
        .then(Reason(tools.prompts, tools.teacher))
        .then(Reflect(tools.prompts, tools.reflector, guide, relook, donor))
        .then(Revise(tools.prompts, tools.reviser))
    )
    return checked(revised, recipe, tools).then(Judge(recipe.gate, tools.truth))


def checked(plan: Plan[Revised], recipe: Recipe, tools: Tools) -> Plan[Revised]:
    """The plan with the checks that the recipe asks for: calls of their own, none of which knows the truth."""
    checks, blind = recipe.checks, Blind(tools.prompts, tools.checker)
    if checks.reanswer:
        plan = plan.then(Reanswer(blind, checks.frames, recipe.frames, tools.frames))
    if checks.counterfactual:
        plan = plan.then(Counterfactual(blind))
    if checks.critic != "off":
        plan = plan.then(Critic(tools.prompts, tools.checker, seeing=checks.critic == "frames"))
    return plan

"""What the checks of a recipe will ask, for its plan."""

from collections.abc import Iterator

from rocot.assets import Prompts
from rocot.core.reflection import Framed
from rocot.core.reply import Dialect
from rocot.estimate import CHARACTERS_A_TOKEN, REPLY, Answerer, Call, Look, lone
from rocot.recipe import Recipe, TeacherRecipe
from rocot.stages.asking import form

STAMP = len("<000.00s>")
"""Characters before a frame."""


def answerer(who: TeacherRecipe) -> Answerer:
    """Who is asked, as the estimate takes it."""
    return Answerer(model=who.model, longest=who.max_tokens)


def checks(recipe: Recipe, prompts: Prompts, seen: Framed, look: Look) -> Iterator[Call]:
    """The asks of the checks at their largest: answers name spans, nothing is cut out, reflections name errors."""
    if not recipe.checks.on:
        return
    on, who = recipe.checks, recipe.asked["checker"]
    dialect: Dialect = "json" if who.dialect == "auto" else who.dialect

    def call(stage: str, frames: int, *texts: str, quoted: int = 0) -> Call:
        """So many frames, the texts, and as many replies as they quote."""
        characters = STAMP * frames + sum(map(len, texts)) + quoted * REPLY * CHARACTERS_A_TOKEN
        return lone(stage, look, answerer(who), frames=frames, characters=characters)

    blind = prompts.system.text, prompts.blind.text, *seen.classes, form(prompts, "opinion", dialect).text
    critic = prompts.critic.text, prompts.reason.text, form(prompts, "review", dialect).text
    if on.reanswer:
        yield call("reanswer", max(look.frames, on.frames), *blind)
    if on.counterfactual:
        yield call("counterfactual", look.frames, *blind)
    if on.critic == "text":
        yield call("critic", 0, *critic, quoted=2)
    if on.critic == "frames":
        shown = prompts.system.text, prompts.critic_frames.text
        yield call("critic", look.frames + look.relook, *shown, *critic, quoted=2)

"""Who was asked for a release, and with which prompts; from its recipe."""

from collections.abc import Iterator
from dataclasses import dataclass

from rocot.assets import Prompts, load_prompts
from rocot.core.task import Task
from rocot.recipe import Recipe, Role

ASKED: dict[Task, str] = {
    "grounding": "the anomaly's class, and from when to when it is seen",
    "classification": "the anomaly's class",
    "qa": "a question with options",
    "reasoning": "what happens and why it is or is not an anomaly, in prose, and the anomaly's class",
}
ROLES: dict[Role, str] = {
    "teacher": "first answer",
    "reflector": "reflection",
    "reviser": "revision",
    "checker": "checks",
}


@dataclass(frozen=True)
class Model:
    """Who was asked, and how replies were drawn."""

    roles: str
    model: str
    temperature: float
    top_p: float
    max_tokens: int
    seed: str


@dataclass(frozen=True)
class Prompted:
    """A prompt that was used."""

    name: str
    digest: str
    origin: str


def models(recipe: Recipe) -> tuple[Model, ...]:
    """A line for each model and manner of asking it."""
    roles: dict[tuple[str, float, float, int, str], list[str]] = {}
    for role, who in recipe.asked.items():
        seed = "none" if who.seed is None else f"{who.seed} and the rollout"
        roles.setdefault((who.name, who.temperature, who.top_p, who.max_tokens, seed), []).append(ROLES[role])
    return tuple(Model(", ".join(names), *manner) for manner, names in roles.items())


def prompts(recipe: Recipe, used: Prompts) -> tuple[Prompted, ...]:
    """Those that the recipe's flow may send, by name; whether each ships with rocot or is the recipe's own."""
    shipped = load_prompts(None, recipe.task.kind)
    return tuple(
        Prompted(
            name, getattr(used, name).digest, "rocot" if getattr(shipped, name) == getattr(used, name) else "recipe"
        )
        for name in dict.fromkeys(_used(recipe))
    )


def _used(recipe: Recipe) -> Iterator[str]:
    checks = recipe.checks
    yield from ("system", "reason", *_forms(recipe, "teacher", "answer"))
    yield from (["relook"] if recipe.frames.relook else [])
    yield from ("guided" if recipe.teacher.guided else "reflect", *_forms(recipe, "reflector", "reflection"))
    yield from ("revise", *_forms(recipe, "reviser", "answer"))
    if checks.reanswer or checks.counterfactual:
        yield from ("blind", *_forms(recipe, "checker", "opinion"))
    if checks.critic != "off":
        yield from ("critic", *(["critic_frames"] if checks.critic == "frames" else []))
        yield from _forms(recipe, "checker", "review")
    yield from (["repair"] if any(who.repair for who in recipe.asked.values()) else [])


def _forms(recipe: Recipe, role: Role, shape: str) -> tuple[str, ...]:
    dialect = recipe.asked[role].dialect
    return tuple(f"{shape}_{one}" for one in ("json", "tagged") if dialect in {one, "auto"})

"""What vLLM must be told to serve a recipe well: the same words for its server and for the engine in this process."""

import json
from collections.abc import Mapping, Sequence
from math import ceil

from rocot.assets import Prompts
from rocot.estimate import CHARACTERS_A_TOKEN, image_tokens
from rocot.prices import VLLM
from rocot.recipe import Recipe

OPENAI = "openai:"
WIDTH, HEIGHT = 16, 9
"""The shape that frames are taken to have; a cinema's 2.39 : 1 is within the margin."""
MARGIN = 1.5
"""Times the estimate, for prompts: tokenizers differ."""
A_STAMP = 12
"""Tokens that a frame's time and the marks around its picture take."""
STEP = 1024
"""Context lengths are rounded up to multiples of it."""
GRAMMAR = {"backend": "xgrammar", "disable_any_whitespace": True}
"""Without the second, models may pad JSON with white space until they run into max_tokens."""


def images(recipe: Recipe) -> int:
    """Frames in one prompt, at most."""
    return max(recipe.frames.count + recipe.frames.relook, recipe.checks.frames * recipe.checks.reanswer)


def context(recipe: Recipe, prompts: Prompts) -> int:
    """Tokens of the longest prompt and its reply, estimated generously: the revision quotes both earlier replies."""
    height = recipe.frames.height
    frames = images(recipe) * (image_tokens(ceil(height * WIDTH / HEIGHT), height) + A_STAMP)
    characters = sum(len(getattr(prompts, name).text) for name in Prompts.model_fields)
    asked, last = recipe.asked.values(), ("reviser", "checker")  # neither quotes the other
    earlier = sum(who.max_tokens for role, who in recipe.asked.items() if role not in last)
    latest = max(who.max_tokens for role, who in recipe.asked.items() if role in last)
    replies = earlier + latest + max(who.max_tokens * who.repair for who in asked)
    return STEP * ceil((MARGIN * (frames + characters / CHARACTERS_A_TOKEN) + replies) / STEP)


def arguments(recipe: Recipe, prompts: Prompts) -> dict[str, str | None]:
    """What both are told, in the words of `vllm serve`; None for what takes no value."""
    return {
        "--dtype": "auto",
        "--max-model-len": str(context(recipe, prompts)),
        "--limit-mm-per-prompt": json.dumps({"image": images(recipe), "video": 0}),
        "--interleave-mm-strings": None,  # templates that take texts alone would put all frames before all times
        "--enable-prefix-caching": None,
        "--structured-outputs-config": json.dumps(GRAMMAR),
    }


def command(model: str, recipe: Recipe, prompts: Prompts) -> list[str]:
    """The words of the command that serves a model, given by its name on a hub or by its folder."""
    told = {"--served-model-name": served_name(model, recipe)} | arguments(recipe, prompts)
    told["--enable-prompt-tokens-details"] = None  # else nobody learns how many tokens the prefix cache knew
    return ["vllm", "serve", model, *_words(told)]


def served_name(model: str, recipe: Recipe) -> str:
    """What the recipe calls the model: the one name that it gives to a server's, else the model's own."""
    named = {who.model.removeprefix(OPENAI) for who in recipe.asked.values() if who.model.startswith(OPENAI)}
    return named.pop() if len(named) == 1 else model


def engine_arguments(model: str, recipe: Recipe, prompts: Prompts, more: Sequence[str]) -> list[str]:
    """What the engine in this process is told of `vllm:<model>`; what `more` says is said there alone."""
    name = model.removeprefix(VLLM)
    restated = {word.partition("=")[0].replace("_", "-") for word in more}
    told = {"--model": name, "--served-model-name": name} | arguments(recipe, prompts)
    return [*_words({option: value for option, value in told.items() if option not in restated}), *more]


def _words(told: Mapping[str, str | None]) -> list[str]:
    return [word for option, value in told.items() for word in ((option,) if value is None else (option, value))]

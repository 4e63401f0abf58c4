"""Which splits a recipe has."""

from rocot.errors import ConfigError
from rocot.recipe import Recipe, Scenes


def check_split(recipe: Recipe, split: str) -> None:
    """Raises ConfigError for a split that no source of the recipe has."""
    named = [("train", "test") if isinstance(source, Scenes) else (source.split,) for source in recipe.sources]
    known = dict.fromkeys(name for names in named for name in names)
    if split not in known:
        raise ConfigError(f"--split {split}: no source of the recipe has it; there is {', '.join(known)}")

"""Which splits a recipe has."""

from rocot.errors import ConfigError
from rocot.recipe import Folder, Imported, Recipe, SourceRecipe


def check_split(recipe: Recipe, split: str) -> None:
    """Raises ConfigError for a split that no source of the recipe has."""
    known = dict.fromkeys(name for source in recipe.sources for name in _splits(source))
    if split not in known:
        raise ConfigError(f"--split {split}: no source of the recipe has it; there is {', '.join(known)}")


def _splits(source: SourceRecipe) -> tuple[str, ...]:
    if isinstance(source, Folder):
        return (source.split,)
    return ("train", "val", "test") if isinstance(source, Imported) else ("train", "test")

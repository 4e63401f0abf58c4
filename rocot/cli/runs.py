"""Which run is meant, and what it was made with."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError

from rocot.cli.options import RUNS
from rocot.core.reflection import Judged
from rocot.core.withdrawal import Withdrawn
from rocot.engine.reader import FILE, RecipeRow, StoreReader
from rocot.engine.stage import Plan
from rocot.errors import ConfigError
from rocot.flow import reflection
from rocot.recipe import Recipe
from rocot.tools.described import described


@dataclass(frozen=True)
class Run:
    """A run, opened to be read."""

    folder: Path
    store: StoreReader
    recipe: Recipe
    """What it was made with last."""
    plan: Plan[Judged]


def is_run(folder: Path) -> bool:
    """Whether a run lies there."""
    return (folder / FILE).is_file()


def find(name: Path | None) -> Path:
    """The folder of the run that is named, by its path or by its name below `runs/`; without a name, the newest one.

    Raises ConfigError.
    """
    runs = sorted(path.parent for path in RUNS.glob(f"*/{FILE}"))
    if name is None:
        if not runs:
            raise ConfigError(f"no run below {RUNS}/; `rocot generate` makes one, and other folders are named")
        return max(runs, key=_touched)
    for folder in (name, RUNS / name):
        if is_run(folder):
            return folder
    close = get_close_matches(str(name), [text for run in runs for text in (run.name, str(run))], n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    raise ConfigError(f"{name}: no run lies there ({FILE} is missing){hint}")


def _touched(folder: Path) -> float:
    """When something was last written into a run: seconds since 1970."""
    return max(path.stat().st_mtime for path in (folder / FILE, folder / f"{FILE}-wal") if path.exists())


def remembering(recipe: Recipe, store: StoreReader) -> Recipe:
    """The recipe with all that was ever withdrawn from the run: what a recipe's file does not say is not forgotten."""
    last = store.recipe()
    said = json.loads(last.recipe).get("withdrawn", []) if last is not None else []
    own = recipe.withdrawn_ids
    more = [one for one in map(Withdrawn.model_validate, said) if one.id not in own]
    return recipe.model_copy(update={"withdrawn": (*recipe.withdrawn, *more)}) if more else recipe


def remembering_at(folder: Path, recipe: Recipe) -> Recipe:
    """The same of a run that lies in a folder, where one does. Raises StoreError."""
    if not is_run(folder):
        return recipe
    with StoreReader(folder) as store:
        return remembering(recipe, store)


@contextmanager
def reading(folder: Path, *, touch: bool = True) -> Iterator[Run]:
    """Opens a run; without `touch` nothing in its folder changes, see `StoreReader`.

    Raises ConfigError where its flow cannot be told any more, StoreError where it cannot be read.
    """
    with StoreReader(folder, touch=touch) as store:
        yield Run(folder, store, *understood(folder, store.recipe()))


def understood(folder: Path, last: RecipeRow | None) -> tuple[Recipe, Plan[Judged]]:
    """What a run was made with last, and its flow. Raises ConfigError where it cannot be told any more."""
    if last is None:
        raise ConfigError(f"{folder}: a run that was never started; run `rocot generate` again")
    try:
        recipe = Recipe.model_validate_json(last.recipe)
    except ValidationError as error:
        raise ConfigError(f"{folder}: made by another version of rocot; run `rocot generate` again") from error
    plan = reflection(recipe, (), described(recipe))
    if plan.fingerprint != last.fingerprint:
        raise ConfigError(
            f"{folder}: the prompts, or rocot itself, have changed since it was made;"
            " run `rocot generate` again, which asks only what the change touches"
        )
    return recipe, plan

"""A recipe from its TOML file, or a shipped one by its name."""

import json
import os
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from rocot.assets import ASSETS
from rocot.checkpoint import HF, digest_of
from rocot.core.withdrawal import Withdrawn
from rocot.errors import ConfigError
from rocot.recipe import ROLES, Recipe, Role, SourceRecipe, TeacherRecipe
from rocot.toml_file import load


def shipped() -> dict[str, Path]:
    """The recipes that ship with rocot, by name."""
    return {path.stem: path for path in sorted((ASSETS / "data_manifests").glob("*.toml"))}


def load_recipe(path_or_name: str) -> Recipe:
    """The recipe in a TOML file, or the shipped one of that name; its relative paths start at the file's folder.

    Raises ConfigError with every fault of the file, or with why it cannot be read.
    """
    path = _find(path_or_name)
    return resolved(load(path, Recipe), path.resolve().parent, str(path))


def write_withdrawn(path: Path, more: Sequence[Withdrawn]) -> None:
    """Adds tombstones to the end of a recipe's file; all else in it stays as it is.

    Raises ConfigError where the file is no recipe, or cannot be written; then nothing has changed.
    """
    before = load(path, Recipe)  # what is no recipe is not written to
    text = path.read_text(encoding="utf-8")
    added = "".join(f"\n{spelt(one)}" for one in more if one.id not in before.withdrawn_ids)
    made = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        try:
            made.write_text(text.rstrip("\n") + "\n" + added, encoding="utf-8")
            load(made, Recipe)  # a `withdrawn = [...]` of one line takes no tables after it
            made.replace(path)
        finally:
            made.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror}); add the lines yourself:\n{added}") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: takes no [[withdrawn]] at its end; add these to it yourself:\n{added}") from error


def spelt(one: Withdrawn) -> str:
    """A tombstone as it stands in a recipe."""
    reason = f"reason = {_quoted(one.reason)}\n" if one.reason else ""
    return f"[[withdrawn]]\nid = {_quoted(one.id)}\n{reason}"


def _quoted(text: str) -> str:
    """A basic string of TOML: JSON's escapes are among its own, but it takes no DEL as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _find(path_or_name: str) -> Path:
    named = shipped()
    if path_or_name in named:
        return named[path_or_name]
    try:
        path = Path(path_or_name).expanduser()
        if path.is_file():
            return path
        what = "is a folder, not a recipe" if path.is_dir() else "no such recipe"
    except (OSError, ValueError, RuntimeError) as error:  # too long, a NUL, no such home
        raise ConfigError(f"{path_or_name!r} cannot be the name of a recipe ({error})") from error
    raise ConfigError(f"{path}: {what}{_nearest(path, named)}\n  shipped recipes: {', '.join(named)}")


def _nearest(path: Path, named: dict[str, Path]) -> str:
    beside = [str(other) for other in sorted(path.parent.glob("*.toml"))]
    inside = [str(other) for other in sorted(path.glob("*.toml"))] if path.is_dir() else []
    close = inside[:1] or get_close_matches(str(path), [*named, *beside], n=1)
    return f"; did you mean {close[0]}?" if close else ""


def resolved(recipe: Recipe, base: Path, where: str) -> Recipe:
    """The recipe with absolute paths, those that are relative from `base` on, and the digests of its checkpoints.

    Where a file lies is in no fingerprint. Raises ConfigError with every fault, told to be in `where`.
    """
    faults: list[str] = []

    def absolute(setting: str, own: Path) -> Path:
        try:
            return base / own.expanduser()
        except RuntimeError:
            faults.append(f"{setting}: no such home folder (got {str(own)[:60]!r})")
            return own

    def settled(index: int, source: SourceRecipe) -> SourceRecipe:
        own = {name: value for name, value in source if isinstance(value, Path)}
        update = {name: absolute(f"sources[{index}].{name}", path) for name, path in own.items()}
        return source.model_copy(update=update)

    def known(role: Role) -> TeacherRecipe | None:
        who: TeacherRecipe | None = getattr(recipe, role)
        if who is None or who.folder is None:
            return who
        folder = absolute(f"{role}.model", who.folder)
        try:
            found = _checked(who, folder)
        except ConfigError as error:
            faults.append(f"{role}.model: {error}")
            return who
        return who.model_copy(update={"model": f"{HF}{folder}", "checkpoint": found})

    sources = tuple(settled(index, source) for index, source in enumerate(recipe.sources))
    folder = recipe.prompts.folder and absolute("prompts.folder", recipe.prompts.folder)
    asked: dict[str, TeacherRecipe | None] = {role: known(role) for role in ROLES}
    if faults:
        raise ConfigError.listing(where, faults)
    return recipe.model_copy(
        update={"sources": sources, "prompts": recipe.prompts.model_copy(update={"folder": folder}), **asked}
    )


def _checked(who: TeacherRecipe, folder: Path) -> str:
    """The digest of a checkpoint. One that is stated need not be there to be planned with. Raises ConfigError."""
    if who.checkpoint and not folder.exists():
        return who.checkpoint
    found = digest_of(folder)
    if who.checkpoint not in {"", found}:
        raise ConfigError(f"{folder}: is not the checkpoint that is stated (digest {found}); mend path or checkpoint")
    return found

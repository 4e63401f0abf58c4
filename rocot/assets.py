"""The files that ship with rocot: prompts and release manifests."""

from pathlib import Path

from rocot.core.prompt import Prompt
from rocot.core.record import Record
from rocot.errors import ConfigError

_PACKAGE = Path(__file__).parent
_INSTALLED = _PACKAGE / "_assets"
ASSETS = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent
"""In a wheel they lie inside the package, in a checkout beside it."""


class Prompts(Record):
    """Every template that is used, by the name of its file in `prompts/`."""

    system: Prompt
    reason: Prompt
    reflect: Prompt
    guided: Prompt
    relook: Prompt
    revise: Prompt
    answer_json: Prompt
    answer_tagged: Prompt
    reflection_json: Prompt
    reflection_tagged: Prompt
    repair: Prompt


def load_prompts(folder: Path | None = None) -> Prompts:
    """The shipped prompts, those of the same name in `folder` in their place.

    Raises ConfigError when the folder or a file in it cannot be read, or holds a file that replaces nothing.
    """
    if folder is not None:
        _check_override(folder)

    def read(name: str) -> Prompt:
        own = folder / f"{name}.md" if folder is not None else None
        path = own if own is not None and own.exists() else ASSETS / "prompts" / f"{name}.md"
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: cannot be read as UTF-8 text ({error})") from error
        if not text:
            raise ConfigError(f"{path}: a prompt must not be empty; delete the file to use the shipped one")
        return Prompt(name=name, text=text)

    return Prompts(**{name: read(name) for name in Prompts.model_fields})


def _check_override(folder: Path) -> None:
    if not folder.is_dir():
        raise ConfigError(f"prompts.folder: {folder} is no folder")
    known = {f"{name}.md" for name in Prompts.model_fields}
    stray = sorted(path.name for path in folder.glob("*.md") if path.name not in known)
    if stray:
        raise ConfigError(
            f"prompts.folder: {', '.join(stray)} in {folder} replaces nothing; known are {', '.join(sorted(known))}"
        )

"""The files that ship with rocot: prompts and release manifests."""

from pathlib import Path
from string import Template
from typing import get_args

from rocot.core.prompt import Prompt
from rocot.core.record import Record
from rocot.core.task import Task
from rocot.errors import ConfigError

_PACKAGE = Path(__file__).parent
_INSTALLED = _PACKAGE / "_assets"
ASSETS = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent
"""In a wheel they lie inside the package, in a checkout beside it."""


TASKS: tuple[Task, ...] = get_args(Task)
"""Each has a folder of its own in `prompts/`."""
OF_A_TASK = ("reason", "reflect", "guided", "answer_json", "answer_tagged")
"""The templates that lie there; the others serve all tasks."""
PLACEHOLDERS = {
    "reason": {"count", "start", "end", "classes", "question", "options"},
    "guided": {"truth"},
    "relook": {"count"},
    "revise": {"reflection"},
    "repair": {"fault"},
    "blind": {"count", "classes"},
    "critic": {"question", "answer", "reflection"},
    "critic_frames": {"count"},
}
"""What stands for a value in a template, as `$name`; in all others nothing does."""


class Prompts(Record):
    """Every template that one task uses, by the name of its file in `prompts/` or in the task's folder there."""

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
    blind: Prompt
    opinion_json: Prompt
    opinion_tagged: Prompt
    critic: Prompt
    critic_frames: Prompt
    review_json: Prompt
    review_tagged: Prompt
    repair: Prompt


def load_prompts(folder: Path | None = None, task: Task = "grounding") -> Prompts:
    """The shipped prompts of a task, those of the same path in `folder` (`system.md`, `qa/reason.md`) in their place.

    Raises ConfigError when the folder or a file in it cannot be read, holds a file that replaces nothing, or a
    placeholder for which there is no value.
    """
    if folder is not None:
        _check_override(folder)

    def read(name: str) -> Prompt:
        place = _place(name, task)
        own = folder / place if folder is not None else None
        path = own if own is not None and own.exists() else ASSETS / "prompts" / place
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: cannot be read as UTF-8 text ({error})") from error
        if not text:
            raise ConfigError(f"{path}: a prompt must not be empty; delete the file to use the shipped one")
        _check_placeholders(path, text, PLACEHOLDERS.get(name))
        return Prompt(name=name, text=text)

    return Prompts(**{name: read(name) for name in Prompts.model_fields})


def _check_override(folder: Path) -> None:
    if not folder.is_dir():
        raise ConfigError(f"prompts.folder: {folder} is no folder")
    known = {_place(name, task) for name in Prompts.model_fields for task in TASKS}
    found = (path.relative_to(folder).as_posix() for path in (*folder.glob("*.md"), *folder.glob("*/*.md")))
    stray = sorted(place for place in found if place not in known)
    if stray:
        raise ConfigError(
            f"prompts.folder: {', '.join(stray)} in {folder} replaces nothing; known are {', '.join(sorted(known))}"
        )


def _place(name: str, task: Task) -> str:
    """Path of a template in a folder of prompts (POSIX)."""
    return f"{task}/{name}.md" if name in OF_A_TASK else f"{name}.md"


def _check_placeholders(path: Path, text: str, known: set[str] | None) -> None:
    """Raises ConfigError for a `$` that stands for nothing; a template without values may hold any."""
    if known is None:
        return
    template = Template(text)
    wrong = sorted(set(template.get_identifiers()) - known) if template.is_valid() else []
    if wrong or not template.is_valid():
        what = f"${', $'.join(wrong)} stands for nothing" if wrong else "a lone $ stands for nothing"
        raise ConfigError(f"{path}: {what}; known are {', '.join(f'${name}' for name in sorted(known))}, and $$ for $")

"""The files that ship with rocot: prompts and release manifests."""

from collections.abc import Iterator
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
OPTIONAL = {"count", "start", "end"}
"""Each frame tells its time anyway. Any other value of a shipped template has to stand in what replaces it: without it
the teacher is asked something else, and no row would show it."""


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


class RatingPrompts(Record):
    """The templates of VAU-Eval's judge; no recipe replaces them, so that ratings can be compared."""

    vau_eval: Prompt
    rating_json: Prompt
    rating_tagged: Prompt


def rating_prompts() -> RatingPrompts:
    """The shipped ones."""
    folder = ASSETS / "prompts"
    texts = {name: (folder / f"{name}.md").read_text("utf-8").strip() for name in RatingPrompts.model_fields}
    return RatingPrompts(**{name: Prompt(name=name, text=text) for name, text in texts.items()})


def load_prompts(folder: Path | None = None, task: Task = "grounding") -> Prompts:
    """The shipped prompts of a task, those of the same path in `folder` (`system.md`, `qa/reason.md`) in their place.

    Raises ConfigError when the folder is none or holds a file that replaces nothing; and with every fault of its files:
    one that cannot be read or is empty, a placeholder for which there is no value, one that is missing.
    """
    shipped = {name: (ASSETS / "prompts" / _place(name, task)).read_text("utf-8").strip() for name in _NAMES}
    if folder is None:
        return Prompts(**{name: Prompt(name=name, text=text) for name, text in shipped.items()})
    _check_override(folder)
    faults: list[str] = []

    def text(name: str) -> str:
        place = _place(name, task)
        own = _own(folder / place, faults, place) if (folder / place).exists() else None
        if own is None:
            return shipped[name]
        faults.extend(f"{place}: {fault}" for fault in _placeholder_faults(name, own, shipped[name]))
        return own

    prompts = Prompts(**{name: Prompt(name=name, text=text(name)) for name in _NAMES})
    if faults:
        raise ConfigError.listing(f"prompts.folder: {folder}", faults)
    return prompts


_NAMES = tuple(Prompts.model_fields)


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


def _own(path: Path, faults: list[str], place: str) -> str | None:
    """What replaces a template; None, and a fault, where it cannot."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{place}: cannot be read as UTF-8 text ({error})")
        return None
    if not text:
        faults.append(f"{place}: a prompt must not be empty; delete the file to use the shipped one")
        return None
    return text


def _placeholder_faults(name: str, text: str, shipped: str) -> Iterator[str]:
    """A `$` that stands for nothing, and values that are left out; a template without values may hold any `$`."""
    known = PLACEHOLDERS.get(name)
    if known is None:
        return
    template = Template(text)
    if not template.is_valid():
        yield f"a lone $ stands for nothing; known are {_listed(known)}, and $$ for $"
    used = set(template.get_identifiers())
    if used - known:
        yield f"{_listed(used - known)} stands for nothing; known are {_listed(known)}, and $$ for $"
    missing = set(Template(shipped).get_identifiers()) - used - OPTIONAL
    if missing:
        yield f"{_listed(missing)} is missing; what is asked cannot be understood without, so put it where it belongs"


def _listed(names: set[str]) -> str:
    return ", ".join(f"${name}" for name in sorted(names))

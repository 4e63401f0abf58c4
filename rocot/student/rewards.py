"""Rewards as TRL calls them: `f(completions, **columns) -> list[float | None]`.

What they reckon stands in `rocot.core.reward`; here a completion becomes text, and the columns of the config `rft` of a
release become a truth.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

from rocot.core.attempts import Form, read
from rocot.core.reward import REWARDS, Marks, marked
from rocot.core.span import Span
from rocot.core.task import Task
from rocot.core.truth import Truth

Said: TypeAlias = str | Sequence[Mapping[str, object]]
"""A completion: plain text, or the turns of a chat, whose content is text or parts."""

COLUMNS = ("task", "classes", "labels", "spans", "choice", "tiou_floor")
"""Of the config `rft`, in which the truth lies."""


class Reward(Protocol):
    """One reward function; TRL logs it by `__name__`."""

    __name__: str

    def __call__(self, completions: Sequence[Said], **columns: Sequence[object]) -> list[float | None]:
        """One number a completion, None where it does not apply."""


class _Named:
    """A reward of `rocot.core.reward` for completions of one form."""

    def __init__(
        self, name: str, reckon: Callable[[Marks], float | None], form: Form, plain: Callable[[str], str]
    ) -> None:
        self.__name__ = name
        self._reckon = reckon
        self._form = form
        self._plain = plain

    def __call__(self, completions: Sequence[Said], **columns: Sequence[object]) -> list[float | None]:
        """See `Reward`. Raises KeyError where a column of `COLUMNS` is missing."""
        rows = zip(*(columns[name] for name in COLUMNS), strict=True)
        return [
            self._reckon(marks_of(self._plain(text_of(said)), self._form, *row))
            for said, row in zip(completions, rows, strict=True)
        ]


def _as_it_is(text: str) -> str:
    return text


def reward(name: str, form: Form = "reflection", plain: Callable[[str], str] = _as_it_is) -> Reward:
    """The reward of that name in `rocot.core.reward.REWARDS`, for completions of a form.

    `plain` turns a training recipe's own tags into those of `rocot.core.chat`. Raises KeyError for an unknown name.
    """
    return _Named(name, REWARDS[name], form, plain)


def text_of(said: Said) -> str:
    """The text of a completion, whichever way TRL hands it over."""
    if isinstance(said, str):
        return said
    return "".join(_content(turn.get("content")) for turn in said)


def marks_of(  # noqa: PLR0913, PLR0917 - a text, its form, and the columns of its row
    text: str,
    form: Form,
    task: object,
    classes: object,
    labels: object,
    spans: object,
    choice: object,
    tiou_floor: object,
) -> Marks:
    """A completion's text against the truth in the columns of its row."""
    row = _Asked.model_validate(
        {"task": task, "classes": classes, "labels": labels, "spans": spans, "choice": choice, "tiou_floor": tiou_floor}
    )
    truth = Truth(labels=row.labels, spans=row.spans, choice=row.choice)
    said = read(text, row.task, row.classes, form)
    return marked(said, truth, row.tiou_floor, located=row.task == "grounding", single=form == "plain")


class _Asked(Truth):
    """The columns that hold what was asked and what is true."""

    task: Task
    classes: tuple[str, ...]
    tiou_floor: float
    spans: tuple[Span, ...] | None = None


def _content(content: object) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence):
        return ""
    return "".join(str(part.get("text") or "") for part in content if isinstance(part, Mapping))

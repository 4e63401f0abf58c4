"""A student's completions as predictions. This module loads no model: it is handed texts.

What cannot be read is `final = None`, which counts as wrong.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from rocot.core.attempts import Form, read, unread
from rocot.core.task import Task
from rocot.evaluate.prediction import Conclusion, Prediction
from rocot.evaluate.rows import conclusion, prose

THOUGHTLESS = "<think></think><answer>"
"""What a completion begins with that answers a question without a thought; it ends with `</answer>`."""


@dataclass(frozen=True)
class Reading:
    """A completion, and what was asked."""

    case: str
    """Id in the benchmark."""
    task: Task
    classes: tuple[str, ...]
    """The labels that it may use, or the options as A, B, ..."""
    text: str
    """In rocot's tags."""
    whole: bool = True
    """Whether it came to its end; false where it was cut off at the most tokens."""


def read_all(readings: Iterable[Reading], form: Form, *, think: bool = True) -> tuple[list[Prediction], Counter[str]]:
    """A prediction of each, and how many have no final answer that can be read, by reason: `cut off`, or as `unread`.

    Without `think`, completions begin with `THOUGHTLESS` and choose an option.
    """
    found: list[Prediction] = []
    reasons: Counter[str] = Counter()
    for one in readings:
        made = prediction(one, form) if think else _at_once(one)
        if made.final is None:
            why = unread(one.text, one.task, one.classes, form) if think else "no answer"
            reasons[why if one.whole else "cut off"] += 1
        found.append(made)
    return found, reasons


def prediction(said: Reading, form: Form) -> Prediction:
    """Both answers of a completion."""
    made = read(said.text, said.task, said.classes, form)
    return Prediction(
        id=said.case,
        final=None if made.final is None else conclusion(made.final, said.task),
        first=None if made.first is None else conclusion(made.first, said.task),
        said=None if made.final is None else prose(made.final),
    )


def _at_once(said: Reading) -> Prediction:
    found = re.search(r"<answer>\s*(\S[^<]{0,1999})</answer>", said.text)
    return Prediction(id=said.case, final=None if found is None else Conclusion(choice=found[1].strip()))

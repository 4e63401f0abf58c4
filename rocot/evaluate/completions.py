"""A student's completions as predictions: the seam at which `rocot evaluate CHECKPOINT` hands one in.

Whoever loads the checkpoint gives one callable; this module loads no model. What cannot be read is `final = None`,
which counts as wrong.
"""

from collections.abc import Iterator
from typing import Protocol

from rocot.core.answer import Answer
from rocot.core.attempts import Form, read
from rocot.core.task import Task
from rocot.evaluate.case import Benchmark, Case
from rocot.evaluate.prediction import Conclusion, Prediction


class Completes(Protocol):
    """A student that looks at a case's video and writes."""

    def __call__(self, case: Case, task: Task, classes: tuple[str, ...]) -> str:
        """The completion, as it came; `classes` are the labels, or the options as A, B, ..., that it may use."""


def completed(benchmark: Benchmark, student: Completes, task: Task, form: Form) -> Iterator[Prediction]:
    """A prediction for each case, one by one; of the task `qa` for those with a question."""
    for case in benchmark.cases:
        classes = case.options if task == "qa" else benchmark.classes
        if not classes:
            continue
        made = read(student(case, task, classes), task, classes, form)
        yield Prediction(id=case.id, final=_conclusion(made.final, task), first=_conclusion(made.first, task))


def _conclusion(said: Answer | None, task: Task) -> Conclusion | None:
    if said is None:
        return None
    if task == "qa":
        return Conclusion(choice=said.label)
    spans = None if said.spans is None else tuple((span.start, span.end) for span in said.spans)
    return Conclusion(label=said.label, spans=spans)

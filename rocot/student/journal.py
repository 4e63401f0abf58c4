"""What a training says while it runs: one line of JSON for each log, and a word to whoever listens."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from rocot.core.record import Record
from rocot.student.stack import TrainerCallback

NAME = "log.jsonl"

Told: TypeAlias = Callable[[int, int, Mapping[str, float]], None]
"""Hears of the step, of how many there will be, and of the figures by name."""


class Point(Record):
    """One line of the journal."""

    step: int
    figures: dict[str, float]


class Journal(TrainerCallback):
    """Writes every log of a trainer into a file, and hands it on."""

    def __init__(self, path: Path, told: Told) -> None:
        self._path = path
        self._told = told

    def on_log(
        self, args: object, state: "_State", control: object, logs: Mapping[str, object] | None = None, **rest: object
    ) -> None:
        """Of the process that leads, the figures of a log."""
        if not state.is_world_process_zero:
            return
        figures = {
            name: float(value)
            for name, value in (logs or {}).items()
            if isinstance(value, int | float) and math.isfinite(value)
        }
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": state.global_step, "figures": figures}) + "\n")
        self._told(state.global_step, state.max_steps, figures)


class _State:
    """Of transformers' TrainerState, what is used."""

    is_world_process_zero: bool
    global_step: int
    max_steps: int


def read_journal(path: Path) -> list[Point]:
    """The lines of a journal, in their order."""
    return [Point.model_validate_json(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def curve(points: list[Point], name: str) -> list[tuple[int, float]]:
    """Step and value of one figure, where it was logged."""
    return [(point.step, point.figures[name]) for point in points if name in point.figures]

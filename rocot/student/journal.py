"""What a training says while it runs: one line of JSON for each log, and a word to whoever listens."""

import json
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from pydantic import ValidationError

from rocot.core.record import Record
from rocot.student.stack import TrainerCallback

NAME = "log.jsonl"

Told: TypeAlias = Callable[[int, int, Mapping[str, float]], None]
"""Hears of the step, of how many there will be, and of the figures by name."""


class Point(Record):
    """One line of the journal."""

    step: int
    seconds: float = 0
    """Since the training began, pauses left out."""
    figures: dict[str, float]


class Journal(TrainerCallback):
    """Writes every log of a trainer into a file, and hands it on."""

    def __init__(self, path: Path, told: Told, since: float = 0) -> None:
        """`since`: seconds that the training had taken before."""
        self._path = path
        self._told = told
        self._since, self._began = since, time.monotonic()

    @property
    def seconds(self) -> float:
        """What the training has taken so far."""
        return self._since + time.monotonic() - self._began

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
            said = {"step": state.global_step, "seconds": round(self.seconds, 3), "figures": figures}
            file.write(json.dumps(said) + "\n")
        self._told(state.global_step, state.max_steps, figures)


class _State:
    """Of transformers' TrainerState, what is used."""

    is_world_process_zero: bool
    global_step: int
    max_steps: int


def read_journal(path: Path) -> list[Point]:
    """The lines of a journal, in their order."""
    return [Point.model_validate_json(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def taken_up(path: Path, step: int) -> float:
    """Cuts a journal to what is said of a training up to a step; the seconds that it had taken then."""
    kept = [point for point in _points(path) if point.step <= step]
    fresh = path.with_name(f"{path.name}.part")
    fresh.write_text("".join(f"{point.model_dump_json()}\n" for point in kept), encoding="utf-8")
    fresh.rename(path)
    return kept[-1].seconds if kept else 0.0


def _points(path: Path) -> list[Point]:
    """Those that can be read: the last line of a process that was killed may be cut off."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            found.append(Point.model_validate_json(line))
        except ValidationError:
            break
    return found


def curve(points: list[Point], name: str) -> list[tuple[int, float]]:
    """Step and value of one figure, where it was logged."""
    return [(point.step, point.figures[name]) for point in points if name in point.figures]

"""What `rocot answer` does once its options are read."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from rocot.assets import load_prompts
from rocot.cli import NO_ROWS
from rocot.cli.options import RUNS
from rocot.cli.sample import Scale, told_answer, told_reflection
from rocot.cli.screen import out
from rocot.cli.sheets import new_ones
from rocot.cli.training import installed
from rocot.core.attempts import Attempts
from rocot.core.sampling import uniform
from rocot.core.task import Question, Task, lettered
from rocot.errors import ConfigError
from rocot.machine import Machine, default_cache
from rocot.recipe import FramesRecipe
from rocot.sources.posing import fault_in
from rocot.tools.reading import reader
from rocot.video.protocol import Look, Still

if TYPE_CHECKING:
    from rocot.student.card import Taught

NAMES = 10
"""Columns for the names of the timeline's rows."""


@dataclass(frozen=True)
class Order:
    """What is asked of one call of the command."""

    checkpoint: Path
    video: Path
    start: float
    end: float
    task: Task | None
    classes: str | None
    question: str | None
    options: tuple[str, ...]
    as_json: bool


@dataclass(frozen=True)
class _Seen:
    start: float
    end: float
    stills: Sequence[Still]


def answer(order: Order) -> int:
    """Prints the answers. Returns the exit code. Raises ConfigError, and VideoError for a video without frames."""
    installed()
    from rocot.student.card import read_card

    card = read_card(order.checkpoint)
    task = order.task or card.taught.tasks[0]
    classes = _classes(order, task, card.taught.classes)
    seen = _look(order, card.frames, card.taught)
    question = load_prompts(task=task).reason.fill(
        count=str(len(seen.stills)),
        start=f"{seen.start:.2f}",
        end=f"{seen.end:.2f}",
        classes=", ".join(classes),
        question=order.question or "",
        options=lettered(classes),
    )
    from rocot.student.answer import Asked, Student  # torch and its kin, once all else is well

    student = Student.load(order.checkpoint)
    asked = Asked.of([still.time for still in seen.stills], [still.jpeg for still in seen.stills], question)
    (text,) = student.complete([asked])
    times = student.looks_again(text, task, classes, seen.start, seen.end)
    again = _closer(order, seen, times, card.taught) if times else []
    if again:
        frames = [still.time for still in again], [still.jpeg for still in again]
        (more,) = student.complete([asked.closer(text, *frames)])
        text = f"{text}\n{more}"
    said = student.attempts(text, task, classes)
    if order.as_json:
        out().print(json.dumps(_json(order, task, seen, again, text, said), ensure_ascii=False))
    else:
        console = out()
        for part in _told(order, seen, again, said, text, min(console.width, 120)):
            console.print(part, soft_wrap=False)
    return 0 if said.final is not None else NO_ROWS


def _classes(order: Order, task: Task, learnt: Sequence[str]) -> tuple[str, ...]:
    if task == "qa":
        if not order.question or len(order.options) < 2:
            raise ConfigError("--task qa wants --question TEXT, and --option TEXT twice or more")
        if order.classes is not None:
            raise ConfigError("--classes goes with other tasks than qa, whose answers are the options; leave it")
        fault = fault_in(Question(text=order.question, options=order.options))
        if fault is not None:
            raise ConfigError(f"--question: {fault}; ask another one")
        return order.options
    if order.question or order.options:
        raise ConfigError(f"--question and --option go with --task qa; this is {task}")
    said = learnt if order.classes is None else order.classes.split(",")
    classes = tuple(dict.fromkeys(name.strip() for name in said if name.strip()))
    if not classes and order.classes is not None:
        raise ConfigError(f"--classes {order.classes}: names no label; wanted A,B,...")
    if not classes:
        raise ConfigError("the student learnt no labels; name them with --classes A,B,...")
    return classes


def _look(order: Order, count: int, taught: "Taught") -> _Seen:
    machine = Machine(run=RUNS, cache=default_cache())
    with closing(reader(FramesRecipe(), machine)) as isolated:
        duration = isolated.probe(order.video, salvage=True).duration
        end = min(order.end, duration)
        if order.start >= end:
            raise ConfigError(
                f"nothing to see from {order.start:g} to {end:g} s; {order.video.name} lasts {duration:.2f} s"
            )
        look = Look(height=taught.height, quality=taught.quality)
        taken = isolated.read(order.video, uniform(order.start, end, count), look, salvage=True)
    return _Seen(order.start, end, taken.stills)


def _closer(order: Order, seen: _Seen, times: Sequence[float], taught: "Taught") -> list[Still]:
    """The frames of a closer look that were not shown before."""
    with closing(reader(FramesRecipe(), Machine(run=RUNS, cache=default_cache()))) as isolated:
        look = Look(height=taught.height, quality=taught.quality)
        taken = isolated.read(order.video, times, look, salvage=True)
    return new_ones([still.time for still in seen.stills], taken.stills)


def _json(
    order: Order, task: Task, seen: _Seen, again: Sequence[Still], text: str, said: Attempts
) -> dict[str, object]:
    return {
        "checkpoint": str(order.checkpoint),
        "video": str(order.video),
        "start": seen.start,
        "end": seen.end,
        "task": task,
        "frame_times": [still.time for still in seen.stills],
        "relook_times": [still.time for still in again],
        "text": text,
        **said.model_dump(mode="json"),
    }


def _told(
    order: Order, seen: _Seen, again: Sequence[Still], said: Attempts, text: str, width: int
) -> Iterator[RenderableType]:
    scale = Scale(seen.start, seen.end, max(20, width - NAMES - 1))
    left, right = f"{seen.start:g} s", f"{seen.end:g} s"
    yield Text(str(order.video), style="bold")
    yield Text(" " * NAMES + left + right.rjust(scale.columns - len(left)), style="dim")
    for name, one, style in (("first", said.first, "yellow"), ("final", said.final, "green")):
        if one is None:
            yield Text.assemble(name.ljust(NAMES), ("none that can be read", "red"))
            continue
        yield Text.assemble(name.ljust(NAMES), scale.bar(one.spans or (), style))
        spans = ", ".join(f"{span.start:.2f}-{span.end:.2f} s" for span in one.spans or ())
        yield Text(" " * NAMES + f"{one.label}, {spans or 'no span'}")
    for name, stills in (("frames", seen.stills), ("closer", again)):
        ticks = {scale.at(still.time) for still in stills}
        if ticks:
            marks = "".join("╵" if index in ticks else " " for index in range(scale.columns))
            yield Text(name.ljust(NAMES) + marks, style="dim")
    if said.first is not None:
        yield ""
        yield from told_answer("Initial reasoning", said.first)
    if said.reflection is not None:
        yield ""
        yield from told_reflection(said.reflection)
    if said.final is not None:
        yield ""
        yield from told_answer("Revised reasoning" if said.first is not None else "Reasoning", said.final)
    if not said.strict:
        yield ""
        yield Text("Its form is not kept. What it said:", style="yellow")
        yield Text(text)

"""`rocot answer`: what a student says of a video."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rocot.cli import options

if TYPE_CHECKING:
    from rocot.core.task import Task

TASKS: "tuple[Task, ...]" = ("grounding", "classification", "qa", "reasoning")


@click.command()
@click.argument("checkpoint", type=options.FILE)
@click.argument("video", type=options.FILE)
@options.start
@options.end
@click.option("--task", type=click.Choice(TASKS), help="What is asked.  [default: what it learnt first]")
@click.option("--classes", metavar="A,B,...", help="The labels of an answer.  [default: those that it learnt]")
@click.option("--question", metavar="TEXT", help="Of the task qa.")
@click.option("--option", "choices", multiple=True, metavar="TEXT", help="Of the task qa; once for each, in order.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, and nothing else.")
def command(
    checkpoint: Path,
    video: Path,
    start: float,
    end: float,
    task: "Task | None",
    classes: str | None,
    question: str | None,
    choices: tuple[str, ...],
    as_json: bool,
) -> int:
    """Let a student answer about a video.

    Shown are both its answers on a timeline, and the reflection between them. CHECKPOINT is a folder that `rocot
    train` wrote. Frames are sampled and made smaller as in its training, and the likeliest words are taken: the same
    video has the same answer.

    Exit codes: 0 answered, 1 its final answer cannot be read, 2 unusable input.

    \b
    Examples:
      rocot answer students/first videos/gate.mp4
      rocot answer students/first videos/gate.mp4 --start 60 --end 90 --json
    """
    from rocot.cli.answering import Order, answer

    return answer(Order(checkpoint, video, start, end, task, classes, question, choices, as_json))

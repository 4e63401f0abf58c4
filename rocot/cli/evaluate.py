"""`rocot evaluate`: answers held against a benchmark."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rocot.cli import NO_ROWS, options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rocot.cli.judging import Judging
    from rocot.core.task import Task
    from rocot.machine import Machine
    from rocot.prices import Prices

TASKS: "tuple[Task, ...]" = ("grounding", "classification", "qa", "reasoning")


@click.command()
@click.argument("checkpoint", type=options.FILE, required=False)
@click.option(
    "--predictions",
    type=options.FILE,
    metavar="FILE",
    help="JSON lines, a prediction a line (docs/evaluate.md); or a run, a release or its Parquet, or hub:org/name@tag.",
)
@click.option("--teacher", metavar="MODEL|RECIPE", help="A model as recipes name it, or a recipe by which it is asked.")
@click.option(
    "--on",
    "benchmark",
    required=True,
    metavar="BENCHMARK",
    help="vau-bench/ucf-crime, vau-bench/msad, vau-bench/ecva, ucf-crime, xd-violence, msad, shanghaitech or"
    " release:SPLIT.",
)
@click.option("--annotations", type=options.FILE, metavar="DIR", help="The folder of the dataset's official files.")
@click.option("--manifest", type=options.FILE, metavar="FILE", help="Instead: what `rocot import` made of them.")
@click.option(
    "--release",
    type=options.FILE,
    metavar="PATH",
    help="For release:SPLIT, the run or release, or hub:org/name@tag.  [default: that of --predictions]",
)
@options.videos
@click.option(
    "--task", type=click.Choice(TASKS), help="What is asked.  [default: what a student learnt first; grounding]"
)
@click.option("--without-think", is_flag=True, help="A student answers questions with options without a thought.")
@click.option(
    "--together",
    type=click.IntRange(1, 1024),
    default=8,
    show_default=True,
    metavar="N",
    help="Questions that a student answers at once.",
)
@click.option(
    "--to",
    type=options.FILE,
    metavar="DIR",
    help="Where the answers are kept.  [default: evaluations/<whose>-<benchmark>]",
)
@options.decoders
@click.option(
    "--judge",
    metavar="MODEL|RECIPE",
    help="Have the answers' texts rated by VAU-Eval's five axes; a model, or a recipe whose teacher rates.",
)
@options.base_urls
@options.vllm
@click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    default=8,
    show_default=True,
    metavar="N",
    help="Calls to a teacher or judge in flight.",
)
@click.option(
    "--max-calls",
    type=click.IntRange(1),
    metavar="N",
    help="Calls to a teacher, and to a judge, at most; failed ones too.",
)
@click.option(
    "--max-cost",
    type=click.FloatRange(0, 1e12, min_open=True),
    callback=options.number,
    metavar="MONEY",
    help="What the calls of either may cost, at most, by the prices given.",
)
@options.prices
@click.option("--plot", type=options.FILE, metavar="FILE", help="Draw the result, as .png, .svg or .pdf.")
@click.option("--json", "as_json", is_flag=True, help="The result as JSON.")
def command(
    checkpoint: Path | None,
    predictions: Path | None,
    teacher: str | None,
    benchmark: str,
    annotations: Path | None,
    manifest: Path | None,
    release: Path | None,
    videos: tuple[str, ...],
    task: "Task | None",
    without_think: bool,
    together: int,
    to: Path | None,
    decoders: int | None,
    judge: str | None,
    base_urls: tuple[str, ...],
    vllm: str | None,
    workers: int,
    max_calls: int | None,
    max_cost: float | None,
    prices: Path | None,
    plot: Path | None,
    as_json: bool,
) -> int:
    """Hold answers against the truth of a benchmark.

    Whose answers: those of a file, a run or a release (--predictions), then nothing is asked and no video is opened;
    those of a student, CHECKPOINT, a folder that `rocot train` wrote; or those of a teacher (--teacher). These two are
    asked now. What was answered is kept in a folder, and the same command asks only what is missing.

    When it happened (mIoU, R@0.3, R@0.5, R@0.7 over interval sets; VAU-R1's own protocol beside it), which option of a
    question (beside blind baselines), what it was, at which frames (ROC-AUC or average precision), and what reflection
    did where there are first answers. Each with a 95 % interval over source videos, beside what others reported. A
    missing prediction counts as wrong.

    Exit codes: 0 done, 1 no prediction belongs to a case, 2 some of the input cannot be used.

    \b
    Examples:
      rocot evaluate --predictions mine.jsonl --on vau-bench/msad \\
        --annotations VAU-Bench/
      rocot evaluate --predictions runs/scenes --on release:train --json
      rocot evaluate students/first --on release:test --release runs/scenes
      rocot evaluate students/first --on vau-bench/msad \\
        --annotations VAU-Bench/ --videos MSAD/ --task qa
      rocot evaluate --teacher openai:gpt-5 --on release:test \\
        --release runs/scenes --prices prices.toml
    """
    from rocot.cli.evaluating import Answers, Exam, On, examined, given, heard, measure
    from rocot.cli.fetching import local
    from rocot.cli.hearing import Hearing
    from rocot.cli.measured import print_result

    if sum(whose is not None for whose in (checkpoint, predictions, teacher)) != 1:
        raise click.UsageError("name whose answers: a CHECKPOINT, --predictions or --teacher, one of them.")
    if teacher is None and judge is None:
        _refuse({"--max-calls": max_calls, "--max-cost": max_cost, "--prices": prices}, "--teacher or --judge")
    if plot is not None:
        from rocot.evaluate.plot import check_place

        check_place(plot)
    machine, table = _machine(decoders, base_urls, vllm, workers), options.price_table(prices)
    release, predictions = (None if path is None else local(path, machine.cache) for path in (release, predictions))
    on = On(benchmark, annotations, manifest, release)
    judging = _judging(judge, benchmark, machine, table, max_calls, max_cost)
    answers: Answers | int
    if checkpoint is not None:
        answers = examined(Exam(checkpoint, videos, task, not without_think, together, to), on, machine)
    elif predictions is not None:
        asked = {"--videos": videos, "--task": task, "--to": to, "--without-think": without_think}
        _refuse(asked, "a CHECKPOINT or --teacher, which are asked")
        answers = given(predictions, on)
    else:
        assert teacher is not None
        _refuse({"--without-think": without_think}, "a CHECKPOINT")
        answers = heard(Hearing(teacher, task, videos, to, machine, table, max_calls, max_cost), on)
    result = answers if isinstance(answers, int) else measure(answers, judging)
    if isinstance(result, int):
        return result
    if plot is not None:
        from rocot.evaluate.plot import draw

        draw(result, plot)
    if as_json:
        click.echo(result.model_dump_json(indent=2))
    else:
        print_result(result)
    return NO_ROWS if result.missing == result.cases else 0


def _refuse(given: "Mapping[str, object]", where: str) -> None:
    """Raises UsageError for options that say nothing here."""
    for name, value in given.items():
        if value:
            raise click.UsageError(f"{name} goes with {where}.")


def _judging(
    judge: str | None,
    benchmark: str,
    machine: "Machine",
    table: "Prices",
    max_calls: int | None,
    max_cost: float | None,
) -> "Judging | None":
    """Who rates, asked before anybody answers, so that a judge that cannot is told first. Raises ConfigError."""
    if judge is None:
        return None
    from rocot.cli.examining import EVALUATIONS
    from rocot.cli.hearing import asked_by
    from rocot.cli.judging import Judging, folder_of

    recipe = asked_by(judge, "--judge")
    folder = folder_of(recipe.teacher.name, benchmark, EVALUATIONS)
    return Judging(recipe, machine.model_copy(update={"run": folder}), table, max_calls, max_cost)


def _machine(decoders: int | None, base_urls: tuple[str, ...], vllm: str | None, workers: int) -> "Machine":
    """Where a teacher is asked; the folder of its run is said later."""
    from rocot.machine import key_from_environment, own_keys_from_environment

    shared, own = options.addresses(base_urls)
    reached = {
        "base_urls": shared,
        "own_urls": own,
        "api_key": key_from_environment(),
        "own_keys": own_keys_from_environment(),
        "vllm": options.words(vllm),
        "workers": workers,
    }
    return options.decoding(decoders).model_copy(update=reached)

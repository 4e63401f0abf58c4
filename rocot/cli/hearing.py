"""`rocot evaluate --teacher`: a teacher answers a benchmark's questions by a run of its own.

So nothing that it was paid for is lost, ceilings hold, and the same command asks only what is missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from rocot.cli.closing import left_out_table, skipped_lines, stages_table
from rocot.cli.examining import EVALUATIONS
from rocot.cli.generating import Order, carry_out
from rocot.cli.options import RUNS
from rocot.cli.runs import is_run, reading
from rocot.cli.screen import aside
from rocot.cli.split import check_split
from rocot.cli.telling import Words
from rocot.core.task import Task
from rocot.errors import ConfigError
from rocot.evaluate.benchmarks import entries_of, suite
from rocot.machine import Machine
from rocot.prices import Prices
from rocot.recipe import Asking, Checks, Imported, Mix, Recipe, Release, TaskRecipe, Windows, placed
from rocot.recipe_file import load_recipe, resolved
from rocot.sources.manifest.entry import Entry
from rocot.sources.manifest.file import Manifest, write

CASES = "cases.parquet"
LONGEST = 10_000_000.0
"""Seconds: no video is cut, since a benchmark's answers are about whole ones."""


@dataclass(frozen=True)
class Hearing:
    """Who is asked, and how."""

    teacher: str
    """A model as recipes name it; or a recipe, by whose teacher, reflector, reviser, frames and prompts is asked."""
    task: Task | None
    videos: tuple[str, ...]
    to: Path | None
    machine: Machine
    prices: Prices
    max_calls: int | None
    max_cost: float | None


@dataclass(frozen=True)
class Heard:
    """What came of it."""

    release: Path
    """Whose rows are the answers."""
    notes: Sequence[str]


def hear_dataset(hearing: Hearing, benchmark: str, made: Manifest) -> Heard | int:
    """Has a teacher answer about a dataset's videos. The exit code where a signal has ended it.

    Raises ConfigError, and what a run raises.
    """
    if len(hearing.videos) != 1:
        raise ConfigError(f"--on {benchmark}: name the folder of its videos with --videos, once")
    asked, dataset = asked_by(hearing.teacher, "--teacher"), suite(benchmark).dataset
    entries = [_posed(entry) for entry in entries_of(benchmark, made)]
    folder = _folder(hearing, asked, benchmark)
    write(folder / CASES, Manifest(made.header, entries))
    lie = placed(hearing.videos[0])
    videos = lie.resolve() if isinstance(lie, Path) else lie
    source = Imported(kind="manifest", name=dataset, manifest=(folder / CASES).resolve(), videos=videos)
    recipe = asked.model_copy(
        update={
            "release": Release(name="evaluation"),
            "sources": (source,),
            "windows": Windows(length=LONGEST, overlap=0),
            "task": TaskRecipe(kind=hearing.task or asked.task.kind),
        }
    )
    return _run(hearing, recipe, entries[0].split, folder)


def hear_release(hearing: Hearing, benchmark: str, split: str, run: Path) -> Heard | int:
    """Has a teacher answer about a run's own clips, as the run's teacher was asked. As `hear_dataset`."""
    if hearing.task is not None or hearing.videos:
        raise ConfigError(f"--on {benchmark[:80]} asks what the run asked, of its videos; leave --task and --videos")
    place = next((path for path in (run, RUNS / run) if is_run(path)), None)
    if place is None:
        raise ConfigError(f"{run}: no run, whose recipe would say which clips are asked; name one with --release")
    asked = asked_by(hearing.teacher, "--teacher")
    with reading(place, touch=False) as found:
        own = found.recipe
    kept = {name: getattr(asked, name) for name in ("teacher", "reflector", "reviser", "prompts")}
    return _run(hearing, own.model_copy(update=kept), split, _folder(hearing, asked, benchmark))


def asked_by(named: str, option: str) -> Recipe:
    """A recipe of which the sources do not count: that of a file, or one of a model. Raises ConfigError."""
    if named.endswith(".toml"):
        return load_recipe(named)
    blank = {"release": {"name": "evaluation"}, "sources": [{"kind": "scenes"}]}
    plain = {"model": named, "temperature": 0.0}
    try:
        recipe = Recipe.model_validate({**blank, "teacher": plain})
    except ValidationError as error:
        raise ConfigError(
            f"{option} {named[:80]}: want openai:<model>, vllm:<model>, hf:<folder>, embedded, scripted, or"
            " a recipe's TOML file"
        ) from error
    return resolved(recipe, Path.cwd(), option)


def _folder(hearing: Hearing, asked: Recipe, benchmark: str) -> Path:
    name = f"{asked.teacher.name}-{benchmark}"
    return hearing.to or EVALUATIONS / "".join(char if char.isalnum() or char in "._-@" else "-" for char in name)


def _posed(entry: Entry) -> Entry:
    """With the one question that is scored."""
    asked = [one for one in entry.questions if one.answer is not None and one.options]
    return entry.model_copy(update={"questions": tuple(asked[:1])})


def _run(hearing: Hearing, recipe: Recipe, split: str, folder: Path) -> Heard | int:
    """The run; no check and no mix, of which no measure knows."""
    teacher = Asking.model_validate({**dict(recipe.teacher), "rollouts": 1, "guided": False})
    recipe = recipe.model_copy(update={"teacher": teacher, "checks": Checks(), "checker": None, "mix": Mix()})
    try:
        recipe = Recipe.model_validate(dict(recipe))
    except ValidationError as error:
        why = error.errors(include_url=False, include_input=False)[0]["msg"].removeprefix("Value error, ")
        raise ConfigError(f"--teacher {hearing.teacher[:80]}: {why}") from error
    check_split(recipe, split)
    machine = hearing.machine.model_copy(update={"run": folder})
    order = Order(recipe, machine, split, hearing.prices, max_calls=hearing.max_calls, max_cost=hearing.max_cost)
    done = carry_out(order, Words())
    if isinstance(done, int):
        return done
    console, left_out = aside(), done.exported.told_left_out
    console.print()
    stages_table(console, done.stages, hearing.prices.currency)
    skipped_lines(console, done.made.skipped)
    left_out_table(console, left_out, "samples left out")
    notes = [f"{number:,} cases have no answer: {why}" for why, number in left_out.items()]
    notes += [f"{len(done.made.skipped):,} videos cannot be used"] * bool(done.made.skipped)
    return Heard(folder, notes)

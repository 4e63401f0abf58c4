"""What `rocot launch` makes of its options, and how every launch ends."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import click

from rocot.assets import load_prompts
from rocot.cli import group
from rocot.cli.backing import restore_run
from rocot.cli.generating import check
from rocot.cli.ordering import order_of
from rocot.cli.screen import aside
from rocot.errors import ConfigError
from rocot.launch.job import Job, Served, gpus_of_a_part, serving
from rocot.launch.slurm import MOST_TASKS, Sbatch
from rocot.recipe_file import load_recipe, shipped
from rocot.storage.place import Place

OWN = ("--recipe", "--split", "--part", "--run", "--backup", "--log-json")
"""Options of `rocot generate` that a launcher gives, or that are none for many processes."""
PRICES = "--prices"
KINDS = ("parts", "servers", "merge")


@dataclass(frozen=True)
class Wish:
    """What is asked of one call."""

    recipe: str
    split: str
    parts: int
    backup: str
    at_once: int | None
    cpus: int
    serve: str | None
    servers: int
    gpus: int | None
    rocot: str | None
    """None for the interpreter of this process."""
    work: Path | None
    more: Sequence[str]


def job_of(wish: Wish) -> Job:
    """What is to be run. Raises ConfigError, with what cannot be."""
    recipe = load_recipe(wish.recipe)
    named = wish.recipe in shipped()
    backup = Place(wish.backup).url
    more = _more(wish, backup)
    served: Served | None = None
    if wish.serve is not None:
        prompts = load_prompts(recipe.prompts.folder, recipe.task.kind)
        served = serving(wish.serve, recipe, prompts, servers=wish.servers, gpus=wish.gpus or 1)
    elif wish.servers != 1:
        raise ConfigError("--servers goes with --serve MODEL")
    return Job(
        name=recipe.release.name,
        recipe=wish.recipe if named else str(Path(wish.recipe).expanduser().absolute()),
        split=wish.split,
        parts=wish.parts,
        backup=backup,
        work=(wish.work or Path()).expanduser().absolute(),
        at_once=wish.at_once,
        cpus=wish.cpus,
        gpus=gpus_of_a_part(recipe, None if served else wish.gpus),
        served=served,
        more=more,
        rocot=(sys.executable, "-m", "rocot") if wish.rocot is None else _called(wish.rocot),
    )


def sbatch_of(said: Sequence[str]) -> Sbatch:
    """The further options of sbatch, by the jobs that they are for. Raises ConfigError."""
    found: dict[str, list[str]] = {"all": [], **{kind: [] for kind in KINDS}}
    for text in said:
        kind, equals, rest = text.partition("=")
        known = bool(equals) and kind in KINDS
        words = _words(rest if known else text, "--sbatch")
        if not words or not words[0].startswith("-"):  # sbatch would take it for the script
            raise ConfigError(
                f"--sbatch: want options of sbatch, as in --time=1:00:00, or those of one kind of jobs after"
                f" {', '.join(f'{name}=' for name in KINDS[:-1])} or {KINDS[-1]}= (got {text[:60]!r})"
            )
        found[kind if known else "all"] += words
    return Sbatch(**{kind: tuple(words) for kind, words in found.items()})


def note_tasks(job: Job) -> None:
    """Says where Slurm may not take so many parts as one array; how it is set up is not known here."""
    if job.parts > MOST_TASKS:
        aside().print(
            f"--parts {job.parts}: Slurm takes {MOST_TASKS:,} in one array unless its MaxArraySize is raised"
            " (`scontrol show config`); else sbatch refuses the parts"
        )


def deliver(text: str, out: Path | None) -> None:
    """Prints a file, or writes it. Raises ConfigError where it cannot be written."""
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--out {out}: cannot be written ({error.strerror})") from error
    aside().print(f"written to {out}; its head says how to run it")


def run_of(said: str) -> Path:
    """The folder of the merged run, beside which its parts will lie. Raises ConfigError for one that has no name."""
    folder = Path(said)
    if not said.strip() or not folder.resolve().name:
        raise ConfigError(f"--run: want a folder with a name, or . for the current one (got {said!r})")
    return folder


def finish(parts: int, url: str, run: Path) -> int:
    """Restores all parts beside a run's folder, merges, exports, and puts the release there. Returns the exit code.

    Each step is a command of rocot. Raises what they do.
    """
    place, beside, folders = Place(url), run.resolve(), []
    for number in range(1, parts + 1):
        folder = beside.with_name(f"{beside.name}-part-{number}-of-{parts}")
        restore_run((place / f"part-{number}-of-{parts}").url, folder)
        folders.append(str(folder))
    _step("merge", *folders, "--out", str(run))
    code = _step("export", str(run))
    if code == 0:
        _step("push", (place / "release").url, str(run))
    return code


def _step(*words: str) -> int:
    """One command of rocot, in this process; its exit code."""
    code = group.main(list(words), standalone_mode=False)
    return code if isinstance(code, int) else 0


def _more(wish: Wish, backup: str) -> tuple[str, ...]:
    """The options after --; jobs run elsewhere than here, and so files have their whole paths.

    Raises ConfigError, or click's own error, for what `rocot generate` would not take in a part.
    """
    generate = group.get_command(click.Context(group), "generate")
    assert generate is not None
    taken = sorted({word.partition("=")[0] for word in wish.more} & set(OWN))
    if taken:
        raise ConfigError(f"{', '.join(taken)} after --: a launcher gives it, or has no use for it; leave it out")
    own = (f"--recipe={wish.recipe}", f"--split={wish.split}", f"--part=1/{wish.parts}", f"--backup={backup}")
    check(order_of(**generate.make_context("generate", [*own, *wish.more]).params))
    return tuple(_placed(before, word) for before, word in pairwise(("", *wish.more)))


def _placed(before: str, word: str) -> str:
    """A word of a job, with the file of prices by its whole path."""
    if before == PRICES:
        return str(Path(word).absolute())
    name, equals, path = word.partition("=")
    return f"{PRICES}={Path(path).absolute()}" if equals and name == PRICES else word


def _called(text: str) -> tuple[str, ...]:
    """The words of a command. Raises ConfigError."""
    words = _words(text, "--rocot")
    if not words or not words[0].strip():
        raise ConfigError(f"--rocot: want the command that jobs call rocot by, or leave it out (got {text!r})")
    return words


def _words(text: str, option: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise ConfigError(f"{option}: cannot be read as a shell would ({error})") from error

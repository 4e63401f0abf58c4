"""What `rocot train` does once its options are read: from a release to rows with frames, then to the student."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pyarrow.parquet as pq
from rich.console import Console

from rocot.assets import ASSETS, TASKS
from rocot.cli.closing import left_out_table
from rocot.cli.fetching import local
from rocot.cli.filming import Held, held
from rocot.cli.hydrating import Order as Copy
from rocot.cli.hydrating import copy_out
from rocot.cli.screen import about, aside, count, heading, lasting, out, table
from rocot.cli.validating import find_path
from rocot.core.record import Json
from rocot.errors import ConfigError
from rocot.machine import Machine
from rocot.release.configs import Config
from rocot.release.hydrate import NAME as HYDRATED
from rocot.release.hydrate import Hydration
from rocot.release.parts import parts
from rocot.release.swap import replacing
from rocot.sources.manifest.official import official_test
from rocot.student.recipe import Training, load_training, warnings

if TYPE_CHECKING:
    from rocot.student.card import RunCard, Taught

STUDENTS = Path("students")
PACKAGES = ("torch", "torchvision", "transformers", "trl", "peft", "accelerate", "datasets")
SECONDS = 10
"""Between two lines of progress."""
NAMED = 5


@dataclass(frozen=True)
class Order:
    """What is asked of one call of the command."""

    kind: Literal["sft", "grpo"]
    release: Path | None
    model: str
    recipe: str
    split: str
    out: Path | None
    resume: bool
    videos: Sequence[str]
    allow_leaks: str | None
    trackers: tuple[str, ...]


def train(order: Order, machine: Machine) -> int:
    """Trains, and prints what came of it. Returns the exit code."""
    installed()
    recipe = load_training(order.recipe)
    named = None if order.release is None else local(order.release, machine.cache)
    release = held(find_path(named))
    config = _config(order.kind, recipe)
    console = out()
    _print_recipe(console, recipe, order)
    _refuse_leaks(release, order)
    from rocot.student import train as school  # torch and its kin, which take seconds to import
    from rocot.student.halting import HaltedError

    school.check_trackers(order.trackers)
    to = order.out or STUDENTS / f"{release.manifest.release}-{recipe.name}-{order.kind}"
    taught = _taught(release, config, order.split)
    school.beginning(order.kind, order.model, recipe, taught.shards, to).check(resume=order.resume)
    shards = _with_frames(release, config, recipe, order, machine)
    lesson = school.Lesson(
        kind=order.kind,
        model=order.model,
        recipe=recipe,
        shards=shards,
        right=_right(release, order.split),
        taught=taught,
        out=to,
        cache=machine.cache / "rows",
        trackers=order.trackers,
        texts=lambda: _texts(release, order.split),
    )
    if order.resume:
        lesson = lesson.resumed(lambda said: aside().print(said))
    loaded, material = school.prepared(lesson)
    console.print(heading(f"{material.used:,} of {material.read:,} rows, {material.tokens:,} tokens a round"))
    console.print(f"longest {material.longest:,} tokens; first attempt masked in {material.masked:,} rows; nothing cut")
    if material.left_out:
        left_out_table(console, material.left_out, "rows left out", "rows")
    try:
        card = school.train(lesson, loaded, material, _Teller())
    except HaltedError as halted:
        aside().print(f"interrupted: {halted}; the same command with --resume goes on")
        return 128 + halted.number
    _print_card(console, card, lesson.out)
    return 0


def installed() -> None:
    """Raises ConfigError where a package of training is missing."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise ConfigError(f"training needs {', '.join(missing)}: pip install 'rocot[train]' (docs/train.md)")


def _config(kind: str, recipe: Training) -> Config:
    if kind == "grpo":
        return "rft"
    return "sft" if recipe.data.form == "reflection" else "controls"


def _print_recipe(console: Console, recipe: Training, order: Order) -> None:
    console.print(heading(f"Recipe {recipe.name}, all of it"))
    made = table("setting", "-value", head=False)
    other = "grpo" if order.kind == "sft" else "sft"
    for name, value in _flat(recipe.model_dump(mode="json", exclude={other})):
        made.add_row(name, _spelt(value))
    console.print(made)
    console.print()
    for warning in warnings(recipe) if order.kind == "grpo" else []:
        aside().print(f"warning: {warning}", style="yellow")


def _spelt(value: Json) -> str:
    """As TOML has it."""
    return "none" if value is None else value if isinstance(value, str) else json.dumps(value)


def _flat(values: Json, prefix: str = "") -> Iterator[tuple[str, Json]]:
    if isinstance(values, Mapping) and values:
        for name, value in values.items():
            yield from _flat(value, f"{prefix}.{name}" if prefix else name)
    else:
        yield prefix, values


def _refuse_leaks(release: Held, order: Order) -> None:
    """Raises ConfigError where rows are of videos that others test on, and nobody gave a reason."""
    if order.split not in release.manifest.splits:
        raise ConfigError(f"the release has no split {order.split!r}; it has {', '.join(release.manifest.splits)}")
    found = _tested(release, order.split)
    if not found or order.allow_leaks:
        why = f"{len(found):,} taken all the same ({order.allow_leaks})" if found else "none"
        out().print(f"videos that are test data: {why}")
        return
    what = (
        f"{len(found):,} videos of the split {order.split} are test data; train on another split, or say why it is"
        " right with --allow-leaks REASON"
    )
    told = [f"  {video}: {why}" for video, why in list(found.items())[:NAMED]]
    more = [f"  and {len(found) - NAMED:,} more"] if len(found) > NAMED else []
    raise ConfigError("\n".join([what, *told, *more]))


def _tested(release: Held, split: str) -> dict[str, str]:
    """The videos of a split that are in an official test split, or in the release's own; and which it is."""
    own = _videos(release, "test") if "test" in release.manifest.splits else set()
    found: dict[str, str] = {}
    for video in sorted(_videos(release, split)):
        listed = official_test(video)
        if listed is not None:
            found[video] = f"in the official test split of {listed}"
        elif video in own:
            found[video] = "in the release's split test"
    return found


def _videos(release: Held, split: str) -> set[str]:
    """Identities, as official lists have them."""
    found: set[str] = set()
    for file in release.manifest.splits[split].files:
        columns = pq.read_table(release.root / file.path, columns=["source", "video"])
        pairs = zip(columns["source"].to_pylist(), columns["video"].to_pylist(), strict=True)
        found |= {video if "/" in video else f"{source}/{video}" for source, video in pairs}
    return found


def _with_frames(release: Held, config: Config, recipe: Training, order: Order, machine: Machine) -> list[Path]:
    """The shards, with frames: those of the release where it holds them, else a copy that is made now."""
    folder = "controls/" + recipe.data.form if config == "controls" else config
    own = [part for part in parts(release.manifest, [config], order.split) if part.folder == folder]
    paths = [release.root / file.path for part in own for file in part.files]
    if all("images" in pq.read_schema(path).names for path in paths):
        return paths
    asked = Copy(release.root, order.videos, None, [config], order.split, files=False, nearly=False)
    to, _, code = copy_out(asked, machine)
    if code:
        raise ConfigError("some rows have no frames; mend that, or name the videos' folder with --videos")
    made = Hydration.model_validate_json((to / HYDRATED).read_text(encoding="utf-8"))
    return [to / file.path for part in own for file in made.parts[part.name].files]


def _right(release: Held, split: str) -> dict[str, bool | None]:
    """By id, whether the first answer was right: controls do not say so themselves."""
    found: dict[str, bool | None] = {}
    for file in release.manifest.splits[split].sft:
        columns = pq.read_table(release.root / file.path, columns=["id", "first_right"])
        found.update(zip(columns["id"].to_pylist(), columns["first_right"].to_pylist(), strict=True))
    return found


def _texts(release: Held, split: str) -> list[str]:
    """What the tiny student's tokenizer learns from: the release's chats, and the shipped prompts."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((ASSETS / "prompts").rglob("*.md"))]
    for file in release.manifest.splits[split].files:
        rows = pq.read_table(release.root / file.path, columns=["messages"])["messages"].to_pylist()
        texts += [message["content"] for row in rows for message in row]
    return texts


def _taught(release: Held, config: Config, split: str) -> "Taught":
    from rocot.student.card import Taught

    about = release.manifest
    classes: dict[str, None] = {}
    tasks: dict[str, None] = {}
    most = again = 0
    for file in about.splits[split].files:
        columns = ["task", "classes", "frame_times", "relook_times"]
        for row in pq.read_table(release.root / file.path, columns=columns).to_pylist():
            tasks[row["task"]] = None
            most, again = max(most, len(row["frame_times"])), max(again, len(row["relook_times"]))
            classes.update({} if row["task"] == "qa" else dict.fromkeys(row["classes"]))
    shards = [file.sha256 for part in parts(about, [config], split) for file in part.files]
    return Taught(
        release=about.release,
        version=about.version,
        fingerprint=about.fingerprint,
        split=split,
        shards=tuple(shards),
        tasks=tuple(task for task in TASKS if task in tasks),
        classes=tuple(classes),
        frames=most,
        relook=again,
        height=about.frames.height,
        quality=about.frames.quality,
    )


class _Teller:
    """A line of progress now and then."""

    def __init__(self) -> None:
        self._started = self._last = time.monotonic()

    def __call__(self, step: int, steps: int, figures: Mapping[str, float]) -> None:
        now = time.monotonic()
        if now - self._last < SECONDS and step < steps:
            return
        self._last = now
        shown = [f"{name} {figures[name]:.4g}" for name in ("loss", "reward") if name in figures]
        if not shown:
            return
        left = (now - self._started) / max(step, 1) * (steps - step)
        aside().print(f"step {step:,} of {steps:,}, {', '.join(shown)}, {lasting(left)} left")


def _print_card(console: Console, card: "RunCard", to: Path) -> None:
    console.print()
    console.print(heading(f"{card.steps:,} steps in {lasting(card.seconds)}: {to}"))
    made = table("figure", "beginning", "end")
    for one in card.results:
        made.add_row(one.name, about(one.first), about(one.last))
    console.print(made)
    console.print(f"{count(card.parameters)} parameters, on {card.device}; README.md and run.json tell all of it")


def merged(checkpoint: Path, to: Path) -> int:
    """Writes the whole model, or nothing. Returns the exit code."""
    installed()
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise ConfigError(f"{to}: is not empty; name another folder with --to")
    from rocot.student.card import read_card, write_card
    from rocot.student.model import load, save
    from rocot.student.stack import SafetensorError

    card = read_card(checkpoint)
    loaded = load(str(checkpoint))
    with replacing(to, then="merge again") as fresh:
        try:
            save(loaded, fresh)
        except SafetensorError as error:  # the only word that it has for a full disk
            raise OSError(f"{error}") from error
        write_card(fresh, card)
    out().print(f"{to}: {card.parameters:,} parameters, no adapter")
    return 0

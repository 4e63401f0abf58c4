"""The training recipe: all that changes a student, from TOML. Folders, devices and log intervals are no part of it."""

from difflib import get_close_matches
from pathlib import Path
from typing import Literal, Self, TypeAlias

from pydantic import Field, model_validator

from rocot.assets import ASSETS
from rocot.core.attempts import Form
from rocot.core.record import Record, digest
from rocot.core.reward import REWARDS, WEIGHTS, sandbagging
from rocot.errors import ConfigError
from rocot.toml_file import load

First: TypeAlias = Literal["mask_when_wrong", "mask", "learn"]
FOR_COMPARISON = ("srpo", "vau_r1")
"""Rewards of others."""


class Tags(Record):
    """The names of the tags that the student writes; ours unless another model was taught others."""

    think: str = Field(default="think", pattern=r"^[A-Za-z][A-Za-z0-9_]{0,30}$")
    description: str = Field(default="description", pattern=r"^[A-Za-z][A-Za-z0-9_]{0,30}$")
    answer: str = Field(default="answer", pattern=r"^[A-Za-z][A-Za-z0-9_]{0,30}$")
    glue: str = Field(default="glue", pattern=r"^[A-Za-z][A-Za-z0-9_]{0,30}$")
    reflection: str = Field(default="reflection", pattern=r"^[A-Za-z][A-Za-z0-9_]{0,30}$")
    verdict: str = Field(default="verdict", pattern=r"^[A-Za-z][A-Za-z0-9_]{0,30}$")

    @model_validator(mode="after")
    def _each_its_own(self) -> Self:
        names = [name for _, name in self]
        if len(set(names)) < len(names):
            raise ValueError("every tag wants a name of its own")
        return self

    def worded(self, text: str) -> str:
        """A text in rocot's tags, in these."""
        return _renamed(text, {ours: str(theirs) for ours, theirs in self})

    def plain(self, text: str) -> str:
        """A text in these tags, in rocot's."""
        return _renamed(text, {str(theirs): ours for ours, theirs in self})


def _renamed(text: str, names: dict[str, str]) -> str:
    renamed = {old: new for old, new in names.items() if old != new}
    for old in renamed:  # by way of marks that no text holds, as two tags may change their names with one another
        text = text.replace(f"<{old}>", f"<\0{old}>").replace(f"</{old}>", f"</\0{old}>")
    for old, new in renamed.items():
        text = text.replace(f"<\0{old}>", f"<{new}>").replace(f"</\0{old}>", f"</{new}>")
    return text


class Lora(Record):
    """An adapter of low rank; the weights themselves stay as they are."""

    rank: int = Field(default=16, ge=1, le=1024)
    alpha: int = Field(default=32, ge=1, le=4096)
    dropout: float = Field(default=0.05, ge=0, lt=1)
    targets: tuple[str, ...] = Field(default=("all-linear",), min_length=1)
    """Names of layers, or `all-linear`."""


class Data(Record):
    """What of a release is shown, and how."""

    form: Form = "reflection"
    """`reflection`; or a control: `two_pass`, `plain`, of which the release must have the rows."""
    frames: int | None = Field(default=None, ge=1, le=512)
    """At most so many of a look, spread evenly; all without it."""
    height: int | None = Field(default=None, ge=28, le=4320)
    """Pixels of a frame at most; it is never enlarged. As the release has it without."""
    still: float = Field(default=1.0, ge=0, le=1)
    """How much is left of what stands still in a sample's frames, see `faded`: at 0 only what changes is seen."""
    lines: int | None = Field(default=None, ge=0)
    """Of each thought and each reflection of a lesson, the first ones; all without it. 0: of the first, its times."""
    longest: int = Field(default=32768, ge=64, le=1_000_000)
    """Tokens of prompt and completion, those of images included; longer samples are left out, and counted."""
    tags: Tags = Tags()


class Run(Record):
    """What both kinds of training have."""

    learning_rate: float = Field(ge=0, le=1)
    steps: int | None = Field(default=None, ge=1)
    """Of the optimiser; without it `epochs` count."""
    epochs: float = Field(default=1.0, gt=0, le=10_000)
    batch: int = Field(default=1, ge=1)
    """Samples a device at once; of GRPO completions."""
    accumulate: int = Field(default=1, ge=1)
    """Batches a step of the optimiser."""
    warmup: float = Field(default=0.03, ge=0, lt=1)
    """Share of the steps in which the learning rate rises."""
    weight_decay: float = Field(default=0.0, ge=0, le=1)
    schedule: Literal["cosine", "linear", "constant_with_warmup"] = "cosine"
    clip: float = Field(default=1.0, gt=0)
    """Largest norm of a gradient."""


class Supervised(Run):
    """Supervised fine-tuning."""

    learning_rate: float = Field(default=1e-5, ge=0, le=1)
    first_attempt: First = "mask_when_wrong"
    """Whether the first of two answers is a lesson: not where it was wrong, never, or always."""
    bare: int = Field(default=0, ge=0, le=10_000)
    """Rounds before all others in which the final answer's label is the whole lesson: what is seen has to be learnt
    from it then, as it cannot be read off the thoughts before it."""


class Reinforced(Run):
    """Reinforcement by GRPO."""

    learning_rate: float = Field(default=1e-6, ge=0, le=1)
    generations: int = Field(default=8, ge=2, le=256)
    """Completions of one prompt, which are held against one another."""
    temperature: float = Field(default=1.0, gt=0, le=5)
    top_p: float = Field(default=1.0, gt=0, le=1)
    longest: int = Field(default=1024, ge=8, le=1_000_000)
    """Tokens of a completion."""
    beta: float = Field(default=0.0, ge=0, le=10)
    """Weight of the divergence from the model at the beginning; above 0 it is kept in memory."""
    vllm: Literal["off", "colocate", "server"] = "off"
    """Who makes the completions: transformers, vLLM on the same GPUs, or a `trl vllm-serve`."""
    rewards: dict[str, float] = Field(default_factory=lambda: dict(WEIGHTS), min_length=1)
    """Weight of each reward by its name."""

    @model_validator(mode="after")
    def _known(self) -> Self:
        for name in self.rewards:
            if name not in REWARDS:
                close = get_close_matches(name, REWARDS, n=1)
                hint = f"; did you mean {close[0]}?" if close else f"; there are {', '.join(REWARDS)}"
                raise ValueError(f"no reward is called {name[:40]!r}{hint}")
        return self


class Training(Record):
    """One training recipe."""

    name: str = Field(pattern="^[a-z0-9][a-z0-9._-]{0,63}$")
    seed: int = Field(default=0, ge=0, le=2**31 - 1)
    bf16: bool = True
    """Half the memory; on a CPU it is left off."""
    checkpointing: bool = True
    """Activations are reckoned again instead of kept: less memory, a third more time."""
    save_steps: int = Field(default=200, ge=1)
    """Steps from one state to resume from to the next."""
    data: Data = Data()
    lora: Lora | None = None
    """Without it all weights are trained."""
    sft: Supervised = Supervised()
    grpo: Reinforced = Reinforced()

    @property
    def digest(self) -> str:
        """sha256 of all its settings."""
        return digest(self.model_dump(mode="json"))


def shipped() -> dict[str, Path]:
    """The training recipes that ship with rocot, by name."""
    return {path.stem: path for path in sorted((ASSETS / "data_manifests" / "train").glob("*.toml"))}


def load_training(path_or_name: str) -> Training:
    """The recipe in a TOML file, or the shipped one of that name. Raises ConfigError with every fault of the file."""
    named = shipped()
    path = named.get(path_or_name, Path(path_or_name))
    if path_or_name not in named and not path.is_file():
        close = get_close_matches(path_or_name, named, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise ConfigError(f"{path}: no such training recipe{hint}\n  shipped ones: {', '.join(named)}")
    return load(path, Training)


def warnings(recipe: Training) -> list[str]:
    """What is to be said of the rewards before a reinforcement starts."""
    weights = recipe.grpo.rewards
    told = [
        f"reward {name}: for comparison; it pays what rocot's own rewards do not" for name in FOR_COMPARISON
        if weights.get(name)
    ]  # fmt: skip
    for located, task in ((True, "grounding"), (False, "other tasks")):
        cases = sandbagging(weights, located=located)
        if cases and recipe.data.form != "plain":
            case = max(cases, key=lambda one: one.gain)
            told.append(
                f"rewards, {task}: a first answer that is {_first(case.worse.first_label, case.worse.first_tiou)} earns"
                f" {case.gain:g} more than one that is {_first(case.better.first_label, case.better.first_tiou)}"
                f" ({len(cases)} such cases): the student may learn to be wrong at first"
            )
    return told


def _first(label: bool | None, tiou: float | None) -> str:
    return ("right" if label else "wrong") + ("" if tiou is None else f" with tIoU {tiou:g}")

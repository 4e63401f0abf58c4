"""States: what a training leaves behind while it works, and goes on from.

<out>/steps/
    training.json      what is trained, on what, by which recipe: a training that goes on must be the same
    checkpoint-40/     a state, as transformers writes it
        whole.json     its files and their sizes, written last: a state without it was cut short
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rocot.core.record import Json
from rocot.errors import ConfigError
from rocot.student.card import NAME as CARD
from rocot.student.stack import TrainerCallback, torch

STEPS = "steps"
_BEGUN = "training.json"
_WHOLE = "whole.json"


@dataclass(frozen=True)
class Beginning:
    """What a training is told apart by, and where it goes."""

    out: Path
    said: Mapping[str, Json]
    """Kind, model, recipe and shards, by these names."""

    def check(self, *, resume: bool) -> None:
        """Raises ConfigError where it cannot be begun there, or cannot go on."""
        if not leads():
            return
        out, begun = self.out, self.out / STEPS / _BEGUN
        if out.exists() and not out.is_dir():
            raise ConfigError(f"{out}: is a file, and a checkpoint is a folder; name another one with --out")
        if resume and (out / CARD).is_file():
            raise ConfigError(f"{out}: is trained to its end; train without --resume, into another folder")
        if resume and not begun.is_file():
            raise ConfigError(f"{out}: nothing to go on with; train without --resume")
        if resume:
            self._compare(begun)
        elif out.exists() and any(out.iterdir()) and (not begun.is_file() or newest(out)[0] or (out / CARD).is_file()):
            raise ConfigError(f"{out}: is not empty; name another folder with --out, or go on with --resume")

    def write(self) -> None:
        """Makes the folder, and writes down what is trained there. Raises ConfigError."""
        if not leads():
            return
        path = self.out / STEPS / _BEGUN
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(dict(self.said), indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"{self.out}: cannot be written ({error.strerror}); name another --out") from error

    def _compare(self, begun: Path) -> None:
        try:
            before = json.loads(begun.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigError(f"{begun}: cannot be read; train without --resume, into another folder") from error
        other = [name for name, value in self.said.items() if not isinstance(before, dict) or before.get(name) != value]
        if other:
            told = " and ".join(f"another {'release' if name == 'shards' else name}" for name in other)
            raise ConfigError(f"{self.out}: was begun with {told}; it cannot go on so")


def leads() -> bool:
    """Whether this is the one of several processes (`accelerate launch`) that looks after their folder."""
    return os.environ.get("RANK", "0") == "0"


def newest(out: Path) -> tuple[Path | None, list[Path]]:
    """The newest state that is whole, if any, and those behind it that are not."""
    damaged: list[Path] = []
    for state in sorted(_states(out), key=_step, reverse=True):
        if _is_whole(state):
            return state, damaged
        damaged.append(state)
    return None, damaged


class States(TrainerCallback):
    """Says of each state that it is whole, once it is."""

    def on_save(self, args: "_Arguments", state: "_State", control: object, **rest: object) -> None:
        """A state has been written, by all processes that have a part in it."""
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.barrier()
        if state.is_world_process_zero:
            _note(Path(args.output_dir) / f"checkpoint-{state.global_step}")


class _Arguments:
    """Of transformers' TrainingArguments, what is used."""

    output_dir: str


class _State:
    """Of transformers' TrainerState, what is used."""

    is_world_process_zero: bool
    global_step: int


def _states(out: Path) -> Iterator[Path]:
    return (path for path in (out / STEPS).glob("checkpoint-*") if path.name.removeprefix("checkpoint-").isdigit())


def _step(state: Path) -> int:
    return int(state.name.removeprefix("checkpoint-"))


def _sizes(state: Path) -> dict[str, int]:
    files = [path for path in state.rglob("*") if path.is_file() and not path.name.startswith(_WHOLE)]
    return {path.relative_to(state).as_posix(): path.stat().st_size for path in files}


def _note(state: Path) -> None:
    fresh = state / f"{_WHOLE}.part"
    fresh.write_text(json.dumps(_sizes(state), indent=2, sort_keys=True) + "\n", encoding="utf-8")
    fresh.rename(state / _WHOLE)


def _is_whole(state: Path) -> bool:
    try:
        noted = json.loads((state / _WHOLE).read_text(encoding="utf-8"))
        return isinstance(noted, dict) and noted.items() <= _sizes(state).items()
    except (OSError, ValueError):
        return False

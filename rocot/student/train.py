"""A student's training: supervised, then by rewards. TRL does it; here is what it is given, and what is left of it."""

import errno
import os
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from rocot import __version__
from rocot.errors import ConfigError
from rocot.student import model as weights
from rocot.student.card import Counts, RunCard, Taught, results, write_card
from rocot.student.collate import StageAware
from rocot.student.halting import HaltedError, Halting
from rocot.student.journal import NAME as JOURNAL
from rocot.student.journal import Journal, Told, curve, read_journal, taken_up
from rocot.student.lengths import Lengths
from rocot.student.model import Loaded
from rocot.student.recipe import Run, Training
from rocot.student.rewards import reward
from rocot.student.rows import Material, lessons, prompts
from rocot.student.stack import (
    GRPOConfig,
    GRPOTrainer,
    PeftModel,
    PrinterCallback,
    SafetensorError,
    SFTConfig,
    SFTTrainer,
    TrainerCallback,
    torch,
    trackers,
    transformers,
    trl,
)
from rocot.student.states import STEPS, Beginning, States, leads, newest

LONG = os.strerror(errno.EFBIG)
"""In what each library says of EFBIG."""
LITTLE = 16_000_000
"""Bytes that a disk has left which is called full: less than what failed to be written."""
CHECKPOINTING = (
    "activation_checkpointing" if hasattr(SFTConfig, "activation_checkpointing") else "gradient_checkpointing"
)
"""Renamed in transformers 5.22 or so; vLLM wants an older one."""
FIGURES = {"sft": ("loss", "mean_token_accuracy"), "grpo": ("reward", "reward_std", "kl", "completions/mean_length")}


@dataclass(frozen=True)
class Lesson:
    """What is asked of one training."""

    kind: Literal["sft", "grpo"]
    model: str
    recipe: Training
    shards: Sequence[Path]
    """Of rows with frames: of `sft` or a control, or of `rft`."""
    right: Mapping[str, bool | None]
    """By id, whether a row's first answer was right."""
    taught: Taught
    out: Path
    cache: Path
    """For what `datasets` makes of the shards."""
    state: Path | None = None
    """What a training that was interrupted goes on from."""
    trackers: tuple[str, ...] = ()
    """Names of trackers that transformers knows, besides the journal."""
    texts: Callable[[], Sequence[str]] = tuple
    """What the tokenizer of the tiny student learns from."""

    @property
    def beginning(self) -> Beginning:
        """What this training is told apart by. Raises ConfigError for what cannot be trained so."""
        return beginning(self.kind, self.model, self.recipe, self.taught.shards, self.out)

    def resumed(self, said: Callable[[str], None]) -> "Lesson":
        """The same, going on from its newest whole state; from its beginning where there is none, which is `said`."""
        state, damaged = newest(self.out)
        for one in damaged if leads() else ():
            said(f"{one}: was not written to its end, and is removed")
            shutil.rmtree(one)  # it would count among those that are kept
        if state is None:
            said(f"{self.out}: no state is kept there so far; it begins at the first step")
        return replace(self, state=state)


def beginning(kind: str, model: str, recipe: Training, shards: Sequence[str], out: Path) -> Beginning:
    """What is to be trained; `shards` are the sha256 of the release's. Raises ConfigError for what cannot be."""
    grpo = recipe.grpo
    if kind == "grpo" and grpo.batch * grpo.accumulate % grpo.generations:
        raise ConfigError(
            f"{recipe.name}: grpo.batch times grpo.accumulate must be a multiple of grpo.generations"
            f" (got {grpo.batch} x {grpo.accumulate}, {grpo.generations})"
        )
    return Beginning(out, {"kind": kind, "model": model, "recipe": recipe.digest, "shards": list(shards)})


def check_trackers(names: Sequence[str]) -> None:
    """Raises ConfigError for a tracker that is none, or is not installed: the trainer says so once all else is done."""
    if tuple(names) in {("all",), ("none",)}:
        return
    known = trackers.integration_utils.INTEGRATION_TO_CALLBACK
    there = {*trackers.get_available_reporting_integrations(), "flyte"}  # which transformers does not list
    for name in names:
        if name not in known:
            raise ConfigError(f"--tracker {name[:40]}: transformers has no such tracker; it has {', '.join(known)}")
        if name not in there:
            raise ConfigError(f"--tracker {name}: is not installed here; install its package, or leave it")


def prepared(lesson: Lesson) -> tuple[Loaded, Material]:
    """The model and the rows, in a folder that is begun. Raises ConfigError where either cannot be used."""
    lesson.beginning.check(resume=lesson.state is not None)
    lesson.beginning.write()
    with _told_if_full(lesson.out):
        loaded = weights.to_train(lesson.model, lesson.recipe, lesson.out, lesson.texts, lesson.state)
        lengths = Lengths(loaded.processor)
        if lesson.kind == "sft":
            return loaded, lessons(lesson.shards, lesson.recipe, lengths, lesson.right, lesson.cache)
        return loaded, prompts(lesson.shards, lesson.recipe, lengths, lesson.cache)


def train(lesson: Lesson, loaded: Loaded, material: Material, told: Told) -> RunCard:
    """Trains, and writes the checkpoint with its card.

    Raises ConfigError, and HaltedError where a signal ended it: then a state is kept that it can go on from.
    """
    card, halting = _card(lesson, loaded, material), Halting()
    since = taken_up(lesson.out / JOURNAL, _step(lesson.state)) if leads() else 0.0
    journal = Journal(lesson.out / JOURNAL, told, since)
    make = _supervised if lesson.kind == "sft" else _reinforced
    trainer = make(lesson, loaded, material, [journal, States(), halting])
    trainer.remove_callback(PrinterCallback)  # the journal tells it
    with _told_if_full(lesson.out):
        with halting.on_signals():
            trainer.train(resume_from_checkpoint=None if lesson.state is None else str(lesson.state))
        step, steps = trainer.state.global_step, trainer.state.max_steps
        if halting.signal is not None and step < steps:
            raise HaltedError(halting.signal, step, steps)
        trainer.save_model(str(lesson.out))
        (lesson.out / "training_args.bin").unlink(missing_ok=True)  # a pickle; run.json says the same
        loaded.processor.save_pretrained(lesson.out)
    points = read_journal(lesson.out / JOURNAL)
    names = [*FIGURES[lesson.kind], *(f"rewards/{name}/mean" for name in lesson.recipe.grpo.rewards)]
    card = card.model_copy(
        update={
            "steps": step,
            "seconds": round(journal.seconds, 1),
            "results": results({name: curve(points, name) for name in names}),
        }
    )
    if trainer.is_world_process_zero():
        weights.share(lesson.out)
        write_card(lesson.out, card)
    return card


class _Own:
    """What a trainer of rocot's does otherwise than TRL's."""

    model: object

    def create_model_card(self, *_: object, **__: object) -> None:
        """A state has none: TRL's knows nothing of what was trained."""

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: object = None) -> None:
        """The model came with the weights of its state; those of an adapter, or in another form, are loaded here."""
        if isinstance(self.model, PeftModel) or not weights.has_weights(Path(resume_from_checkpoint)):
            super()._load_from_checkpoint(resume_from_checkpoint, model)  # type: ignore[misc]  # a trainer's


class _Sft(_Own, SFTTrainer):
    """Of supervised fine-tuning."""


class _Grpo(_Own, GRPOTrainer):
    """Of reinforcement."""


def _step(state: Path | None) -> int:
    return 0 if state is None else int(state.name.rpartition("-")[2])


@contextmanager
def _told_if_full(out: Path) -> Iterator[None]:
    """Raises ConfigError for what fails as the disk is full, each library in a word of its own.

    And for a file that is longer than the shell or the file system lets one be.
    """
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        if LONG in str(error):
            what, then = "a file may not be so long there", "see to `ulimit -f`"
        elif shutil.disk_usage(out).free <= LITTLE:
            what, then = "the disk is full", "free some space"
        else:
            raise
        raise ConfigError(f"{out}: {what} ({str(error)[:200]}); {then}, and go on with --resume") from error


def _supervised(lesson: Lesson, loaded: Loaded, material: Material, heard: Sequence[TrainerCallback]) -> SFTTrainer:
    recipe = lesson.recipe
    rounds = {"num_train_epochs": 1, "train_sampling_strategy": "sequential"} if material.ordered else {}
    return _Sft(
        model=loaded.model,
        args=SFTConfig(**_common(lesson, recipe.sft) | rounds, max_length=None, completion_only_loss=True),
        train_dataset=material.rows,
        processing_class=loaded.processor,
        data_collator=StageAware(loaded.processor),
        peft_config=weights.lora(recipe, loaded),
        callbacks=list(heard),
    )


def _reinforced(lesson: Lesson, loaded: Loaded, material: Material, heard: Sequence[TrainerCallback]) -> GRPOTrainer:
    recipe, grpo = lesson.recipe, lesson.recipe.grpo
    vllm = {} if grpo.vllm == "off" else {"use_vllm": True, "vllm_mode": grpo.vllm}
    return _Grpo(
        model=loaded.model,
        reward_funcs=[reward(name, recipe.data.form, recipe.data.tags.plain) for name in grpo.rewards],
        args=GRPOConfig(
            **_common(lesson, grpo),
            **vllm,
            num_generations=grpo.generations,
            temperature=grpo.temperature,
            top_p=grpo.top_p,
            max_completion_length=grpo.longest,
            beta=grpo.beta,
            reward_weights=list(grpo.rewards.values()),
        ),
        train_dataset=material.rows,
        processing_class=loaded.processor,
        peft_config=weights.lora(recipe, loaded),
        callbacks=list(heard),
    )


def _common(lesson: Lesson, run: Run) -> dict[str, object]:
    """Arguments that both trainers take."""
    recipe, gpu = lesson.recipe, weights.on_gpu()
    return {
        "output_dir": str(lesson.out / STEPS),
        "learning_rate": run.learning_rate,
        "max_steps": run.steps or -1,
        "num_train_epochs": run.epochs,
        "per_device_train_batch_size": run.batch,
        "gradient_accumulation_steps": run.accumulate,
        "warmup_steps": run.warmup,
        "weight_decay": run.weight_decay,
        "lr_scheduler_type": run.schedule,
        "max_grad_norm": run.clip,
        "seed": recipe.seed,
        "bf16": recipe.bf16 and gpu,
        "use_cpu": not gpu,
        CHECKPOINTING: recipe.checkpointing,
        "save_steps": recipe.save_steps,
        "save_total_limit": 2,
        "logging_steps": 1,
        "disable_tqdm": True,
        "report_to": list(lesson.trackers) or "none",
        "remove_unused_columns": False,
        "dataloader_pin_memory": gpu,
    }


def _card(lesson: Lesson, loaded: Loaded, material: Material) -> RunCard:
    return RunCard(
        kind=lesson.kind,
        model=lesson.model,
        parameters=weights.parameters(loaded),
        recipe=lesson.recipe,
        recipe_digest=lesson.recipe.digest,
        taught=lesson.taught,
        counts=Counts(
            read=material.read,
            used=material.used,
            left_out=dict(material.left_out),
            masked=material.masked,
            tokens=material.tokens,
            longest=material.longest,
        ),
        versions={
            "rocot": __version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "trl": trl.__version__,
        },
        device=str(torch.cuda.get_device_name()) if weights.on_gpu() else f"CPU ({platform.machine()})",
    )

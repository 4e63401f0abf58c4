"""A student's training: supervised, then by rewards. TRL does it; here is what it is given, and what is left of it."""

import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rocot import __version__
from rocot.errors import ConfigError
from rocot.student import model as weights
from rocot.student.card import NAME as CARD
from rocot.student.card import Counts, RunCard, Taught, results, write_card
from rocot.student.collate import StageAware
from rocot.student.journal import NAME as JOURNAL
from rocot.student.journal import Journal, Told, curve, read_journal
from rocot.student.lengths import Lengths
from rocot.student.model import Loaded
from rocot.student.recipe import Run, Training
from rocot.student.rewards import reward
from rocot.student.rows import Material, lessons, prompts
from rocot.student.stack import (
    GRPOConfig,
    GRPOTrainer,
    PrinterCallback,
    SFTConfig,
    SFTTrainer,
    torch,
    transformers,
    trl,
)

STEPS = "steps"
"""In a checkpoint's folder, the states to resume from."""
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
    resume: bool = False
    trackers: tuple[str, ...] = ()
    """Names of trackers that transformers knows, besides the journal."""
    texts: Callable[[], Sequence[str]] = tuple
    """What the tokenizer of the tiny student learns from."""


def prepared(lesson: Lesson) -> tuple[Loaded, Material]:
    """The model and the rows. Raises ConfigError where either cannot be used."""
    check(lesson)
    lesson.out.mkdir(parents=True, exist_ok=True)
    loaded = weights.to_train(lesson.model, lesson.recipe, lesson.out, lesson.texts)
    lengths = Lengths(loaded.processor)
    if lesson.kind == "sft":
        return loaded, lessons(lesson.shards, lesson.recipe, lengths, lesson.right, lesson.cache)
    return loaded, prompts(lesson.shards, lesson.recipe, lengths, lesson.cache)


def check(lesson: Lesson) -> None:
    """Raises ConfigError for what cannot be trained so, before anything is made."""
    grpo = lesson.recipe.grpo
    if lesson.kind == "grpo" and grpo.batch * grpo.accumulate % grpo.generations:
        raise ConfigError(
            f"{lesson.recipe.name}: grpo.batch times grpo.accumulate must be a multiple of grpo.generations"
            f" (got {grpo.batch} x {grpo.accumulate}, {grpo.generations})"
        )
    if lesson.out.exists() and any(lesson.out.iterdir()) and not lesson.resume:
        raise ConfigError(f"{lesson.out}: is not empty; name another folder with --out, or go on with --resume")
    if lesson.resume and (lesson.out / CARD).is_file():
        raise ConfigError(f"{lesson.out}: is trained to its end; train without --resume, into another folder")
    if lesson.resume and not list((lesson.out / STEPS).glob("checkpoint-*")):
        raise ConfigError(f"{lesson.out}: no state to resume from; train without --resume")


def train(lesson: Lesson, loaded: Loaded, material: Material, told: Told) -> RunCard:
    """Trains, and writes the checkpoint with its card. Raises ConfigError."""
    card = _card(lesson, loaded, material)
    _same_as_before(lesson, card)
    started = time.monotonic()
    journal = Journal(lesson.out / JOURNAL, told)
    make = _supervised if lesson.kind == "sft" else _reinforced
    trainer = make(lesson, loaded, material, journal)
    trainer.remove_callback(PrinterCallback)  # the journal tells it
    trainer.train(resume_from_checkpoint=lesson.resume or None)
    trainer.save_model(str(lesson.out))
    loaded.processor.save_pretrained(lesson.out)
    points = read_journal(lesson.out / JOURNAL)
    names = [*FIGURES[lesson.kind], *(f"rewards/{name}/mean" for name in lesson.recipe.grpo.rewards)]
    card = card.model_copy(
        update={
            "steps": trainer.state.global_step,
            "seconds": round(time.monotonic() - started, 1),
            "results": results({name: curve(points, name) for name in names}),
        }
    )
    if trainer.is_world_process_zero():
        write_card(lesson.out, card)
    return card


def _supervised(lesson: Lesson, loaded: Loaded, material: Material, journal: Journal) -> SFTTrainer:
    recipe = lesson.recipe
    rounds = {"num_train_epochs": 1, "train_sampling_strategy": "sequential"} if material.ordered else {}
    return SFTTrainer(
        model=loaded.model,
        args=SFTConfig(**_common(lesson, recipe.sft) | rounds, max_length=None, completion_only_loss=True),
        train_dataset=material.rows,
        processing_class=loaded.processor,
        data_collator=StageAware(loaded.processor),
        peft_config=weights.lora(recipe),
        callbacks=[journal],
    )


def _reinforced(lesson: Lesson, loaded: Loaded, material: Material, journal: Journal) -> GRPOTrainer:
    recipe, grpo = lesson.recipe, lesson.recipe.grpo
    vllm = {} if grpo.vllm == "off" else {"use_vllm": True, "vllm_mode": grpo.vllm}
    return GRPOTrainer(
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
        peft_config=weights.lora(recipe),
        callbacks=[journal],
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


def _same_as_before(lesson: Lesson, card: RunCard) -> None:
    """Writes down what is trained, and on what; a training that is resumed must be the same. Raises ConfigError."""
    path = lesson.out / STEPS / "training.json"
    said = {"kind": card.kind, "model": card.model, "recipe": card.recipe_digest, "shards": list(card.taught.shards)}
    if lesson.resume:
        before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
        if before != said:
            raise ConfigError(f"{lesson.out}: was begun with another model, recipe or release; it cannot go on so")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")

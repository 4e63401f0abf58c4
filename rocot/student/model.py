"""A student's weights and its processor: built on the spot, from a folder, or by their name on a hub."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from rocot.errors import ConfigError
from rocot.student.recipe import Training
from rocot.student.stack import (
    AutoModelForImageTextToText,
    AutoProcessor,
    LoraConfig,
    PeftModel,
    torch,
)
from rocot.student.tiny import build

TINY = "tiny"
BASE = "base"
"""In a checkpoint, the weights that an adapter sits on, where they are found nowhere else."""
ADAPTER = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
SAFE = {"use_safetensors": True, "trust_remote_code": False}
"""No pickle is read, and no code that comes with weights is run, nor is anybody asked whether it should be."""


@dataclass(frozen=True)
class Loaded:
    """A model, and what makes its inputs."""

    model: AutoModelForImageTextToText
    processor: AutoProcessor


def on_gpu() -> bool:
    """Whether there is a GPU to train on."""
    return bool(torch.cuda.is_available())


def to_train(name: str, recipe: Training, out: Path, texts: Callable[[], Iterable[str]]) -> Loaded:
    """The model of that name, ready for training.

    `tiny` is built, with a tokenizer that learns from `texts`. An adapter is merged into its weights first, so that a
    second training may lay a new one over both. Raises ConfigError where there is no such model.
    """
    base = out / BASE
    if name == TINY:
        if not base.exists():
            build(base, texts(), recipe.seed)
        return load(str(base), recipe)
    loaded = load(name, recipe)
    if recipe.lora is not None and (Path(name) / ADAPTER).is_file():
        save(loaded, base)  # what the new adapter sits on is nowhere else
        return load(str(base), recipe)
    return loaded


def load(name: str, recipe: Training | None = None) -> Loaded:
    """The model, an adapter merged into its weights. Raises ConfigError where there is none."""
    folder = Path(name)
    light = on_gpu() and (recipe is None or (recipe.bf16 and recipe.lora is not None))
    how = SAFE | {"dtype": torch.bfloat16 if light else torch.float32}
    try:
        processor = AutoProcessor.from_pretrained(name, padding_side="left", trust_remote_code=False)
        if (folder / ADAPTER).is_file():
            _check_adapter(folder)
            own = folder / BASE
            adapter = PeftModel.from_pretrained(
                AutoModelForImageTextToText.from_pretrained(own if own.is_dir() else _base_of(folder), **how), name
            )
            return Loaded(adapter.merge_and_unload(), processor)
        return Loaded(AutoModelForImageTextToText.from_pretrained(name, **how), processor)
    except (OSError, ValueError) as error:
        said = str(error).strip().splitlines()[0][:200]
        raise ConfigError(f"--model {name}: no model with vision that transformers can load ({said})") from error


def _check_adapter(folder: Path) -> None:
    """PEFT would take a pickle where there are no safetensors, and cannot be told not to. Raises ConfigError."""
    if not (folder / ADAPTER_WEIGHTS).is_file():
        raise ConfigError(f"--model {folder}: it lacks {ADAPTER_WEIGHTS}; weights that are pickled are not read")


def _base_of(folder: Path) -> str:
    config = LoraConfig.from_pretrained(str(folder))
    return str(config.base_model_name_or_path)


def save(loaded: Loaded, folder: Path) -> None:
    """Writes weights and processor, as transformers loads them."""
    loaded.model.save_pretrained(folder)
    loaded.processor.save_pretrained(folder)


def lora(recipe: Training) -> LoraConfig | None:
    """The adapter of a recipe."""
    if recipe.lora is None:
        return None
    own = recipe.lora
    targets = own.targets[0] if own.targets == ("all-linear",) else list(own.targets)
    return LoraConfig(
        r=own.rank, lora_alpha=own.alpha, lora_dropout=own.dropout, target_modules=targets, task_type="CAUSAL_LM"
    )


def parameters(loaded: Loaded) -> int:
    """How many there are."""
    return sum(each.numel() for each in loaded.model.parameters())

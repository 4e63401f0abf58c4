"""A student's weights and its processor: built on the spot, from a folder, or by their name on a hub."""

import shutil
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
    SafetensorError,
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


def to_train(
    name: str, recipe: Training, out: Path, texts: Callable[[], Iterable[str]], state: Path | None = None
) -> Loaded:
    """The model of that name, ready for training, or as it was in a state of that training.

    `tiny` is built, with a tokenizer that learns from `texts`. An adapter is merged into its weights first, so that a
    second training may lay a new one over both. Raises ConfigError where there is no such model.
    """
    base = out / BASE
    if name == TINY:
        if state is None:
            fresh = out / f"{BASE}.part"
            for left in (fresh, base):  # of a training that was ended before its first state
                shutil.rmtree(left, ignore_errors=True)
            build(fresh, texts(), recipe.seed)
            fresh.rename(base)
        return load(str(base), recipe, state)
    loaded = load(name, recipe, state)
    if recipe.lora is not None and (Path(name) / ADAPTER).is_file():
        save(loaded, base)  # what the new adapter sits on is nowhere else
        return load(str(base), recipe)
    return loaded


def load(name: str, recipe: Training | None = None, state: Path | None = None) -> Loaded:
    """The model, an adapter merged into its weights. Raises ConfigError where there is none that is whole.

    With the weights of a state of its training, where they are all of the model's: transformers' trainer would look for
    them under the names that they have in memory, which are not those that they are saved under, and leave them out.
    """
    folder = Path(name)
    light = on_gpu() and (recipe is None or (recipe.bf16 and recipe.lora is not None))
    how = SAFE | {"dtype": torch.bfloat16 if light else torch.float32}
    try:
        processor = AutoProcessor.from_pretrained(name, padding_side="left", trust_remote_code=False)
        if (folder / ADAPTER).is_file():
            _check_adapter(folder)
            own = folder / BASE
            adapter = PeftModel.from_pretrained(_weights(own if own.is_dir() else _base_of(folder), how), name)
            model = adapter.merge_and_unload()
        elif state is not None and has_weights(state):
            model = _weights(state, how)
            model.config.name_or_path = name
        else:
            model = _weights(name, how)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise ConfigError(f"{name}: no model with vision that transformers can load ({said})") from error
    return Loaded(model, processor)


def has_weights(state: Path) -> bool:
    """Whether a state has all weights of its model, as transformers saves them; FSDP has a form of its own."""
    return any(state.glob("model*.safetensors"))


def _weights(place: Path | str, how: dict[str, object]) -> AutoModelForImageTextToText:
    """Of a folder, or of a name on a hub. Raises ValueError where some are missing, which would be drawn at random."""
    model, found = AutoModelForImageTextToText.from_pretrained(place, **how, output_loading_info=True)
    missing = sorted(found["missing_keys"])
    if missing:
        more = f" and {len(missing) - 1:,} more" if missing[1:] else ""
        raise ValueError(f"its files lack the weights {missing[0]}{more}")
    return model


def _check_adapter(folder: Path) -> None:
    """PEFT would take a pickle where there are no safetensors, and cannot be told not to. Raises ConfigError."""
    if not (folder / ADAPTER_WEIGHTS).is_file():
        raise ConfigError(f"{folder}: it lacks {ADAPTER_WEIGHTS}; weights that are pickled are not read")


def _base_of(folder: Path) -> str:
    config = LoraConfig.from_pretrained(str(folder))
    return str(config.base_model_name_or_path)


def save(loaded: Loaded, folder: Path) -> None:
    """Writes weights and processor, as transformers loads them."""
    loaded.model.save_pretrained(folder)
    loaded.processor.save_pretrained(folder)
    share(folder)


def share(folder: Path) -> None:
    """Lets whoever may read a model's settings read its weights, which safetensors writes for their owner alone."""
    for weights in folder.glob("*.safetensors"):
        weights.chmod(next(folder.glob("*.json")).stat().st_mode & 0o777)


def lora(recipe: Training, loaded: Loaded) -> LoraConfig | None:
    """The adapter of a recipe. Raises ConfigError where the model has no layer of a name that it is for."""
    if recipe.lora is None:
        return None
    own = recipe.lora
    every = own.targets == ("all-linear",)
    there = {name.rpartition(".")[2] for name, _ in loaded.model.named_modules()}
    for target in own.targets if not every else ():
        if target.rpartition(".")[2] not in there:
            linear = {name.rpartition(".")[2] for name, one in loaded.model.named_modules() if _is_linear(one)}
            raise ConfigError(
                f"{recipe.name}: lora.targets: the model has no layer {target!r}; it has {', '.join(sorted(linear))}"
            )
    targets = own.targets[0] if every else list(own.targets)
    return LoraConfig(
        r=own.rank, lora_alpha=own.alpha, lora_dropout=own.dropout, target_modules=targets, task_type="CAUSAL_LM"
    )


def _is_linear(layer: object) -> bool:
    return isinstance(layer, torch.nn.Linear)


def parameters(loaded: Loaded) -> int:
    """How many there are."""
    return sum(each.numel() for each in loaded.model.parameters())

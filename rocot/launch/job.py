"""What a launcher is asked to run: the parts of one recipe, the servers beside them, and where all of it lies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rocot import __version__
from rocot.assets import Prompts
from rocot.errors import ConfigError
from rocot.prices import VLLM
from rocot.recipe import Recipe, Role
from rocot.teacher.serving import OPENAI, command, served_name

PORT = 8000
"""Where a server listens that has an address of its own."""
PATIENCE = 3600
"""Seconds until every server must listen, and in which a pod tries to send the store that goes with it."""


@dataclass(frozen=True)
class Served:
    """A model that vLLM serves beside the parts."""

    words: tuple[str, ...]
    """The command, but for host and port."""
    roles: tuple[Role, ...]
    """Those that the recipe asks of it."""
    servers: int = 1
    gpus: int = 1
    """Of each server."""

    def listening(self, port: int) -> tuple[str, ...]:
        """The whole command of a server that other machines reach."""
        return (*self.words, "--host", "0.0.0.0", "--port", str(port))  # noqa: S104  # parts run elsewhere


@dataclass(frozen=True)
class Job:
    """The parts of a recipe, to be run wherever there is room. Paths are the same on all machines."""

    name: str
    """The release's."""
    recipe: str
    """A shipped one's name, or the file, absolute."""
    split: str
    parts: int
    backup: str
    """Below which the parts' stores are kept, and the release: a URL."""
    work: Path
    """A folder that all machines see, absolute: where the parts run."""
    at_once: int | None = None
    """Parts that run at the same time, at most."""
    cpus: int = 4
    """Of each part."""
    gpus: int = 0
    """Of each part, for a model in its process."""
    served: Served | None = None
    more: tuple[str, ...] = ()
    """Further options of `rocot generate`."""
    rocot: tuple[str, ...] = ("rocot",)
    """How rocot is called."""
    version: str = field(default=__version__)

    def __post_init__(self) -> None:
        """Raises ConfigError for what no line of a file can hold."""
        served = () if self.served is None else self.served.words
        named = {
            "--recipe": (self.recipe,),
            "--split": (self.split,),
            "--backup": (self.backup,),
            "--work": (str(self.work),),
            "--rocot": self.rocot,
            "--serve": served,
            "options after --": self.more,
        }
        check_printable(named)

    @property
    def generate(self) -> tuple[str, ...]:
        """What `rocot generate` is told in every part."""
        own = () if "--decoders" in self.more else ("--decoders", str(self.cpus))
        return ("generate", "--recipe", self.recipe, "--split", self.split, *own, *self.more)

    @property
    def finish(self) -> tuple[str, ...]:
        """What `rocot` is told once all parts are done."""
        return ("launch", "finish", "--parts", str(self.parts), "--backup", self.backup)


def check_printable(named: Mapping[str, Iterable[str]]) -> None:
    """Raises ConfigError for words with line breaks or other control characters: a shell or YAML would read on."""
    faults = [f"{name}: {word[:60]!r}" for name, words in named.items() for word in words if not word.isprintable()]
    if faults:
        raise ConfigError.listing("line breaks and control characters cannot stand in a job's file", faults)


def serving(model: str, recipe: Recipe, prompts: Prompts, *, servers: int, gpus: int) -> Served:
    """vLLM servers of a model for the roles that the recipe asks of it.

    Raises ConfigError where it asks none.
    """
    name = served_name(model, recipe)
    roles = tuple(role for role, who in recipe.asked.items() if who.model == f"{OPENAI}{name}")
    if not roles:
        asked = ", ".join(sorted({who.model for who in recipe.asked.values()}))
        raise ConfigError(
            f"--serve {model}: the recipe asks {asked}, and nothing of a server that serves {name};"
            f' name it in the recipe: model = "{OPENAI}{name}"'
        )
    words = command(model, recipe, prompts)
    if gpus > 1:
        words += ["--tensor-parallel-size", str(gpus)]
    return Served(tuple(words), roles, servers, gpus)


def gpus_of_a_part(recipe: Recipe, gpus: int | None) -> int:
    """GPUs that each part needs for models in its process; as many as asked for, one by default.

    Raises ConfigError where some are asked for and nothing would use them.
    """
    within = any(who.model.startswith(VLLM) for who in recipe.asked.values())
    if gpus and not within:
        raise ConfigError(
            "--gpus: no model of the recipe runs in the parts (vllm:...), and no server beside them (--serve)"
        )
    return (1 if gpus is None else gpus) if within else 0

"""Datasets of the Hub, as a command line names them: `org/name`, `org/name@v1.0.0`, `hub:org/name`."""

import re
from dataclasses import dataclass
from pathlib import Path

from rocot.cli.options import RUNS
from rocot.cli.runs import is_run
from rocot.errors import ConfigError

MAIN = "main"
PREFIX = "hub:"
FILES = (".jsonl", ".parquet")
"""What ends in these is a file, and no name."""
_NAMED = re.compile(r"(?P<name>(?P<owner>\w[\w.-]*)/\w[\w.-]*)(?:@(?P<revision>[\w./-]+))?", re.ASCII)


@dataclass(frozen=True)
class Named:
    """A dataset of the Hub, as it was named."""

    name: str
    revision: str
    """A branch, tag or commit."""

    def __str__(self) -> str:
        return f"{self.name}@{self.revision}"


def on_hub(said: Path | None) -> Named | None:
    """The dataset of the Hub that is meant, None where something here is.

    What lies here is meant, and so is all below a folder that is here, so that no mistyped path asks the Hub; what has
    an `@` besides names the Hub nevertheless, and `hub:` does in any case. Raises ConfigError where no name follows it.
    """
    if said is None:
        return None
    words = said.as_posix()
    found = _NAMED.fullmatch(words.removeprefix(PREFIX))
    if words.startswith(PREFIX):
        if found is None:
            raise ConfigError(f"{words[:100]}: names no dataset of the Hub; want hub:ORG/NAME or hub:ORG/NAME@REVISION")
    elif found is None or _here(said) or (found["revision"] is None and Path(found["owner"]).is_dir()):
        return None
    return Named(found["name"], found["revision"] or MAIN)


def _here(said: Path) -> bool:
    return said.exists() or is_run(RUNS / said) or said.suffix in FILES

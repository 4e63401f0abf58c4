"""Releases that a command reads wherever they lie: here, by path or a run's name, or on the Hub, by `org/name@tag`."""

import re
from dataclasses import dataclass
from pathlib import Path

from rocot.cli.options import RUNS
from rocot.cli.runs import is_run
from rocot.cli.validating import find_path

MAIN = "main"
_NAMED = re.compile(r"(?P<name>(?P<owner>\w[\w.-]*)/\w[\w.-]*)(?:@(?P<revision>.+))?", re.ASCII)


@dataclass(frozen=True)
class Named:
    """A dataset of the Hub, as it was named."""

    name: str
    revision: str
    """A branch, tag or commit."""

    def __str__(self) -> str:
        return f"{self.name}@{self.revision}"


@dataclass(frozen=True)
class Lent:
    """A release that can be read now."""

    path: Path
    name: str
    """How it was named."""


def on_hub(said: Path | None) -> Named | None:
    """The dataset of the Hub that is meant, None where something here is.

    What lies here is meant, and so is all below a folder that is here, so that no mistyped path asks the Hub; only what
    has an `@` besides names the Hub in any case.
    """
    if said is None or said.exists() or is_run(RUNS / said):
        return None
    found = _NAMED.fullmatch(str(said))
    if found is None or (found["revision"] is None and Path(found["owner"]).is_dir()):
        return None
    return Named(found["name"], found["revision"] or MAIN)


def lent(said: Path) -> Lent:
    """The release at a path, of a run, or of the Hub; that one is fetched into the client's cache, every byte checked.

    Raises ConfigError, HubError, StoreError.
    """
    there = on_hub(said)
    if there is None:
        path = find_path(said)
        return Lent(path, str(path))
    from rocot.cli.transfer import going  # they bring the Hub's client along
    from rocot.release.hub import Hub
    from rocot.release.remote import borrowed

    hub = Hub(there.name)
    with going("fetched", hub) as transfer:
        return Lent(borrowed(hub, there.revision, transfer), str(there))

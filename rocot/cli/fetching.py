"""Releases by their name on the Hub: fetched into the cache, every byte checked, and then read as any other."""

import re
from pathlib import Path

from rocot.cli.options import RUNS
from rocot.cli.runs import is_run
from rocot.cli.screen import aside, size
from rocot.cli.transfer import going
from rocot.errors import ConfigError
from rocot.release.hub import Hub
from rocot.release.pull import pull

PREFIX = "hub:"
FOLDER = "releases"
"""In the cache."""
FILES = (".jsonl", ".parquet")
"""What is no name on the Hub."""
_NAME = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(@(?P<revision>[\w./-]+))?")


def local(named: Path, cache: Path) -> Path:
    """Where a release lies: a path, or a run's name, as it is; one that is named by the Hub's, where it was fetched to.

    `hub:org/name` and `hub:org/name@v1.0.0` are the Hub's, and so is `org/name` where there is no folder `org` here.
    Raises ConfigError, HubError, StoreError.
    """
    said = named.as_posix()
    here = named.parent.is_dir() or is_run(RUNS / named) or named.suffix in FILES
    meant = _NAME.fullmatch(said.removeprefix(PREFIX))
    if meant is None and said.startswith(PREFIX):
        raise ConfigError(f"{said[:100]}: names no dataset of the Hub; want hub:ORG/NAME or hub:ORG/NAME@REVISION")
    if meant is None or (here and not said.startswith(PREFIX)):
        return named
    name, revision = meant["name"], meant["revision"] or "main"
    # Beside it lie its frames, once they were made again.
    to = cache / FOLDER / f"{name}@{revision}".replace("/", "--") / "release"
    to.parent.mkdir(parents=True, exist_ok=True)
    hub = Hub(name)
    with going("fetched", hub) as transfer:
        done = pull(hub, to, transfer, revision)
    about = f"{done.manifest.release} {done.manifest.version}, commit {done.commit[:7]} of {name}"
    aside().print(f"{about}: {size(done.size)}, of which {size(done.fetched)} fetched, in {to}")
    return to

"""Releases by their name on the Hub: fetched into the cache, every byte checked, and then read as any other."""

from pathlib import Path

from rocot.cli.naming import on_hub
from rocot.cli.screen import aside, size
from rocot.cli.transfer import going
from rocot.release.hub import Hub
from rocot.release.pull import pull

FOLDER = "releases"
"""In the cache."""


def local(named: Path, cache: Path) -> Path:
    """Where a release lies: a path, or a run's name, as it is; one that is named by the Hub's, where it was fetched to.

    Raises ConfigError, HubError, StoreError.
    """
    there = on_hub(named)
    if there is None:
        return named
    # Beside it lie its frames, once they were made again.
    to = cache / FOLDER / str(there).replace("/", "--") / "release"
    to.parent.mkdir(parents=True, exist_ok=True)
    hub = Hub(there.name)
    with going("fetched", hub) as transfer:
        done = pull(hub, to, transfer, there.revision)
    about = f"{done.manifest.release} {done.manifest.version}, commit {done.commit[:7]} of {there.name}"
    aside().print(f"{about}: {size(done.size)}, of which {size(done.fetched)} fetched, in {to}")
    return to

"""Releases that a command reads wherever they lie: here, by path or a run's name, or on the Hub, by `org/name@tag`."""

from dataclasses import dataclass
from pathlib import Path

from rocot.cli.naming import on_hub
from rocot.cli.validating import find_path


@dataclass(frozen=True)
class Lent:
    """A release that can be read now."""

    path: Path
    name: str
    """How it was named."""


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

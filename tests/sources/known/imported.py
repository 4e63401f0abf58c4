"""A folder of annotation files as the manifest that an import makes of it."""

from collections.abc import Mapping
from pathlib import Path

from rocot.sources.known.dataset import known
from rocot.sources.known.files import Files
from rocot.sources.known.importing import annotated, manifest
from rocot.sources.known.settle import Found
from rocot.sources.manifest.entry import Entry
from rocot.sources.manifest.file import Manifest


def imported(name: str, folder: Path, found: Mapping[str, Found] | None = None) -> Manifest:
    about, files = known(name), Files(folder)
    return manifest(about, files, annotated(about, files), found)


def entries(name: str, folder: Path, found: Mapping[str, Found] | None = None) -> dict[str, Entry]:
    """By id; what stands in two splits is there once."""
    return {entry.id: entry for entry in imported(name, folder, found).entries}


def video(fps: float, frames: int) -> Found:
    """What is read from a video of that many frames."""
    return Found(path="v.mp4", fps=fps, frames=frames, duration=frames / fps, mark="m", sha256="s", hashes=())


def seconds(entry: Entry) -> list[tuple[float, float]]:
    assert entry.spans is not None
    return [(round(span.start, 6), round(span.end, 6)) for span in entry.spans]

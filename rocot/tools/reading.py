"""What reads videos and samples their frames."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from rocot.errors import ConfigError
from rocot.machine import Machine
from rocot.recipe import FramesRecipe
from rocot.video.protocol import Look

if TYPE_CHECKING:
    from rocot.sources.footage import Footage
    from rocot.storage.mirror import Mirrors
    from rocot.video.frames import Frames
    from rocot.video.isolated import Isolated, Limits


@contextmanager
def sampler(recipe: FramesRecipe, machine: Machine) -> Iterator["Frames"]:
    """What reads frames, and keeps them in the cache."""
    from rocot.engine.blobs import Blobs
    from rocot.video.frames import Frames

    look = Look(height=recipe.height, quality=recipe.quality)
    blobs = Blobs(machine.cache / "frames", quota=int(machine.cache_quota * 1e9))
    isolated = reader(recipe, machine)
    with closing(Frames(isolated, blobs, look, machine.decoders, mirrors(machine.cache).bring)) as frames:
        try:
            yield frames
        finally:  # what is still decoding is asked for by nobody, and may take its whole deadline
            frames.drop()
            isolated.close()


def footage(videos: Path | str, machine: Machine) -> "Footage":
    """The files of a folder of videos, or of one at a URL. Raises StorageError for a URL that cannot be used."""
    from rocot.sources.footage import Here, There

    return Here(videos) if isinstance(videos, Path) else There(mirrors(machine.cache).of(videos))


@cache
def mirrors(folder: Path) -> "Mirrors":
    """What has come from URLs, in the cache; one for sources and samplers, as what they list is asked once."""
    from rocot.storage.mirror import Mirrors

    return Mirrors(folder / "videos")


def reader(recipe: FramesRecipe, machine: Machine) -> "Isolated":
    """The frame reader of that name, in processes that sources and samplers share; the first call starts them.

    Raises ConfigError for `decord` where it is not installed.
    """
    from rocot.video.isolated import Limits

    if recipe.reader == "decord" and find_spec("decord") is None:
        raise ConfigError(
            'frames.reader: decord is not installed, and has wheels for Linux on x86-64 alone; take reader = "av"'
        )
    limits = Limits(deadline=machine.decode_deadline, memory=int(machine.decode_memory * 1e9), workers=machine.decoders)
    return _isolated(recipe.reader, limits)


@cache
def _isolated(name: str, limits: "Limits") -> "Isolated":
    from rocot.video.isolated import Isolated

    return Isolated(name, limits)

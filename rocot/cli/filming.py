"""From the options to the videos and the pixels of a release: what `hydrate` and `export` work with."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Literal

from pydantic import ValidationError

from rocot.cli.gauge import gauge
from rocot.engine.blobs import Blobs
from rocot.engine.reader import StoreReader
from rocot.errors import ConfigError, VideoError
from rocot.machine import Machine
from rocot.recipe import FramesRecipe, Recipe, Scenes, placed
from rocot.release.album import Album
from rocot.release.find import Found
from rocot.release.find import find as look_at
from rocot.release.manifest import Manifest
from rocot.release.origins import origins
from rocot.release.pixels import Pixels
from rocot.release.places import Places, places
from rocot.release.rights import Origin, shipped, terms
from rocot.sources.listing import root_of
from rocot.sources.names import printable
from rocot.sources.scenes.again import ScenesAgain
from rocot.sources.scenes.render import renderers
from rocot.tools.reading import footage, reader
from rocot.video.hydrate import Hydrator
from rocot.video.isolated import Isolated
from rocot.video.protocol import Look

READERS: tuple[Literal["av", "decord"], ...] = ("av", "decord")


@dataclass(frozen=True)
class Held:
    """A release that is whole, and where its videos may lie."""

    root: Path
    """The release's own folder."""
    manifest: Manifest
    folders: Mapping[str, Sequence[Path | str]]
    """Of videos, or their URLs, by source: those of the run's recipe that are there."""


def held(path: Path) -> Held:
    """The release of a run, or the one in a folder. Raises ConfigError where there is none, or it is damaged."""
    found = look_at(path)
    if found.manifest is None or found.problems:
        faults = [f"{problem.where}: {problem.what}" for problem in found.problems]
        raise ConfigError(
            "\n".join([f"{path}: no release, or a damaged one", *(f"  {fault}" for fault in faults[:20])])
        )
    return Held(found.root, found.manifest, _folders(found))


def _folders(found: Found) -> dict[str, list[Path | str]]:
    """Where the run's recipe has its videos; nothing of a release that came from elsewhere."""
    if found.kind != "run":
        return {}
    with StoreReader(found.root.parent, touch=False) as store:
        last = store.recipe()
    try:
        recipe = None if last is None else Recipe.model_validate_json(last.recipe)
    except ValidationError:
        recipe = None
    return {} if recipe is None else folders_of(recipe)


def folders_of(recipe: Recipe) -> dict[str, list[Path | str]]:
    """The folders of a recipe's videos that are there, and their URLs, by source."""
    made: dict[str, list[Path | str]] = {}
    for source in recipe.sources:
        if not isinstance(source, Scenes) and (isinstance(source.videos, str) or source.videos.is_dir()):
            made.setdefault(source.name, []).append(source.videos)
    return made


def named(videos: Sequence[str], sources: Sequence[Origin]) -> dict[str, list[Path | str]]:
    """What `--videos` names: `source=folder`, or a folder for all sources; each may be a URL.

    Raises ConfigError for another source, and for a folder that is not there, also where nobody needs it.
    """
    known = {source.name for source in sources}
    rendered = {source.name for source in sources if source.kind == "scenes"}
    made: dict[str, list[Path | str]] = {}
    for said in videos:
        name, equals, folder = said.partition("=")
        if equals and name in known:
            made.setdefault(name, []).append(_place(folder))
        elif equals and "/" not in name and not Path(said).exists():
            there = ", ".join(map(printable, sorted(known)))  # names that the release's author chose
            raise ConfigError(f"--videos: {name[:60]!r} is no source of the release; it has {there}")
        else:
            place = _place(said)
            for own in known - rendered:
                made.setdefault(own, []).append(place)
    return made


def _place(said: str) -> Path | str:
    """A folder that is there, or a URL. Raises ConfigError."""
    try:
        place = placed(said)
    except ValueError as error:
        raise ConfigError(f"--videos: {error}") from error
    if isinstance(place, Path):
        root_of(place)
    return place


@contextmanager
def videos_of(
    sources: Sequence[Origin], folders: Mapping[str, Sequence[Path | str]], machine: Machine
) -> Iterator[dict[str, Places]]:
    """Where the videos are, by source; scenes that are missing are rendered. Raises ConfigError for a bad folder."""
    rendering = renderers(machine.decoders)
    try:
        made = {
            source.name: ScenesAgain(machine.cache / "scenes", source.seed or 0, rendering)
            for source in sources
            if source.kind == "scenes"
        }
        lie = {name: [footage(one, machine) for one in named] for name, named in folders.items()}
        yield places(lie, made)
    finally:
        rendering.shutdown(cancel_futures=True)


@contextmanager
def album_of(
    frames: FramesRecipe, videos: Mapping[str, Places], machine: Machine, *, nearly: bool = False
) -> Iterator[Album]:
    """What fills rows with pixels: from the cache, else from the videos, decoded in processes of their own."""
    look = Look(height=frames.height, quality=frames.quality)
    blobs = Blobs(machine.cache / "frames", quota=int(machine.cache_quota * 1e9))
    opened: dict[str, Isolated] = {}
    lock = Lock()

    def hydrator(name: str) -> Hydrator:
        named = next((known for known in READERS if known == name), None)
        if named is None:
            raise VideoError("unknown reader", f"the frames were decoded by {name[:40]!r}, which this rocot has not")
        with lock:
            if name not in opened:
                opened[name] = reader(FramesRecipe(reader=named), machine)
        return Hydrator(opened[name], blobs, look, nearly=nearly)

    try:
        yield Album(videos, hydrator, machine.decoders)
    finally:
        for one in opened.values():
            one.close()


@contextmanager
def pixels_of(recipe: Recipe, videos: Sequence[str], statement: str | None, machine: Machine) -> Iterator[Pixels]:
    """The frames of a run, where its sources' terms let them be given on, or somebody states to have the rights.

    Raises ConfigError where there is no such ground, and for a folder of videos that is none.
    """
    sources = origins(recipe)
    ground = shipped(terms(sources), statement)
    folders = {**folders_of(recipe), **named(videos, sources)}
    rows = 0
    with (
        videos_of(sources, folders, machine) as found,
        album_of(recipe.frames, found, machine) as album,
        gauge("rows with frames") as tell,
    ):

        def told(more: int) -> None:
            nonlocal rows
            rows += more
            tell(rows, None)

        yield Pixels(album, ground, told)

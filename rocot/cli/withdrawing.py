"""What `rocot withdraw` does and prints."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from shutil import rmtree

from pydantic import ValidationError
from rich.console import Console

from rocot.cli.exporting import export_split
from rocot.cli.runs import Run, reading, remembering
from rocot.cli.screen import out
from rocot.core.withdrawal import MOST_REASON, Withdrawn
from rocot.engine.blobs import Blobs
from rocot.engine.purge import purge
from rocot.engine.reader import StoreReader
from rocot.engine.store import Store
from rocot.errors import ConfigError, StorageError, StoreError
from rocot.machine import Machine, default_cache
from rocot.recipe import Recipe
from rocot.recipe_file import load_recipe, spelt, write_withdrawn
from rocot.release.export import FOLDER
from rocot.release.manifest import Manifest, read_manifest
from rocot.release.pixels import Pixels

_MAKERS = {"hydrated": "hydrate", "exports": "export --format"}
"""What a run's folder may hold that was made from its release, and what makes it."""
_CLIPS = """
SELECT id, record ->> 'source' || '/' || (record ->> 'video'), record ->> 'mark' FROM clip
WHERE json_valid(record) AND (id IN (SELECT value FROM json_each(?1))
    OR record ->> 'source' || '/' || (record ->> 'video') IN (SELECT value FROM json_each(?1))
    OR record ->> 'mark' IN (SELECT value FROM json_each(?2)))
"""
_VIDEOS = """
SELECT DISTINCT record ->> 'source' || '/' || (record ->> 'video') AS video FROM clip
WHERE json_valid(record) ORDER BY video LIMIT 20000
"""


@dataclass(frozen=True)
class Withdrawal:
    """What is asked of one call of the command."""

    folder: Path
    ids: tuple[str, ...]
    reason: str
    recipe: Path | None
    purge: bool
    ahead: bool
    """Whether what the run has no clip of is meant all the same."""


@dataclass(frozen=True)
class _Clip:
    id: str
    video: str
    """`<source>/<video>`."""
    mark: str


def print_withdrawn(asked: Withdrawal) -> int:
    """Notes it, deletes where that is asked, and writes the release anew. Returns the exit code.

    Raises ConfigError, StoreError.
    """
    new = _tombstones(asked.ids, asked.reason)
    console = out()
    with StoreReader(asked.folder) as store:
        clips = _clips(store, asked.ids)
        known = {name for clip in clips for name in (clip.id, clip.video)} | _before(store)
        unknown = [name for name in asked.ids if name not in known]
        if unknown and not asked.ahead:
            raise _refusal(asked.folder, store, unknown)
        copies = _copies(store, clips, asked.ids)
    same = tuple(dict.fromkeys(clip.video for clip in copies))
    new = (*new, *_tombstones(same, asked.reason))
    if asked.recipe is not None:
        _check_sources(asked.recipe, new)
        write_withdrawn(asked.recipe, new)
    _note(asked.folder, new)
    for one in new:
        console.print(f"withdrawn: {one.id}")
    for video in same:
        console.print(f"  {video} is the same file, and goes with it")
    for name in unknown:
        console.print(f"  the run has no clip of {name}: it is left out once it comes")
    _export(console, asked.folder)
    if asked.purge:
        _purge(console, asked.folder, [clip.id for clip in (*clips, *copies)])
    else:
        _name_copies(console, asked.folder)
    if asked.recipe is None:
        console.print("\nThe run remembers it. For runs elsewhere add this to the recipe's file (--recipe does):")
        console.print("\n".join(map(spelt, new)), markup=False, end="")
    return 0


def _tombstones(ids: Sequence[str], reason: str) -> tuple[Withdrawn, ...]:
    if len(reason) > MOST_REASON or not reason.isprintable():
        raise ConfigError(f"--reason: want one line of at most {MOST_REASON} characters")
    try:
        return tuple(Withdrawn(id=name, reason=reason) for name in dict.fromkeys(ids))
    except ValidationError as error:
        raise ConfigError("ID: want source/video or a clip, 1 to 500 characters") from error


def _check_sources(recipe: Path, new: Sequence[Withdrawn]) -> None:
    """Raises ConfigError for a recipe that has nothing to do with what is withdrawn."""
    known = [source.name for source in load_recipe(str(recipe)).sources]
    strange = [one.id for one in new if one.id.partition("/")[0] not in known]
    if strange:
        raise ConfigError(
            f"--recipe {recipe}: has no source of {', '.join(strange)} (it has {', '.join(known)});"
            " nothing is withdrawn"
        )


def _clips(store: StoreReader, ids: Sequence[str], marks: Sequence[str] = ()) -> list[_Clip]:
    return store.rows(_Clip, f"{_CLIPS} ORDER BY id", (json.dumps(ids), json.dumps(marks)))


def _copies(store: StoreReader, clips: Sequence[_Clip], ids: Sequence[str]) -> list[_Clip]:
    """Clips of other videos whose files have the content of one that goes whole; one clip takes no copy along."""
    marks = sorted({clip.mark for clip in clips if clip.video in ids or clip.id == clip.video})
    known = {clip.id for clip in clips}
    videos = {clip.video for clip in clips}
    return [clip for clip in _clips(store, (), marks) if clip.id not in known and clip.video not in videos]


def _before(store: StoreReader) -> frozenset[str]:
    """What was withdrawn from the run before; its clips may have been purged."""
    last = store.recipe()
    return frozenset(one["id"] for one in json.loads(last.recipe).get("withdrawn", ())) if last else frozenset()


def _refusal(folder: Path, store: StoreReader, unknown: Sequence[str]) -> ConfigError:
    """What is said of ids that the run does not know, with those that may be meant."""
    videos = store.rows(str, _VIDEOS)
    clips = store.rows(str, "SELECT id FROM clip ORDER BY id LIMIT 20000")
    ids = list(dict.fromkeys((*videos, *clips)))  # the clip of a whole video has the video's name
    meant = [(name, get_close_matches(name, ids, n=3)) for name in unknown]
    told = "; ".join(name + (f" (did you mean {' or '.join(close)}?)" if close else "") for name, close in meant)
    return ConfigError(
        f"{folder} has no clip of {told}. Nothing is withdrawn, as it cannot be taken back; with --ahead what the run"
        " has not yet is left out once it comes"
    )


def _note(folder: Path, new: Sequence[Withdrawn]) -> None:
    """Has the run remember them, in the recipe that it was made with last. Raises ConfigError, StoreError."""
    with Store(folder) as store:
        last = store.recipe()
        if last is None:
            raise ConfigError(f"{folder}: a run that was never started; run `rocot generate` first")
        try:
            recipe = remembering(Recipe.model_validate_json(last.recipe), store)
        except ValidationError as error:
            raise ConfigError(f"{folder}: made by another version of rocot; run `rocot generate` first") from error
        more = tuple(one for one in new if one.id not in recipe.withdrawn_ids)
        changed = recipe.model_copy(update={"withdrawn": (*recipe.withdrawn, *more)})
        asyncio.run(store.add_recipe(last.fingerprint, changed.model_dump_json()))


def _purge(console: Console, folder: Path, clips: Sequence[str]) -> None:
    gone = purge(folder, clips, Blobs(default_cache() / "frames").remove)
    console.print(
        f"deleted: {gone.clips:,} clips, {gone.replies:,} replies, {gone.results:,} results of stages,"
        f" {gone.frames:,} cached frames"
    )
    for path in _copies_in(folder):
        try:
            rmtree(path)
        except OSError as error:  # a link, too
            raise StoreError(f"{path}: cannot be deleted ({error.strerror or error}); delete it yourself") from error
        console.print(f"deleted: {path}, which `rocot {_MAKERS[path.name]}` makes again")
    console.print(
        "Copies made with --to, backups, pages of `rocot report`, videos fetched from a URL, and what was published"
        " before are beyond it (docs/versions.md)."
    )


def _name_copies(console: Console, folder: Path) -> None:
    """Tells of what was made from the release before, and holds what was withdrawn."""
    for path in _copies_in(folder):
        console.print(f"{path} was made before this: make it again (`rocot {_MAKERS[path.name]}`), or delete it")


def _copies_in(folder: Path) -> list[Path]:
    return [folder / name for name in _MAKERS if (folder / name).is_dir()]


def _export(console: Console, folder: Path) -> None:
    """Writes every split of the run's release again, where it has one, with its controls and its frames."""
    made = read_manifest(folder / FOLDER)
    if made is None:
        return
    with reading(folder) as run:
        if made.pixels is None:
            _write(console, run, made, None)
            return
        from rocot.cli.filming import pixels_of  # it brings the drawing of scenes along

        machine = Machine(run=run.folder, cache=default_cache())
        try:
            with pixels_of(run.recipe, (), made.pixels.rights or None, machine) as pixels:
                _write(console, run, made, pixels)
        except (ConfigError, StorageError) as error:  # what is withdrawn goes all the same
            console.print(f"its frames cannot be had: {error}")
            console.print("so it goes without; rocot export --with-frames puts them in again")
            _write(console, run, made, None)


def _write(console: Console, run: Run, made: Manifest, pixels: Pixels | None) -> None:
    for split, entry in sorted(made.splits.items()):
        controls = entry.controls is not None
        told = export_split(run.folder, run.store, run.recipe, run.plan, split, controls=controls, pixels=pixels)
        console.print(f"split {split} written anew: {told.entry.rows:,} rows, {told.withdrawn:,} left out")

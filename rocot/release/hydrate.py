"""A copy of a release with its pictures, made where the videos are: what a trainer reads.

    <to>/
        sft/<split>-00000-of-0000N.parquet    the rows of the release, with a column `images`
        rft/...
        frames/ab/<digest>.jpg                in their place, where files are wished for
        README.md                             by which `load_dataset(<to>, "sft")` finds them
        hydrated.json                         what was made of which shards, and what could not be

A part, one split of one config, is whole or not there. Frames that were checked lie in the frame cache, so that a part
which was interrupted costs no video twice.
"""

import fcntl
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from pydantic import Field, ValidationError

from rocot.core.record import Record
from rocot.errors import ConfigError, StoreError, VideoError
from rocot.release.album import Album, Filled, Page, batches, pages
from rocot.release.configs import config_of, glob_of, split_names
from rocot.release.lines import write_once
from rocot.release.manifest import damage
from rocot.release.parts import Part
from rocot.release.pictured import pictured, pictured_schema, write_pictured
from rocot.release.shards import Written, opened, written

NAME = "hydrated.json"
FRAMES = "frames"
"""The folder of pictures in files."""


class Missing(Record):
    """Rows of a clip whose frames could not be had."""

    part: str
    source: str
    video: str
    clip: str
    reason: str
    """A short name to count by."""
    detail: str
    rows: int


class Copied(Record):
    """One split of one config, made."""

    shards: tuple[str, ...]
    """sha256 of the shards that it was made of."""
    rows: int
    """That have their pictures."""
    frames: int
    """Pictures in them."""
    nearly: int
    """Of these, those with other bytes than the record says, taken because that was wished for."""
    files: tuple[Written, ...]
    """Empty where pictures went into files of their own."""
    missing: tuple[Missing, ...]


class Hydration(Record):
    """What a folder holds: hydrated.json."""

    release: str
    version: str
    fingerprint: str
    nearly: bool
    """Whether frames with other bytes were taken."""
    parts: dict[str, Copied] = Field(default_factory=dict)
    """By config and split: `sft/train`."""

    def same_release(self, other: "Hydration") -> bool:
        """Whether both are of one release."""
        return (self.release, self.version, self.fingerprint) == (other.release, other.version, other.fingerprint)


@dataclass
class _Tally:
    part: str
    rows: int = 0
    frames: int = 0
    nearly: int = 0

    def __post_init__(self) -> None:
        self.missing: list[Missing] = []

    def counted(self, filled: Iterator[Filled], told: Callable[[int], None]) -> Iterator[Filled]:
        """Counts what streams by; `told` hears of each page's rows."""
        for one in filled:
            if isinstance(one.found, VideoError):
                self._miss(one.page, one.found)
            else:
                frames = [frame.digest for shot in one.page.shots for frame in shot.frames]
                self.rows += len(one.page.shots)
                self.frames += len(frames)
                self.nearly += sum(digest in one.found.nearly for digest in frames)
            yield one
            told(len(one.page.shots))

    def _miss(self, page: Page, fault: VideoError) -> None:
        shot = page.shots[0]
        self.missing.append(
            Missing(
                part=self.part,
                source=shot.source,
                video=shot.video,
                clip=shot.clip,
                reason=fault.reason,
                detail=fault.detail,
                rows=len(page.shots),
            )
        )

    def copied(self, part: Part, files: Sequence[Written]) -> Copied:
        """What came of it."""
        return Copied(
            shards=tuple(file.sha256 for file in part.files),
            rows=self.rows,
            frames=self.frames,
            nearly=self.nearly,
            files=tuple(files),
            missing=tuple(self.missing),
        )


@contextmanager
def alone(to: Path) -> Iterator[None]:
    """Holds the folder against other processes that would write into it. Raises ConfigError where one does.

    The lock dies with its process. It lies beside the folder, which is made by what is written into it.
    """
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        lock = to.with_name(f".{to.name}.lock").open("w")
    except OSError as error:
        raise StoreError(_unwritable(to, error)) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(f"{to}: another process is writing there; wait for it, or name another folder") from error
        yield


def begun(to: Path, blank: Hydration) -> Hydration:
    """What the folder holds already; `blank` where it holds nothing.

    Raises ConfigError where it holds another release, or other things than a copy.
    """
    path = to / NAME
    if not path.is_file():
        if to.exists() and (not to.is_dir() or any(not one.name.startswith(".") for one in to.iterdir())):
            raise ConfigError(f"{to}: holds other things than a copy of a release; name another folder with --to")
        return blank
    try:
        found = Hydration.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, ValidationError) as error:
        raise ConfigError(f"{path}: cannot be read; delete {to}, or name another folder with --to") from error
    if not found.same_release(blank):
        raise ConfigError(
            f"{to}: holds {found.release} {found.version}, and of another make than {blank.release} {blank.version};"
            " delete it, or name another folder with --to"
        )
    return found if found.nearly == blank.nearly else blank


def done(to: Path, part: Part, found: Hydration) -> Copied | None:
    """What was made of a part, where nothing is left to do."""
    made = found.parts.get(part.name)
    if made is None or made.missing or made.shards != tuple(file.sha256 for file in part.files) or not made.files:
        return None
    return None if any(damage(to, file) for file in made.files) else made


def copy_rows(release: Path, part: Part, to: Path, album: Album, told: Callable[[int], None]) -> Copied:
    """The part's rows with pictures, as Parquet. Raises StoreError where they cannot be written."""
    tally = _Tally(part.name)
    schema = pq.read_schema(release / part.files[0].path)
    filled = tally.counted(album.filled(_pages(release, part)), told)
    with_pictures = pictured(filled, schema, lambda _: None)
    try:
        paths = write_pictured(to / part.folder, part.split, with_pictures, pictured_schema(schema))
        return tally.copied(part, [written(path, to) for path in paths])
    except OSError as error:
        raise StoreError(_unwritable(to, error)) from error


def copy_pictures(release: Path, part: Part, to: Path, album: Album, told: Callable[[int], None]) -> Copied:
    """The part's pictures as files, `frames/ab/<digest>.jpg`. Raises StoreError where they cannot be written."""
    tally = _Tally(part.name)
    try:
        for one in tally.counted(album.filled(_pages(release, part)), told):
            if not isinstance(one.found, VideoError):
                for digest, picture in one.found.pictures.items():
                    write_once(to / picture_path(digest), picture)
    except OSError as error:
        raise StoreError(_unwritable(to, error)) from error
    return tally.copied(part, ())


def picture_path(digest: str) -> str:
    """Where the picture of a digest lies in a copy."""
    return f"{FRAMES}/{digest[:2]}/{digest}.jpg"


def write_hydration(to: Path, made: Hydration, splits: Iterable[str]) -> None:
    """Writes hydrated.json, and the README of what is there, each whole or not at all. Raises StoreError.

    `splits` are those of the release, whose card calls them as the README does.
    """
    try:
        write_once(to / "README.md", _readme(made, splits).encode(), renew=True)
        write_once(to / NAME, (made.model_dump_json(indent=2) + "\n").encode(), renew=True)
    except OSError as error:
        raise StoreError(_unwritable(to, error)) from error


def _pages(release: Path, part: Part) -> Iterator[Page]:
    for file in part.files:
        with opened(release / file.path) as shard:
            yield from pages(batches(shard), file.path)


def _unwritable(to: Path, error: OSError) -> str:
    return f"{to}: cannot be written ({error.strerror or error}); make room, or name another folder with --to"


def _readme(made: Hydration, splits: Iterable[str]) -> str:
    """With what `load_dataset` wants to know, in the order of the parts. It loads none without rows."""
    names = split_names({*splits, *(name.rpartition("/")[2] for name in made.parts)})
    configs: dict[str, dict[str, list[str]]] = {}
    for name, part in made.parts.items():
        folder, _, split = name.rpartition("/")
        if part.files and part.rows:
            configs.setdefault(config_of(folder) or folder, {}).setdefault(names[split], []).append(
                glob_of(folder, split)
            )
    told = [
        {"config_name": config, "data_files": [{"split": split, "path": paths} for split, paths in globs.items()]}
        for config, globs in configs.items()
    ]
    head = f"---\nconfigs: {json.dumps(told)}\n---\n" if told else ""  # JSON is YAML
    return (
        f"{head}\n# {made.release} {made.version}, with frames\n\n"
        "Made on this machine from its own copies of the videos by `rocot hydrate`; hydrated.json tells what is here."
        " The frames are the videos' owners': do not pass this folder on unless their terms let you.\n"
    )

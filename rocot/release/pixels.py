"""Frames in a release itself: the configs for training with a column `images`, where somebody has the right to that."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rocot.arrow import columns_digest, schema_of
from rocot.core.record import Record
from rocot.errors import ConfigError
from rocot.release.album import Album, Filled, batches, pages
from rocot.release.configs import KINDS, Config
from rocot.release.manifest import Columns, SplitEntry
from rocot.release.parts import shards_in
from rocot.release.pictured import pictured, pictured_schema, write_pictured
from rocot.release.rights import Shipped
from rocot.release.shards import Written, opened, written

CONFIGS: tuple[Config, ...] = ("sft", "rft", "controls")
"""What a trainer reads."""
SHOWN = 10
"""Clips without pixels that are named."""


@dataclass(frozen=True)
class Pixels:
    """The frames of a run, and on what ground they are given on."""

    album: Album
    ground: Shipped
    told: Callable[[int], None] = lambda _: None
    """Hears of rows that have their pictures, a few at a time."""

    def put_in(self, folder: Path, split: str, entry: SplitEntry, *, shard_bytes: int) -> SplitEntry:
        """Writes the split's shards for training again, with pictures; gives what the manifest says of them then.

        Raises ConfigError where a frame cannot be had: a release has the pictures of all its rows, or none.
        """
        made = {
            place: self._again(folder, place, split, KINDS[config], files, shard_bytes)
            for config in CONFIGS
            for place, files in shards_in(entry, config).items()
        }
        entry = entry.model_copy(update={"sft": made["sft"], "rft": made["rft"]})
        if entry.controls is None:
            return entry
        controls = {
            name: one.model_copy(update={"files": made[f"controls/{name}"]})
            for name, one in (("plain", entry.controls.plain), ("two_pass", entry.controls.two_pass))
        }
        return entry.model_copy(update={"controls": entry.controls.model_copy(update=controls)})

    def _again(  # noqa: PLR0913, PLR0917 - a part of a release, in full
        self, folder: Path, place: str, split: str, kind: type[Record], files: Sequence[Written], shard_bytes: int
    ) -> tuple[Written, ...]:
        schema = schema_of(kind)
        faults: dict[str, str] = {}

        def lose(one: Filled) -> None:
            faults[one.page.shots[0].clip] = str(one.found)

        groups = pictured(self._filled(folder, files), schema, lose)
        paths = write_pictured(folder / place, split, groups, pictured_schema(schema), file_bytes=shard_bytes)
        if faults:
            raise ConfigError(_missing(faults))
        return tuple(written(path, folder) for path in paths)

    def _filled(self, folder: Path, files: Sequence[Written]) -> Iterator[Filled]:
        for file in files:
            with opened(folder / file.path) as shard:
                for one in self.album.filled(pages(batches(shard), file.path)):
                    yield one
                    self.told(len(one.page.shots))


def columns() -> Columns:
    """Of the configs of a release with pixels."""
    wide: dict[str, object] = {config: columns_digest(pictured_schema(schema_of(KINDS[config]))) for config in CONFIGS}
    return Columns.now().model_copy(update=wide)


def _missing(faults: dict[str, str]) -> str:
    named = [f"  {clip}: {why}" for clip, why in list(faults.items())[:SHOWN]]
    more = [f"  and {len(faults) - SHOWN:,} more"] if len(faults) > SHOWN else []
    return "\n".join(
        [
            f"--with-frames: the frames of {len(faults):,} clips cannot be had; the release that stands is untouched",
            *named,
            *more,
            "Name the folder of their videos with --videos, or export without --with-frames.",
        ]
    )

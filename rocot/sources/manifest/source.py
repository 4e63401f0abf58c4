"""A dataset that was imported, as a source of videos."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rocot.core.span import clipped
from rocot.core.truth import Truth
from rocot.errors import VideoError
from rocot.sources.known.commons import commons
from rocot.sources.listing import Counted, ahead
from rocot.sources.manifest.entry import Entry
from rocot.sources.manifest.file import Header, read
from rocot.sources.manifest.matching import match
from rocot.sources.parted import Takes, every
from rocot.sources.protocol import Skipped, Video, mark_of
from rocot.video.protocol import FrameReader

Labels = Literal["native", "common"]

LONGEST = 10_000_000.0
"""Seconds, 116 days. A longer video was not measured: somebody wrote so, and a window a minute of it has no end."""


class ManifestSource:
    """The videos of a manifest that lie in a folder."""

    def __init__(  # noqa: PLR0913 - a manifest's section of the recipe, and who opens its files
        self,
        name: str,
        manifest: Path,
        videos: Path,
        labels: Labels,
        reader: FrameReader,
        *,
        salvage: bool = False,
        takes: Takes = every,
    ) -> None:
        """`labels`: which of a record's labels are the classes. `salvage` and `takes`: as of a folder."""
        self.name = name
        self._manifest = manifest
        self._folder = videos
        self._labels: Labels = labels
        self._reader = reader
        self._salvage = salvage
        self._takes = takes

    def videos(self, split: str) -> Iterator[Video | Skipped]:
        """The videos of a common split, in the manifest's order; a file that cannot be used is Skipped.

        The manifest and the folder are read at once. Raises ConfigError for what is wrong with either, and for a folder
        without any of the videos.
        """
        manifest = read(self._manifest)
        entries = [entry for entry in manifest.entries if entry.split == split]
        if not entries:
            return iter(())
        found = match(entries, self._folder)
        look = _Look(self.name, found.root, found.paths, self._labels, manifest.header, self._reader, self._salvage)
        wanted = [entry for entry in entries if self._takes(entry.id)]
        return Counted(ahead(look, wanted), len(wanted))


@dataclass(frozen=True)
class _Look:
    """Looks at one record's video."""

    source: str
    root: Path
    places: Mapping[str, str]
    labels: Labels
    header: Header
    reader: FrameReader
    salvage: bool

    def __call__(self, entry: Entry) -> Video | Skipped:
        try:
            return self._video(entry)
        except VideoError as error:
            return Skipped(id=entry.id, source=self.source, reason=error.reason, detail=error.detail)

    def _video(self, entry: Entry) -> Video:
        place = self.places.get(entry.video)
        if place is None:
            raise VideoError("missing file", f"{entry.file} is not in the folder of videos")
        path = self.root / place
        mark = mark_of(path)
        if entry.mark not in {None, mark}:
            raise VideoError("file changed", f"{place} is not the file that was imported; import the dataset again")
        known = entry.duration if entry.mark and entry.duration and entry.duration <= LONGEST else None
        duration = known or self.reader.probe(path, salvage=self.salvage).duration
        classes = self.header.classes if self.labels == "native" else self.header.common
        return Video(
            id=entry.id,
            source=self.source,
            split=entry.split,
            path=str(path),
            duration=duration,
            mark=mark,
            classes=classes,
            common=commons(classes, self.header.dataset),
            truth=_fitted(entry, self.labels, duration),
            questions=entry.questions,
            identity=entry.video,
            test_of=self.header.dataset if entry.native_split in self.header.official_tests() else "",
        )


def _fitted(entry: Entry, labels: Labels, duration: float) -> Truth:
    """With spans that end where the video does. VideoError where none of them lies in it."""
    named = entry.labels if labels == "native" else entry.common
    spans = entry.spans and clipped(entry.spans, 0.0, duration)
    if entry.spans and not spans:
        raise VideoError(
            "span past the end", f"its first span starts at {entry.spans[0].start:g} s of {duration:.2f} s"
        )
    return Truth(labels=named, spans=spans)

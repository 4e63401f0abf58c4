"""A dataset that was imported, as a source of videos."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from rocot.core.span import Span, clipped
from rocot.core.task import Question
from rocot.core.truth import Truth
from rocot.errors import VideoError
from rocot.sources.footage import Footage
from rocot.sources.known.commons import commons
from rocot.sources.listing import Counted, ahead
from rocot.sources.manifest.entry import Entry
from rocot.sources.manifest.file import Header, streaming
from rocot.sources.manifest.matching import match
from rocot.sources.parted import Takes, every
from rocot.sources.protocol import Skipped, Video
from rocot.video.protocol import FrameReader

Labels = Literal["native", "common"]

LONGEST = 10_000_000.0
"""Seconds, 116 days. A longer video was not measured: somebody wrote so, and a window a minute of it has no end."""


class ManifestSource:
    """The videos of a manifest that lie in a folder, or at a URL."""

    def __init__(  # noqa: PLR0913 - a manifest's section of the recipe, and who opens its files
        self,
        name: str,
        manifest: Path,
        videos: Footage,
        labels: Labels,
        reader: FrameReader,
        *,
        salvage: bool = False,
        takes: Takes = every,
    ) -> None:
        """`labels`: which of a record's labels are the classes. `salvage` and `takes`: as of a folder."""
        self.name = name
        self._manifest = manifest
        self._footage = videos
        self._labels: Labels = labels
        self._reader = reader
        self._salvage = salvage
        self._takes = takes

    def videos(self, split: str) -> Iterator[Video | Skipped]:
        """The videos of a common split, in the manifest's order; a file that cannot be used is Skipped.

        The manifest and the folder are read at once. Raises ConfigError for what is wrong with either, and for a folder
        without any of the videos.
        """
        with streaming(self._manifest) as (header, records):
            entries = list(_needed(entry for entry in records if entry.split == split))
        if not entries:
            return iter(())
        found = match(entries, self._footage)
        look = _Look(self.name, self._footage, found.paths, self._labels, header, self._reader, self._salvage)
        wanted = [entry for entry in entries if self._takes(entry.id)]
        return Counted(ahead(look, wanted), len(wanted))


@dataclass(frozen=True, slots=True)
class _Needed:
    """What a source needs of a record: a third of its bytes, and there may be a million."""

    id: str
    video: str
    file: str
    split: str
    native_split: str
    labels: tuple[str, ...] | None
    common: tuple[str, ...] | None
    spans: tuple[Span, ...] | None
    duration: float | None
    mark: str | None
    questions: tuple[Question, ...]


def _needed(entries: Iterable[Entry]) -> Iterator[_Needed]:
    """Of each record; labels that are equal are the same object, as are equal spans and names of splits."""
    same: dict[object, object] = {}
    for entry in entries:
        told = {field.name: getattr(entry, field.name) for field in fields(_Needed)}
        for name in ("split", "native_split", "labels", "common", "spans"):
            told[name] = same.setdefault(told[name], told[name])
        yield _Needed(**told)


@dataclass(frozen=True)
class _Look:
    """Looks at one record's video."""

    source: str
    footage: Footage
    places: Mapping[str, str]
    labels: Labels
    header: Header
    reader: FrameReader
    salvage: bool

    def __call__(self, entry: _Needed) -> Video | Skipped:
        try:
            return self._video(entry)
        except VideoError as error:
            return Skipped(id=entry.id, source=self.source, reason=error.reason, detail=error.detail)

    def _video(self, entry: _Needed) -> Video:
        place = self.places.get(entry.video)
        if place is None:
            raise VideoError("missing file", f"{entry.file} is not in the folder of videos")
        mark = self.footage.mark(place)
        if entry.mark not in {None, mark}:
            raise VideoError("file changed", f"{place} is not the file that was imported; import the dataset again")
        known = entry.duration if entry.mark and entry.duration and entry.duration <= LONGEST else None
        duration = known or self.reader.probe(self.footage.bring(place), salvage=self.salvage).duration
        classes = self.header.classes if self.labels == "native" else self.header.common
        return Video(
            id=entry.id,
            source=self.source,
            split=entry.split,
            path=str(self.footage.root / place),
            duration=duration,
            mark=mark,
            classes=classes,
            common=commons(classes, self.header.dataset),
            truth=_fitted(entry, self.labels, duration),
            questions=entry.questions,
            identity=entry.video,
            test_of=self.header.dataset if entry.native_split in self.header.official_tests() else "",
        )


def _fitted(entry: _Needed, labels: Labels, duration: float) -> Truth:
    """With spans that end where the video does. VideoError where none of them lies in it."""
    named = entry.labels if labels == "native" else entry.common
    spans = entry.spans and clipped(entry.spans, 0.0, duration)
    if entry.spans and not spans:
        raise VideoError(
            "span past the end", f"its first span starts at {entry.spans[0].start:g} s of {duration:.2f} s"
        )
    return Truth(labels=named, spans=spans)

"""Videos on both sides of a line that must not be crossed: trained on here, tested on there."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rocot.core.record import Record
from rocot.sources.manifest.entry import Entry
from rocot.sources.manifest.file import Header, Manifest, Streamed

Kind = Literal["official test", "two splits", "same content"]
"""official test: in a training or validation split here, in an official test split there; two splits: in two of the
splits train, val and test of one dataset; same content: either of them, under another name."""

Pairs = Callable[[Sequence[Entry], Sequence[Entry]], Iterable[tuple[int, int, str]]]
"""Which of the first are the same footage as which of the second, by their numbers, and how that is known."""


class Place(Record):
    """A split of a dataset."""

    dataset: str
    native: str
    """As the dataset calls it."""
    common: Literal["train", "val", "test"]
    official: bool
    """Whether it is a test split that nobody should train on."""

    @property
    def name(self) -> str:
        """For tables."""
        return f"{self.dataset} {self.native}"


class Leak(Record):
    """A video that is trained on here and tested on there."""

    kind: Kind
    video: str
    """Its identity."""
    here: Place
    there: Place
    twin: str = ""
    """The identity that it has there, where that is another one."""
    detail: str = ""
    """How the twin is known."""


def leaks(
    manifests: Iterable[Manifest | Streamed],
    official: Callable[[str], str | None] = lambda _: None,
    alike: Pairs = lambda _first, _second: (),
) -> list[Leak]:
    """The leaks between manifests and within each, sorted by kind, places and video.

    `official` says of which dataset's official test split a video is, for datasets without a manifest here; `alike`
    finds twins by content.
    """
    known = _Known(manifests)
    found = [*_by_name(known, official), *_by_content(known, alike)]
    return sorted(found, key=lambda leak: (leak.kind, leak.here.name, leak.there.name, leak.video, leak.twin))


class _Known:
    """Where each video stands, and one record of each that has something to compare it by."""

    def __init__(self, manifests: Iterable[Manifest | Streamed]) -> None:
        self.places: dict[str, set[Place]] = {}
        self.entries: dict[str, Entry] = {}
        for manifest in manifests:
            splits: dict[str, Place] = {}
            for entry in manifest.entries:
                if entry.native_split not in splits:
                    splits[entry.native_split] = _place(manifest.header, entry)
                self.places.setdefault(entry.video, set()).add(splits[entry.native_split])
                if entry.sha256:
                    self.entries.setdefault(entry.video, entry)


def _place(header: Header, entry: Entry) -> Place:
    return Place(
        dataset=header.dataset,
        native=entry.native_split,
        common=entry.split,
        official=entry.native_split in header.official_tests(),
    )


def _by_name(known: _Known, official: Callable[[str], str | None]) -> Iterator[Leak]:
    for video, places in known.places.items():
        pairs = [(here, there) for here in places for there in places]
        yield from (
            Leak(kind=kind, video=video, here=here, there=there)
            for here, there in pairs
            if (kind := _crossed(here, there)) is not None
        )
        listed = official(video)
        if listed is not None and not any(place.official for place in places):
            there = Place(dataset=listed, native="test", common="test", official=True)
            yield from (
                Leak(kind="official test", video=video, here=here, there=there)
                for here in places
                if here.common != "test"
            )


def _crossed(here: Place, there: Place) -> Literal["official test", "two splits"] | None:
    """What is wrong with a video in both places; told once, from the side that is trained on."""
    if here.common != "test" and there.official:
        return "official test"
    order = ("train", "val", "test")
    if here.dataset == there.dataset and order.index(here.common) < order.index(there.common):
        return "two splits"
    return None


def _by_content(known: _Known, alike: Pairs) -> Iterator[Leak]:
    trained = _standing(known, lambda place: place.common != "test")
    tested = _standing(known, lambda place: place.common != "train")
    for first, second, how in alike(trained, tested):
        video, twin = trained[first].video, tested[second].video
        if video == twin:
            continue
        yield from (
            Leak(kind="same content", video=video, here=here, there=there, twin=twin, detail=how)
            for here in known.places[video]
            for there in known.places[twin]
            if _crossed(here, there) is not None
        )


def _standing(known: _Known, where: Callable[[Place], bool]) -> list[Entry]:
    return [entry for video, entry in sorted(known.entries.items()) if any(map(where, known.places[video]))]


@dataclass(frozen=True)
class Crossing:
    """The leaks of one kind between two places."""

    kind: Kind
    here: Place
    there: Place
    videos: Sequence[str]


def crossings(found: Iterable[Leak]) -> list[Crossing]:
    """The leaks counted by kind and places, in their order."""
    made: dict[tuple[Kind, str, str], list[Leak]] = {}
    for leak in found:
        made.setdefault((leak.kind, leak.here.name, leak.there.name), []).append(leak)
    return [
        Crossing(first.kind, first.here, first.there, tuple(dict.fromkeys(leak.video for leak in group)))
        for group in made.values()
        for first in group[:1]
    ]

"""Small manifests of invented datasets."""

from typing import Literal

from rocot.sources.manifest.entry import Entry
from rocot.sources.manifest.file import Header, Manifest, SplitHeader

Common = Literal["train", "val", "test"]


def entry(
    video: str,
    native: str = "train",
    common: Common = "train",
    *,
    sha256: str | None = None,
    hashes: tuple[str, ...] = (),
) -> Entry:
    """A record of a video; `video` is its identity."""
    name = video.rpartition("/")[2]
    return Entry(
        id=name,
        source="toy",
        video=video,
        split=common,
        native_split=native,
        file=f"{name}.mp4",
        localised=False,
        counted="seconds",
        sha256=sha256,
        hashes=hashes,
        said="list.txt:1",
    )


def manifest(
    dataset: str,
    *entries: Entry,
    unofficial: tuple[str, ...] = (),
) -> Manifest:
    """A manifest of these records; its test splits are official but for those of that native name."""
    splits = {one.native_split: one.split for one in entries}
    header = Header(
        dataset=dataset,
        title=dataset,
        rocot="0",
        classes=("Normal",),
        common=("Normal",),
        splits=tuple(
            SplitHeader(native=native, common=common, official=native not in unofficial)
            for native, common in splits.items()
        ),
        terms="none stated",
        licence="none stated",
        redistribute_frames=False,
        citation="none",
        stated="seconds",
    )
    return Manifest(header, entries)

"""DoTA: two JSON files, one record a clip."""

import re
from collections.abc import Iterator, Sequence

from pydantic import Field

from rocot.sources.known.annotated import Annotated
from rocot.sources.known.dataset import Dataset
from rocot.sources.known.files import Files
from rocot.sources.known.shapes import Shape, line_of, shaped, table_of

SUBSETS = {"train": ("train",), "val": ("val", "test")}
"""What `subset` may say in the file of each split: the files say val, the authors' text says test."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


class Clip(Shape):
    """A record as the files hold it. Frames are ten a second."""

    video_start: int = Field(ge=0, lt=10**9)
    """Of the clip within its source video."""
    video_end: int = Field(ge=0, lt=10**9)
    """The last frame of the clip within its source video."""
    anomaly_start: int = Field(ge=0, lt=10**9)
    """Within the clip."""
    anomaly_end: int = Field(ge=0, lt=10**9)
    """Within the clip, no longer part of the anomaly."""
    anomaly_class: str
    num_frames: int = Field(gt=0, lt=10**9)
    subset: str


def read(files: Files, about: Dataset) -> Iterator[Annotated]:
    """The training clips, then those called val, in the order of the files."""
    for split, subsets in SUBSETS.items():
        path = files.need(f"metadata_{split}.json")
        for clip_id, record in table_of(files, path).items():
            clip = shaped(record, Clip)
            fault = clip if isinstance(clip, str) else _fault(clip_id, clip, about, subsets)
            if isinstance(clip, str) or fault:
                files.fault(files.name(path), line_of(files, path, clip_id), f"{clip_id[:100]!r}: {fault}")
            else:
                yield _annotated(clip_id, clip, split, files.name(path))


def _fault(clip_id: str, clip: Clip, about: Dataset, subsets: Sequence[str]) -> str | None:
    if not _ID.fullmatch(clip_id):
        return "no name of a clip"
    if clip.anomaly_class not in about.classes:
        return f"{clip.anomaly_class[:60]!r} is no class of DoTA"
    if clip.subset not in subsets:
        return f"subset is {clip.subset[:20]!r}; want {' or '.join(subsets)}"
    if clip.video_end < clip.video_start or clip.anomaly_end <= clip.anomaly_start:
        return "ends before it starts"
    return None


def _annotated(clip_id: str, clip: Clip, split: str, name: str) -> Annotated:
    """`num_frames` is wrong in one known record: the clip's place in its source video tells the length, too."""
    frames = clip.video_end - clip.video_start + 1
    corrections: tuple[str, ...] = ()
    if frames != clip.num_frames:
        corrections = (
            f"num_frames {clip.num_frames} is {frames} now, from video_start {clip.video_start} to {clip.video_end}",
        )
    return Annotated(
        id=clip_id,
        video=f"dota/{clip_id}",
        split=split,
        file=f"{clip_id}.mp4",
        labels=(clip.anomaly_class,),
        intervals=((clip.anomaly_start, clip.anomaly_end),),
        frames=frames,
        corrections=corrections,
        said=f"{name}: {clip_id}",
    )

"""DoTA: two JSON files, one record a clip."""

import re
from collections.abc import Iterator

from pydantic import Field, ValidationError

from rocot.core.record import Record
from rocot.sources.known.annotated import Annotated
from rocot.sources.known.dataset import Dataset
from rocot.sources.known.files import Files
from rocot.toml_faults import faults_of

SUBSETS = {"train": ("train",), "val": ("val", "test")}
"""What `subset` may say in the file of each split: the files say val, the authors' text says test."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


class Clip(Record):
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
        name, records = files.name(path), files.json(path)
        if not isinstance(records, dict):
            files.fault(name, 1, "want a table of clips by name; is this the right file?")
            continue
        for clip_id, record in records.items():
            clip = _clip(files, name, clip_id, record)
            if clip is None:
                continue
            if clip.anomaly_class not in about.classes:
                files.fault(name, 0, f"{clip_id}: {clip.anomaly_class[:60]!r} is no class of DoTA")
            elif clip.subset not in subsets:
                files.fault(name, 0, f"{clip_id}: subset is {clip.subset[:20]!r}, in the file of {split}")
            else:
                yield _annotated(clip_id, clip, split, name)


def _clip(files: Files, name: str, clip_id: str, record: object) -> Clip | None:
    if not _ID.fullmatch(clip_id):
        files.fault(name, 0, f"{clip_id[:60]!r} is no name of a clip")
        return None
    try:
        clip = Clip.model_validate(record, strict=True)
    except ValidationError as error:
        files.fault(name, 0, f"{clip_id}: {'; '.join(faults_of(error, Clip))}")
        return None
    if clip.video_end < clip.video_start or clip.anomaly_end <= clip.anomaly_start:
        files.fault(name, 0, f"{clip_id}: ends before it starts")
        return None
    return clip


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

"""Rows as verl takes them for reinforcement fine-tuning: Parquet, five columns that it wants, and the media.

Its documentation (Prepare Data for Post-Training) and its example for pictures (examples/data_preprocess/geo3k.py):
`data_source` by which a reward function is picked, `prompt` as chat turns whose placeholders `<image>` and `<video>`
are replaced, `ability`, `reward_model` with `style` and `ground_truth`, `extra_info` with `split` and `index`;
`images` hold the pictures themselves. A video is `{"type": "video", "video": "file:///..."}`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from rocot.core.chat import Message
from rocot.core.record import Record, canonical
from rocot.core.row import Row
from rocot.release.formats.sample import Media, asked, solution, truth


class RewardModel(Record):
    """By what a response is rewarded."""

    style: Literal["rule"]
    ground_truth: str
    """JSON: the columns of the config `rft` that rewards need, and `solution`, the truth in the tags of an answer."""


class ExtraInfo(Record):
    """What else a reward function is handed."""

    split: str
    index: int
    """Of the row among those of its split, from 0."""
    id: str
    source: str
    video: str
    clip_start: float
    clip_end: float


class VideoFile(Record):
    """As Qwen's tools for videos take one."""

    type: Literal["video"]
    video: str
    """A `file://` URL."""


class VerlRow(Record):
    """One prompt; its pictures stand in a column `images` behind the others."""

    data_source: str
    prompt: tuple[Message, ...]
    ability: str
    reward_model: RewardModel
    extra_info: ExtraInfo


class VerlVideoRow(VerlRow):
    """One prompt about a whole video."""

    videos: tuple[VideoFile, ...]


def rft(row: Row, media: Media, index: int) -> VerlRow:
    """One row."""
    told = {**truth(row), "solution": solution(row)}
    made = VerlRow(
        data_source=f"rocot/{row.source}",
        prompt=(Message.model_validate(asked(row, media)),),
        ability=row.task,
        reward_model=RewardModel(style="rule", ground_truth=canonical(told).decode()),
        extra_info=ExtraInfo(
            split=row.split,
            index=index,
            id=row.id,
            source=row.source,
            video=row.video,
            clip_start=row.clip_start,
            clip_end=row.clip_end,
        ),
    )
    if media.video is None:
        return made
    return VerlVideoRow(**dict(made), videos=_files([media.video]))


def _files(paths: Sequence[str]) -> tuple[VideoFile, ...]:
    return tuple(VideoFile(type="video", video=Path(path).as_uri()) for path in paths)

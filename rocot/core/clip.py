"""A clip: the window of a source video that one sample is about."""

from typing import Self

from pydantic import Field

from rocot.core.record import Item
from rocot.core.task import Posed, Task


class Clip(Item):
    """A window of a source video. It holds no truth and no label of its own."""

    id: str = Field(min_length=1, max_length=500)
    """Unique in a run: `<source>/<video>` and, where a video is cut, `@<start>-<end>`."""
    source: str
    """The dataset it comes from."""
    video: str
    """Id of the source video within its source; windows of one video share it."""
    split: str
    path: str = Field(exclude=True, default="")
    """The file. Where it lies changes no answer, so it is no part of the record's identity or of what is stored."""
    mark: str
    """Content mark of the file, so that another file under the same name is another clip."""
    start: float = Field(ge=0)
    """Seconds of the source video."""
    end: float = Field(gt=0)
    """Seconds of the source video."""
    duration: float = Field(gt=0)
    """Seconds of the whole source video."""
    classes: tuple[str, ...]
    """The labels an answer may use, "Normal" among them; of a question, its options as they are shown."""
    common: tuple[str, ...] = Field(default=(), exclude_if=lambda common: not common)
    """For each of the classes, the class of the common taxonomy that it belongs to, "" for none. Empty, and left out of
    the record, where none is known."""
    task: Task = Field(default="grounding", exclude_if=lambda task: task == "grounding")
    """What is asked about it. Left out of the record where it is grounding."""
    posed: Posed | None = Field(default=None, exclude_if=lambda posed: posed is None)
    """The question with options that is asked about it; None, and left out of the record, but for the task `qa`."""
    leak: str = Field(default="", exclude_if=lambda leak: not leak)
    """Of whose official test split the video is, and why it is here all the same; empty for all others. Left out of
    the record where it is empty."""

    @property
    def in_common(self) -> dict[str, str]:
        """The common class of each label that has one."""
        return {name: common for name, common in zip(self.classes, self.common, strict=False) if common}

    @property
    def key(self) -> str:
        """The name of the sample in the store: the clip's id, and from the fan-out on `#` and the rollout's number."""
        return self.id

    def fanned(self, rollout: int) -> Self:
        """The same item as the given rollout (0, 1, ...); only items with frames are fanned out."""
        raise TypeError(f"{type(self).__name__} has no rollouts; got rollout {rollout}")

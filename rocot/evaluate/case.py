"""What is asked of a video in a benchmark, and what is true of it."""

from typing import Literal, TypeAlias

from pydantic import Field

from rocot.core.gate import Gate
from rocot.core.record import Record
from rocot.core.truth import NORMAL, Truth

Frames: TypeAlias = Literal["roc_auc", "average_precision"]
"""The frame-level measure that a benchmark is known by."""


class Case(Record):
    """One video, or one clip of a release."""

    id: str = Field(min_length=1)
    """As the benchmark calls it; unique."""
    video: str
    """The source video; intervals are drawn over these."""
    names: tuple[str, ...] = ()
    """What else predictions may call it."""
    truth: Truth
    """Of the video; `choice` is None here."""
    common: tuple[str, ...] | None = None
    """The true labels in the common taxonomy; None where nobody knows."""
    question: str = ""
    """Of a question with options, its text."""
    options: tuple[str, ...] = ()
    """In the benchmark's order; empty where there is no question."""
    answer: int | None = None
    """Index of the right option."""
    reference: str = ""
    """What the dataset tells of it in prose, for VAU-Eval's judge; empty where it tells nothing."""
    frames: int | None = None
    """Of the video, where the annotations or the file say."""
    fps: float | None = None
    """Frames a second."""

    @property
    def located(self) -> bool:
        """Whether there is an anomaly and its spans are known."""
        return bool(self.truth.spans)


class Benchmark(Record):
    """Cases, and how they are measured."""

    name: str
    """As in `--on`."""
    title: str
    cases: tuple[Case, ...]
    classes: tuple[str, ...]
    """The native labels, `Normal` among them."""
    common: dict[str, str]
    """The common class of each native label that has one; a common class is its own."""
    frame_measure: Frames | None = None
    """None where the benchmark has none."""
    vau_r1: bool = False
    """Whether VAU-R1's protocol is defined on it."""
    tiou_floor: float = Gate().tiou
    """The least temporal IoU of a right answer, for what reflection did."""
    improved_floor: float = Gate().improved
    """The least gain in temporal IoU that counts as improved."""
    notes: tuple[str, ...] = ()
    """What is to be known of the cases."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every label that an answer may use; the native ones last, which win where only case or spaces differ."""
        return *self.common.values(), *self.common, *self.classes, NORMAL

"""VAU-Eval: a text about a video, rated by one who reads a reference and sees nothing.

The five axes of 0 to 10 are those of VAU-R1 (arXiv 2505.23504), whose judge reads text alone. Its prompt is not ours,
so numbers of its paper stand beside ours for orientation.
"""

from pydantic import Field

from rocot.core.record import Item, Record
from rocot.core.reflection import Frame, Said


class Rating(Record):
    """What a judge gives, 0 to 10 on each axis."""

    classification: int = Field(ge=0, le=10, strict=True)
    """Whether it names the right kind of event, or calls normal what is."""
    key_object_and_action: int = Field(ge=0, le=10, strict=True)
    """Whether those who matter, and what they do, are right."""
    fluency: int = Field(ge=0, le=10, strict=True)
    """Whether it reads well."""
    informativeness: int = Field(ge=0, le=10, strict=True)
    """How much of the reference it tells."""
    factual_consistency: int = Field(ge=0, le=10, strict=True)
    """Whether it contradicts the reference nowhere."""


AXES: tuple[str, ...] = tuple(Rating.model_fields)


class Told(Item):
    """A text about a case of a benchmark, and what is known of it."""

    id: str
    """The case's, `#`, and which of several predictions of it."""
    answer: str
    """What was said of the video: its label, and its text."""
    reference: str
    """What the dataset says: class, key object, description, reasoning."""

    @property
    def key(self) -> str:
        """See `Item.key`."""
        return self.id

    @property
    def shown(self) -> tuple[Frame, ...]:
        """No frame: the judge reads."""
        return ()


class Rated(Told):
    """With its rating."""

    rating: Rating
    rating_said: Said

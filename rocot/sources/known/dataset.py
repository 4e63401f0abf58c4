"""What rocot knows of a dataset, from `data_manifests/sources/<name>.toml`, and the taxonomy that all share."""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from rocot.assets import ASSETS
from rocot.core.record import Record
from rocot.core.truth import NORMAL
from rocot.errors import ConfigError
from rocot.toml_file import load

Text = Annotated[str, Field(min_length=1)]
Allowed: TypeAlias = Literal["licensed", "unstated", "research", "nothing derived"]
"""From the freest to the strictest: what a licence says; nobody says, or in words of their own, so ask; academic use
alone; what is made of it may not be passed on."""

UNSTATED = "none stated"
"""Stands where there are no terms, or no licence."""


class Split(Record):
    """One list of the dataset's own division."""

    native: Text
    """As the dataset calls it."""
    common: Literal["train", "val", "test"]
    videos: int = Field(gt=0)
    """Official count."""
    normal: int | None = Field(default=None, ge=0)
    """Normal videos among them, where the dataset says."""
    official: bool = True
    """Whether its authors drew it up as the benchmark's; others must not train on an official test split."""


class Counting(Record):
    """How the dataset writes time."""

    unit: Literal["frames", "seconds"]
    fps: float | None = Field(default=None, gt=0)
    """Frames a second that its frame numbers count; None where each video has its own rate."""
    first: Literal[0, 1] = 0
    """The number of the first frame."""
    end: Literal["exclusive", "inclusive"] = "exclusive"
    """Whether the frame at an interval's end is still part of it."""
    stated: Text
    """What the dataset states of this, and what is rocot's choice."""

    @property
    def words(self) -> str:
        """In short, for every record."""
        if self.unit == "seconds":
            return "seconds"
        rate = f"{self.fps:g} a second" if self.fps else "at the video's own rate"
        return f"frames from {self.first}, {rate}, end {self.end}"


class Dataset(Record):
    """A known dataset."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    title: Text
    homepage: Text
    paper: Text
    citation: Text
    """BibTeX."""
    size: Text
    """Videos and hours, as stated."""
    obtain: Text
    """How to get the videos, and the annotations."""
    terms: Text
    """Of use, as stated; `none stated` where there are none."""
    licence: Text
    """As stated; `none stated` where there is none."""
    redistribute_frames: bool = False
    """Whether the terms let others publish frames."""
    allows: Allowed = "unstated"
    """What the terms leave to those who publish what they made of the videos; `strictest` orders them."""
    hub_licence: Text = "other"
    """The licence, by the Hub's id, where one covers annotations and videos."""
    files: dict[str, Text]
    """The annotation files that the importer reads, and what each is."""
    counting: Counting
    splits: tuple[Split, ...] = Field(min_length=1)
    classes: dict[str, Text]
    """The dataset's labels, and the class of the common taxonomy that each belongs to; Normal aside."""
    codes: dict[str, Text] = Field(default_factory=dict)
    """What the files write for a label, where that is a code."""

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        strange = sorted(set(self.classes.values()) - set(taxonomy()))
        if strange:
            raise ValueError(f"classes lead to {', '.join(strange)}, which the common taxonomy has not")
        nameless = sorted(set(self.codes.values()) - {*self.classes, NORMAL})
        if nameless:
            raise ValueError(f"codes stand for {', '.join(nameless)}, which are no classes of it")
        if self.allows == "licensed" and self.licence == UNSTATED:
            raise ValueError('allows = "licensed" wants the licence that says so')
        natives = [split.native for split in self.splits]
        if len(set(natives)) != len(natives):
            raise ValueError("two splits have one native name")
        return self

    def split(self, native: str) -> Split:
        """The split of that native name; KeyError where there is none."""
        return {split.native: split for split in self.splits}[native]


class Taxonomy(Record):
    """The common classes, and what each means."""

    classes: dict[str, Text]


@cache
def taxonomy() -> dict[str, str]:
    """The common classes but Normal, with their meaning."""
    return load(ASSETS / "data_manifests" / "taxonomy" / "common.toml", Taxonomy).classes


def shipped() -> dict[str, Path]:
    """The known datasets' files, by name."""
    return {path.stem: path for path in sorted((ASSETS / "data_manifests" / "sources").glob("*.toml"))}


def known(name: str) -> Dataset:
    """The dataset of that name. Raises ConfigError where rocot knows none."""
    paths = shipped()
    if name not in paths:
        raise ConfigError(f"{name!r} is no dataset that rocot knows; known are {', '.join(paths)}")
    return load(paths[name], Dataset)

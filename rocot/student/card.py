"""What a checkpoint says of itself: run.json for programs, README.md for people."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from rocot.core.record import Record
from rocot.core.task import Task
from rocot.errors import ConfigError
from rocot.student.recipe import Training

NAME = "run.json"
README = "README.md"


class Taught(Record):
    """The release that a student has learnt from."""

    release: str
    version: str
    fingerprint: str
    """Of the release."""
    split: str
    shards: tuple[str, ...]
    """sha256 of the files of rows, before frames were filled in."""
    tasks: tuple[Task, ...]
    classes: tuple[str, ...]
    """The labels of its answers; none for questions, whose options differ."""
    frames: int
    """Most frames of a first look."""
    relook: int = 0
    """Most frames of a closer look; 0 where there was none."""
    height: int
    """Pixels of a frame at most, as the release has them."""
    quality: int
    """Of their JPEG, 1 to 100."""


class Counts(Record):
    """What became of the rows."""

    read: int
    used: int
    left_out: dict[str, int] = Field(default_factory=dict)
    masked: int = 0
    """Rows whose first attempt is context."""
    tokens: int
    longest: int


class Result(Record):
    """One figure of the journal, at the beginning and at the end: means of a tenth of its points."""

    name: str
    first: float
    last: float


class RunCard(Record):
    """One training."""

    kind: Literal["sft", "grpo"]
    model: str
    """What it started from."""
    parameters: int
    recipe: Training
    recipe_digest: str
    taught: Taught
    counts: Counts
    versions: dict[str, str]
    device: str
    steps: int = 0
    seconds: float = 0
    results: tuple[Result, ...] = ()

    @property
    def frames(self) -> int:
        """Frames of a clip that the student is shown: as many as it was taught with."""
        return min(self.taught.frames, self.recipe.data.frames or self.taught.frames)


def results(curves: "dict[str, list[tuple[int, float]]]") -> tuple[Result, ...]:
    """Beginning and end of each curve."""
    made = []
    for name, points in curves.items():
        if points:
            some = max(1, len(points) // 10)
            values = [value for _, value in points]
            made.append(Result(name=name, first=sum(values[:some]) / some, last=sum(values[-some:]) / some))
    return tuple(made)


def write_card(folder: Path, card: RunCard) -> None:
    """Writes run.json and README.md."""
    text = json.dumps(card.model_dump(mode="json"), indent=2, ensure_ascii=False)
    (folder / NAME).write_text(text + "\n", encoding="utf-8")
    (folder / README).write_text(_readme(card), encoding="utf-8")


def read_card(folder: Path) -> RunCard:
    """What a checkpoint says of itself. Raises ConfigError where it says nothing."""
    path = folder / NAME
    if not path.is_file():
        raise ConfigError(f"{folder}: no checkpoint of `rocot train` (no {NAME})")
    try:
        return RunCard.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read; train again, or name another checkpoint") from error


def _readme(card: RunCard) -> str:
    taught, counts = card.taught, card.counts
    head = {"library_name": "transformers", "pipeline_tag": "image-text-to-text", "tags": ["rocot", card.kind]}
    left = ", ".join(f"{count:,} {reason}" for reason, count in counts.left_out.items()) or "none"
    lines = [
        "---",
        json.dumps(head),  # JSON is YAML
        "---",
        "",
        f"# A student of {taught.release} {taught.version}",
        "",
        f"Trained by `rocot train {card.kind}`, recipe `{card.recipe.name}`.",
        "",
        f"- Began as: `{card.model}`, {card.parameters:,} parameters",
        f"- Data: {taught.release} {taught.version}, split {taught.split}, fingerprint `{taught.fingerprint}`",
        f"- Rows: {counts.used:,} of {counts.read:,}; left out: {left}; first attempt masked in {counts.masked:,}",
        f"- Tokens: {counts.tokens:,} in one round, {counts.longest:,} in the longest row; nothing is cut off",
        f"- Steps: {card.steps:,}, in {card.seconds:,.0f} s on {card.device}",
        f"- Versions: {', '.join(f'{name} {version}' for name, version in card.versions.items())}",
        f"- Form of its answers: {card.recipe.data.form}",
        "",
        *_table(card.results),
        f"All settings stand in {NAME}, the curve in log.jsonl. Figures of training are no evaluation.",
        "",
    ]
    return "\n".join(lines)


def _table(found: Sequence[Result]) -> list[str]:
    rows = [f"| {one.name} | {one.first:.4g} | {one.last:.4g} |" for one in found]
    return ["| figure | beginning | end |", "|---|---|---|", *rows, ""] if rows else []

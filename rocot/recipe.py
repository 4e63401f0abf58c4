"""The recipe: one frozen config that holds all that changes the data, and nothing about where it runs."""

from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias, get_args

from pydantic import Field, PlainValidator, model_validator
from pydantic_core import PydanticKnownError

from rocot.checkpoint import HF, named
from rocot.core.gate import Gate
from rocot.core.prompt import Sampling
from rocot.core.record import Record
from rocot.core.reflection import Outcome
from rocot.core.reply import Dialect
from rocot.core.task import Task
from rocot.core.version import PATTERN
from rocot.core.withdrawal import Withdrawn
from rocot.url import has_password, scheme_of, without_scheme

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Semantic = Annotated[str, Field(pattern=PATTERN, max_length=64)]
"""A version."""


def placed(said: object) -> Path | str:
    """Where videos lie: a folder's path, or a URL as a text; `file://` is a path.

    Raises ValueError for one with a password.
    """
    if not isinstance(said, str | Path):
        raise PydanticKnownError("string_type")
    if has_password(str(said)):
        raise ValueError("holds a password; keys come from the environment, so leave it out")
    scheme = scheme_of(str(said))
    return str(said) if scheme not in {"", "file"} else Path(without_scheme(str(said)))


Videos = Annotated[Path | str, PlainValidator(placed)]


class Release(Record):
    """What the dataset is called."""

    name: Name
    version: Semantic = "0.1.0"
    """A semantic version; `rocot diff` tells what has to go up."""
    shard_mb: int = Field(default=100, ge=1, le=4096)
    """Megabytes at which a shard ends; how rows are cut into files is no part of what they are."""


Played: TypeAlias = Literal[
    "Explosion", "Fighting", "Fire", "People_falling", "Robbery", "Traffic_accident", "Vandalism"
]
"""What can be played in a rendered scene."""


class Scenes(Record):
    """Rendered scenes, the embedded default."""

    kind: Literal["scenes"]
    train: int = Field(default=32, ge=0, le=100_000)
    """Videos in the split `train`."""
    test: int = Field(default=32, ge=0, le=100_000)
    """Videos in the split `test`."""
    seed: int = Field(default=0, ge=0)
    anomalies: tuple[Played, ...] = Field(default=(), exclude_if=lambda played: not played)
    """Those that are played, with as many normal clips; all where none is named. Left out where it is empty: recipes
    that say nothing of it keep their digests."""

    @property
    def name(self) -> str:
        """As it stands in every row."""
        return self.kind


class Folder(Record):
    """A folder of videos and a CSV `path,label,start,end` (seconds)."""

    kind: Literal["folder"]
    name: Name
    videos: Videos
    """The folder, or its URL; where it lies changes no data. Relative to the recipe's file."""
    annotations: Path | None = None
    """The CSV; without one nothing is known of the videos. Relative to the recipe's file."""
    questions: Path | None = None
    """A CSV of multiple-choice questions, `path,question,A,B,...,answer`, for the task `qa`. Relative to the recipe's
    file."""
    split: Name = "train"
    classes: tuple[Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\s<>][^<>\x00-\x1f]*$")], ...] = ()
    """The labels an answer may use. Empty: those of the CSV and Normal."""
    terms: str = Field(default="", max_length=1000, exclude_if=lambda terms: not terms)
    """Whose the videos are, and what others may do with them; for the card."""
    licence: str = Field(default="", max_length=200, exclude_if=lambda licence: not licence)
    """Of the videos; for the card."""
    redistribute_frames: bool = Field(default=False, exclude_if=lambda allowed: not allowed)
    """Whether frames of them may be given to others."""

    @model_validator(mode="after")
    def _on_some_ground(self) -> Self:
        if self.redistribute_frames and not self.terms.strip():
            raise ValueError("redistribute_frames wants terms: whose the videos are, and who lets them be given on")
        return self


class Imported(Record):
    """A dataset that `rocot import` made a manifest of, and the folder of its videos."""

    kind: Literal["manifest"]
    name: Name
    manifest: Path
    """The file; what it says changes the data, where it lies does not. Relative to the recipe's file."""
    videos: Videos
    """The folder, searched with its sub-folders, or its URL. Relative to the recipe's file."""
    labels: Literal["native", "common"] = "native"
    """Whether answers use the dataset's own labels or those of the common taxonomy."""


SourceRecipe: TypeAlias = Annotated[Scenes | Folder | Imported, Field(discriminator="kind")]


class TaskRecipe(Record):
    """What is asked about each clip."""

    kind: Task = "grounding"
    seed: int = Field(default=0, ge=0, le=2**63 - 1)
    """Of the order in which the options of a question are shown; with `qa`."""
    balance_lengths: bool = False
    """Leaves questions out until the longest option is right no more often than by chance; with `qa`."""

    @model_validator(mode="after")
    def _of_questions(self) -> Self:
        if self.kind != "qa" and (self.seed or self.balance_lengths):
            raise ValueError(f'seed and balance_lengths go with kind = "qa" (got "{self.kind}")')
        return self


class Windows(Record):
    """How long videos are cut into clips."""

    length: float = Field(default=60.0, gt=0)
    """Seconds."""
    overlap: float = Field(default=10.0, ge=0)
    """Seconds that neighbouring windows share."""

    @model_validator(mode="after")
    def _moves_on(self) -> Self:
        if self.overlap >= self.length:
            raise ValueError(f"overlap must be less than length (got {self.overlap:g} and {self.length:g} s)")
        return self


class FramesRecipe(Record):
    """Which frames stand for a clip."""

    policy: Literal["uniform", "fps", "motion"] = "uniform"
    """The middles of equal parts of the clip; a frame every 1 / `fps` seconds; denser where more moves."""
    count: int = Field(default=16, ge=1, le=512)
    """Frames a clip; at most so many with the policy `fps`."""
    fps: float | None = Field(default=None, gt=0, le=120)
    """Frames a second, for the policy `fps`."""
    snap: float = Field(default=0.0, ge=0, le=0.5)
    """How far from its time a frame may lie where that is cheaper, as a share of the sampling interval; 0: exact."""
    damaged: Literal["fail", "partial"] = "fail"
    """Whether damage in the stretch that a clip needs spoils it, or costs the frames that are not surely right."""
    relook: int = Field(default=0, ge=0, le=64)
    """Frames more, inside the spans of the first answer, that the reflection and the revision see."""
    height: int = Field(default=448, ge=32, le=4096)
    """Pixels at most; frames are never enlarged."""
    quality: int = Field(default=85, ge=1, le=100)
    """JPEG quality."""
    reader: Literal["av", "decord"] = "av"

    @model_validator(mode="after")
    def _rate_where_it_counts(self) -> Self:
        if self.policy == "fps" and self.fps is None:
            raise ValueError('policy "fps" wants fps, the frames a second')
        if self.policy != "fps" and self.fps is not None:
            raise ValueError(f'fps goes with policy = "fps" (got {self.fps:g} with "{self.policy}")')
        return self

    @model_validator(mode="after")
    def _what_the_reader_can(self) -> Self:
        if self.reader == "decord" and (self.snap or self.damaged == "partial"):
            raise ValueError('snap and damaged = "partial" go with reader = "av"; decord does neither')
        return self


class TeacherRecipe(Sampling):
    """Who answers, and how its replies are drawn."""

    model: str = Field(default="embedded", pattern=r"^(embedded|scripted|(openai|vllm|hf):.+)$")
    checkpoint: str = Field(default="", pattern=r"^([0-9a-f]{64})?$", exclude_if=lambda digest: not digest)
    """Of `hf:<path>`, sha256 over the checkpoint's files, so that another one never answers from its store. It is
    filled in as the recipe is read; where the recipe states it, it must be that. Left out where it is empty."""
    dialect: Dialect | Literal["auto"] = "auto"
    """`json` asks for structured output, `tagged` for tags; `auto` turns to tags where a server refuses a schema."""
    repair: bool = False
    """Whether a reply that does not parse is asked again, once, with what is wrong about it."""

    @property
    def name(self) -> str:
        """The model as calls and rows name it: of a checkpoint its folder's name and its digest, not where it lies."""
        folder = self.folder
        return self.model if folder is None else f"{HF}{named(folder, self.checkpoint)}"

    @property
    def folder(self) -> Path | None:
        """Where a checkpoint lies; None for other models."""
        return Path(self.model.removeprefix(HF)) if self.model.startswith(HF) else None

    @property
    def speaks(self) -> Dialect | Literal["auto"]:
        """The dialect that it is asked in. No schema binds what transformers runs."""
        return "tagged" if self.folder is not None and self.dialect == "auto" else self.dialect

    @model_validator(mode="after")
    def _as_checkpoints_can(self) -> Self:
        if self.folder is not None and self.dialect == "json":
            raise ValueError(f'{self.model} takes no JSON schema; set dialect to "auto" or "tagged"')
        if self.folder is None and self.checkpoint:
            raise ValueError(f'checkpoint goes with model = "hf:..." (got "{self.model}")')
        return self


class Asking(TeacherRecipe):
    """The teacher of the first answer, and of what no other is named for; the shape of the conversation."""

    rollouts: int = Field(default=1, ge=1, le=64)
    guided: bool | Literal["shuffled"] = False
    """Hands the truth to the reflection, and to nothing else; `shuffled`: another clip's truth, as a control."""


Role: TypeAlias = Literal["teacher", "reflector", "reviser", "checker"]
"""Who gives the first answer, the reflection, the revision; who is asked to check them."""
ROLES: tuple[Role, ...] = get_args(Role)


class Checks(Record):
    """What else is asked about a revised answer before it is judged; each check is off unless it is switched on."""

    reanswer: bool = False
    """A fresh answer from the frames of the revised spans alone."""
    counterfactual: bool = False
    """A fresh answer from the frames that the revised spans leave."""
    critic: Literal["off", "text", "frames"] = "off"
    """Whether the errors that the reflection names are real, by the texts alone or with the frames."""
    frames: int = Field(default=8, ge=1, le=64)
    """Frames of the revised spans that the fresh answer is given from."""

    @property
    def on(self) -> bool:
        """Whether any of them is."""
        return self.reanswer or self.counterfactual or self.critic != "off"


class PromptsRecipe(Record):
    """Where the prompts come from."""

    folder: Path | None = None
    """A folder whose .md files replace those of the same name that ship with rocot. Relative to the recipe's file."""


Share = Annotated[float, Field(gt=0, le=1)]


class Shares(Record):
    """The most of the kept rows that may be of a kind, 0 to 1. Each kept row is of one kind."""

    corrected: Share | None = None
    """Anomalous footage, wrong and then right."""
    confirmed: Share | None = None
    """Anomalous footage, right and then right."""
    normal: Share | None = None
    """Normal footage, whatever its outcome."""

    @model_validator(mode="after")
    def _enough(self) -> Self:
        given = [share for _, share in self if share is not None]
        if len(given) == len(type(self).model_fields) and sum(given) < 1 - 1e-9:
            raise ValueError(f"all shares are given and come to {sum(given):g}; they must come to 1 at least")
        return self


class Mix(Record):
    """What of the judged rows is kept for training; every judged row is published, kept or not."""

    keep: tuple[Outcome, ...] = ("confirmed", "corrected")
    seed: int = Field(default=0, ge=0)
    """Another seed draws other rows where not all are kept."""
    per_video: int | None = Field(default=None, ge=1)
    """Rows of one source video, at most."""
    per_source: int | None = Field(default=None, ge=1)
    """Rows of one dataset, at most."""
    per_class: int | None = Field(default=None, ge=1)
    """Rows of one true class, at most; a row with several counts in each."""
    shares: Shares = Shares()

    @property
    def chooses(self) -> bool:
        """Whether it may leave out rows whose outcome it wants."""
        return self.shares != Shares() or any((self.per_video, self.per_source, self.per_class))


class Recipe(Record):
    """A release, from its sources to its mix."""

    release: Release
    sources: tuple[SourceRecipe, ...] = Field(min_length=1)
    task: TaskRecipe = TaskRecipe()
    windows: Windows = Windows()
    frames: FramesRecipe = FramesRecipe()
    teacher: Asking = Asking()
    reflector: TeacherRecipe | None = None
    """Who reflects; the teacher where it is not given."""
    reviser: TeacherRecipe | None = None
    """Who revises; the teacher where it is not given."""
    checks: Checks = Checks()
    checker: TeacherRecipe | None = None
    """Who is asked by the checks; the teacher where it is not given."""
    prompts: PromptsRecipe = PromptsRecipe()
    gate: Gate = Gate()
    mix: Mix = Mix()
    allow_leaks: str = Field(default="", max_length=500)
    """Why videos of an official test split are taken for training all the same; empty: they are not."""
    withdrawn: tuple[Withdrawn, ...] = ()
    """Videos and clips that are never made again, and stand in no release; `rocot withdraw` writes them."""

    @property
    def withdrawn_ids(self) -> frozenset[str]:
        """Of videos, `<source>/<video>`, and of clips."""
        return frozenset(one.id for one in self.withdrawn)

    @property
    def asked(self) -> dict[Role, TeacherRecipe]:
        """Who plays which role; the checker none where all checks are off."""
        asked: dict[Role, TeacherRecipe] = {
            "teacher": self.teacher,
            "reflector": self.reflector or self.teacher,
            "reviser": self.reviser or self.teacher,
        }
        return asked | {"checker": self.checker or self.teacher} if self.checks.on else asked

    @model_validator(mode="after")
    def _checks_that_can(self) -> Self:
        if self.task.kind != "grounding" and (self.checks.reanswer or self.checks.counterfactual):
            raise ValueError(
                "checks.reanswer and checks.counterfactual look at the spans of an answer, which the task grounding"
                f' alone has (got "{self.task.kind}"); checks.critic goes with every task'
            )
        if self.checks.critic != "off" and self.asked["checker"].model == "embedded":
            raise ValueError(
                "checks.critic: embedded measures frames and understands no text, so it cannot judge a reflection;"
                ' name a [checker] with another model, or set critic = "off"'
            )
        return self

    @model_validator(mode="after")
    def _named_apart(self) -> Self:
        named = [(source.name, source.split if isinstance(source, Folder) else "") for source in self.sources]
        twice = {name for name, split in named if named.count((name, split)) > 1}
        if twice:
            raise ValueError(f"two sources have one name: {', '.join(sorted(twice))}")
        return self

    @model_validator(mode="after")
    def _who_can(self) -> Self:
        unable = [role for role, who in self.asked.items() if who.model == "embedded"]
        if unable and self.task.kind in {"qa", "reasoning"}:
            raise ValueError(
                f'the embedded {unable[0]} answers the tasks grounding and classification (got "{self.task.kind}");'
                ' it knows no language: name a model, as in model = "openai:..."'
            )
        return self

    @model_validator(mode="after")
    def _questions_to_ask(self) -> Self:
        asked = [s.name for s in self.sources if isinstance(s, Folder) and s.questions is not None]
        mute = [s.name for s in self.sources if isinstance(s, Scenes) or (isinstance(s, Folder) and not s.questions)]
        if self.task.kind == "qa" and mute:
            raise ValueError(
                f"the source {mute[0]} has no questions; take a manifest that has some (rocot import vau-bench),"
                " or give a folder a CSV of questions"
            )
        if self.task.kind != "qa" and asked:
            raise ValueError(f'the questions of {asked[0]} go with task.kind = "qa" (got "{self.task.kind}")')
        return self

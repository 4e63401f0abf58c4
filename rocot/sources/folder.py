"""Any folder of videos, with a CSV of what is known of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rocot.core.span import Span
from rocot.core.task import Question
from rocot.core.truth import NORMAL, Truth
from rocot.errors import ConfigError, VideoError
from rocot.sources import questions as quiz
from rocot.sources.annotations import Annotations, read
from rocot.sources.footage import Footage
from rocot.sources.known.commons import commons
from rocot.sources.listing import Counted, ahead
from rocot.sources.names import SUFFIXES, is_there, printable
from rocot.sources.parted import Takes, every
from rocot.sources.protocol import Skipped, Video
from rocot.video.protocol import FrameReader

VAU_BENCH = (
    NORMAL,
    "Abuse",
    "Agriculture",
    "Arrest",
    "Arson",
    "Assault",
    "Explosion",
    "Fighting",
    "Fire",
    "Food Safety",
    "Medical Abnormality",
    "Natural Hazard",
    "Object_falling",
    "People_falling",
    "Robbery",
    "Shooting",
    "Stealing",
    "Traffic_accident",
    "Vandalism",
    "Water_incident",
)
"""The classes of VAU-Bench (arXiv 2505.23504), as its files spell them; for videos of which no label is known."""

SLACK = 1.0
"""Seconds that a span may reach past the end, where annotators counted frames differently; what is past is cut off."""
LONGEST_ID = 400
"""Characters."""


class FolderSource:
    """A folder of videos, sub-folders included, as one split of a dataset; it may lie at a URL.

    Names that start with a dot are left out. A video's id is its path in the folder without the suffix; with it where
    two videos would share one. A video that the CSV does not name has no truth.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - a folder's section of the recipe, and who opens its files
        self,
        name: str,
        videos: Footage,
        annotations: Path | None,
        split: str,
        classes: tuple[str, ...],
        reader: FrameReader,
        *,
        questions: Path | None = None,
        salvage: bool = False,
        takes: Takes = every,
    ) -> None:
        """`annotations`: see rocot.sources.annotations. `classes`: empty for the CSV's labels, else VAU-Bench's.

        `questions`: see rocot.sources.questions. `salvage`: takes damaged videos at their index's word.
        `takes`: which of the videos are wanted, by their ids; no others are opened.
        """
        self.name = name
        self._footage = videos
        self._annotations = annotations
        self._split = split
        self._given = classes
        self._reader = reader
        self._questions = questions
        self._salvage = salvage
        self._takes = takes

    def videos(self, split: str) -> Iterator[Video | Skipped]:
        """The videos in order of their paths; none where the folder is another split.

        The folder and the CSV are read at once: ConfigError for what is wrong with either. Files are opened as they
        come, several ahead; one that cannot be used is Skipped.
        """
        if split != self._split:
            return iter(())
        footage = self._footage
        known = read(self._annotations, self._given) if self._annotations else Annotations({}, ())
        asked = quiz.read(self._questions) if self._questions else {}
        found = footage.found()
        named = {path for path in known.truths if footage.holds(path)}
        _check_asked(asked, self._questions, footage)
        if not found and not named:
            raise ConfigError(
                f"{footage}: no videos in it; put some there, or name another folder (looked for {', '.join(SUFFIXES)})"
            )
        if known.truths and not named:
            raise ConfigError(
                f"{self._annotations}: none of its {len(known.truths)} paths lies in {footage};"
                f" paths are relative to that folder (the first is {next(iter(known.truths))!r})"
            )
        paths = sorted({*found, *known.truths, *asked})
        classes = _classes(self._given, known)
        ids = _ids(paths)
        look = _Look(self.name, split, footage, classes, known.truths, asked, ids, self._reader, self._salvage)
        wanted = [path for path in paths if self._takes(ids[path])]
        return Counted(ahead(look, wanted), len(wanted))


@dataclass(frozen=True)
class _Look:
    """Looks at one file."""

    source: str
    split: str
    footage: Footage
    classes: tuple[str, ...]
    truths: dict[str, Truth]
    asked: dict[str, tuple[Question, ...]]
    ids: dict[str, str]
    reader: FrameReader
    salvage: bool

    def __call__(self, path: str) -> Video | Skipped:
        name = printable(self.ids[path])
        try:
            return self._video(path)
        except VideoError as error:
            return Skipped(id=name, source=self.source, reason=error.reason, detail=error.detail)

    def _video(self, path: str) -> Video:
        if printable(path) != path or len(self.ids[path]) > LONGEST_ID:
            raise VideoError("unusable name", f"at most {LONGEST_ID} characters of UTF-8, no control characters")
        whole = self.footage.bring(path)
        if not is_there(whole):
            raise VideoError("missing file", f"{path} is not in the folder of videos")
        if not whole.resolve().is_relative_to(self.footage.root):
            raise VideoError("outside the folder", f"{path} is a link to a place outside the folder of videos")
        if whole.is_dir():
            raise VideoError("linked folder", f"{path} is a link to a folder; such links are not followed")
        facts = self.reader.probe(whole, salvage=self.salvage)
        return Video(
            id=self.ids[path],
            source=self.source,
            split=self.split,
            path=str(whole),
            duration=facts.duration,
            mark=self.footage.mark(path),
            classes=self.classes,
            common=commons(self.classes),
            truth=_fitted(self.truths.get(path, Truth()), facts.duration),
            questions=self.asked.get(path, ()),
        )


def _check_asked(asked: dict[str, tuple[Question, ...]], path: Path | None, footage: Footage) -> None:
    """Raises ConfigError where no question is about a video that is there."""
    if asked and not any(map(footage.holds, asked)):
        raise ConfigError(
            f"{path}: none of its {len(asked)} paths lies in {footage};"
            f" paths are relative to that folder (the first is {next(iter(asked))!r})"
        )


def _ids(paths: Iterable[str]) -> dict[str, str]:
    """Paths without their suffixes; whole where that is not unique."""
    ids = {path: str(PurePosixPath(path).with_suffix("")) for path in paths}
    while True:
        owners: dict[str, list[str]] = {}
        for path, name in ids.items():
            owners.setdefault(name, []).append(path)
        clashing = [path for sharing in owners.values() if len(sharing) > 1 for path in sharing if ids[path] != path]
        if not clashing:
            return ids
        ids.update({path: path for path in clashing})


def _classes(given: tuple[str, ...], known: Annotations) -> tuple[str, ...]:
    if given or known.labels:
        return tuple(dict.fromkeys((NORMAL, *(given or known.labels))))
    return VAU_BENCH


def _fitted(truth: Truth, duration: float) -> Truth:
    """With spans that end where the video does. VideoError (`span past the end`) where they reach beyond the slack."""
    if not truth.spans:
        return truth
    for span in truth.spans:
        if span.end > duration + SLACK or span.start >= duration:
            said = f"a span of {span.start:g} to {span.end:g} s, and the video ends at {duration:.2f} s"
            raise VideoError("span past the end", said)
    return truth.model_copy(
        update={"spans": tuple(Span(start=span.start, end=min(span.end, duration)) for span in truth.spans)}
    )

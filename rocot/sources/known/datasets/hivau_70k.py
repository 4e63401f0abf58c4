"""HIVAU-70k: events, clips and summaries of UCF-Crime's videos, and the instructions that were made of them."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated as Bound
from typing import Literal

from pydantic import AliasChoices, Field

from rocot.core.truth import NORMAL
from rocot.sources.known.annotated import Annotated
from rocot.sources.known.dataset import Dataset
from rocot.sources.known.datasets.ucf_crime import label_of
from rocot.sources.known.files import Files
from rocot.sources.known.shapes import Shape, line_of, shaped, table_of
from rocot.sources.known.texts import Texts

LISTS = {"train": "train (UCF-Crime part)", "test": "test (UCF-Crime part)"}
"""The native split by the word that ends the names of its files."""

_PATH = re.compile(r"(ucf-crime|xd-violence)/(?:videos|events|clips)/(?:train|test)/(.{1,300})\.mp4")
_PART = re.compile(r"(.+)_E([0-9]{1,4})(?:C([0-9]{1,4}))?")

Interval = Bound[list[float], Field(min_length=2, max_length=2)]


class _Texts(Shape):
    judgement: str | None = None
    description: str | None = None
    analysis: str | None = None


class _Video(Shape):
    """What the database says of a video; times in seconds, a list of clips and their captions an event."""

    n_frames: int = Field(gt=0, le=100_000_000)
    fps: float = Field(ge=0.1, le=1000)
    label: list[str]
    events: list[Interval]
    clips: list[list[Interval]] = Field(default_factory=list)
    clips_caption: list[list[str]] = Field(default_factory=list)
    events_summary: list[str] = Field(default_factory=list)
    video_summary: str = ""
    events_summary_split: list[_Texts] = Field(default_factory=list)
    video_summary_split: _Texts = _Texts()


class _Line(Shape):
    """An instruction."""

    type: Literal["video", "event", "clip"]
    task: Literal["caption", "judgement", "description", "analysis"]
    video: str
    prompt: str
    answer: str = Field(validation_alias=AliasChoices("anwser", "answer"))
    """Misspelt in the file."""


@dataclass(frozen=True)
class _Database:
    """One of the files, while it is read."""

    files: Files
    path: Path
    split: str

    def fault(self, name: str, fault: str) -> None:
        line = line_of(self.files, self.path, name)
        self.files.fault(self.files.name(self.path), line, f"{name[:100]!r}: {fault}")


def read(files: Files, about: Dataset) -> Iterator[Annotated]:
    """The videos of the databases that are there, train before test."""
    databases = {word: files.find(f"ucf_database_{word}.json") for word in LISTS}
    if not any(databases.values()):
        files.need("ucf_database_test.json", "ucf_database_train.json")
    for word, split in LISTS.items():
        path = databases[word]
        if path is None:
            files.note(f"ucf_database_{word}.json", f"not in the folder, so there are no videos of the split {split}")
            continue
        part = _Database(files, path, split)
        videos = dict(_videos(part, about))
        instructions = _instructions(files, files.find(f"merge_instruction_{word}_final.jsonl"), videos)
        for name, video in videos.items():
            yield _said(part, name, video, instructions.get(name, []))
        if other := files.find(f"xd_database_{word}.json"):
            files.note(files.name(other), "not read: rocot has never seen this file, and knows only UCF-Crime's part")


def _videos(part: _Database, about: Dataset) -> Iterator[tuple[str, _Video]]:
    for name, value in table_of(part.files, part.path).items():
        video = shaped(value, _Video)
        if isinstance(video, str):
            part.fault(name, video)
        elif label_of(name, about) is None:
            part.fault(name, "no name of a video of UCF-Crime")
        elif strange := [label for label in video.label if label not in about.classes]:
            part.fault(name, f"{strange[0][:40]!r} is no class of it")
        elif fault := _uneven(video):
            part.fault(name, fault)
        else:
            yield name, video


def _uneven(video: _Video) -> str | None:
    """What is wrong where the lists do not go together, or an event's times do not; None where they do."""
    for start, end in video.events:
        if start >= end:
            return f"the event {start:g} to {end:g} s ends before it starts"
    events = len(video.events)
    for what in ("clips", "clips_caption", "events_summary", "events_summary_split"):
        count = len(getattr(video, what))
        if count not in (0, events):
            return f"{count} {what} for {events} events"
    for clips, captions in zip(video.clips, video.clips_caption, strict=False):
        if len(clips) != len(captions):
            return f"{len(captions)} captions for {len(clips)} clips"
    return None


def _said(part: _Database, name: str, video: _Video, instructions: Sequence[_Line]) -> Annotated:
    texts = Texts(video.n_frames / video.fps, once=True)
    corrections = _repeated(video)
    _tell(texts, video)
    for line in instructions:
        texts.add(
            f"instruction, {line.type} {line.task}",
            f"{line.prompt.strip()}\n{line.answer.strip()}",
            _interval(video, line.video),
        )
    normal = not video.label
    return Annotated(
        id=name,
        video=f"ucf-crime/{name}",
        split=part.split,
        file=f"{name}.mp4",
        labels=(NORMAL,) if normal else tuple(dict.fromkeys(video.label)),
        intervals=() if normal else tuple((start, end) for start, end in video.events) or None,
        frames=video.n_frames,
        fps=video.fps,
        passages=texts.passages,
        corrections=(*corrections, *texts.corrections),
        said=f"{part.files.name(part.path)}: {name}",
    )


def _repeated(video: _Video) -> list[str]:
    """A word on every event that stands there again with another end. The spans are joined later."""
    made: list[str] = []
    for index, (start, end) in enumerate(video.events):
        for other, longer in video.events[:index]:
            if start == other and end <= longer:
                made.append(f"event {start:g} to {end:g} s repeats event {start:g} to {longer:g} s: joined")
                break
    return made


def _tell(texts: Texts, video: _Video) -> None:
    if video.video_summary:
        texts.add("video summary", video.video_summary)
    for what, text in _parts(video.video_summary_split):
        texts.add(f"video {what}", text)
    for index, (start, end) in enumerate(video.events):
        for summary in video.events_summary[index : index + 1]:
            texts.add("event summary", summary, (start, end))
        for split in video.events_summary_split[index : index + 1]:
            for what, text in _parts(split):
                texts.add(f"event {what}", text, (start, end))
    for clips, captions in zip(video.clips, video.clips_caption, strict=False):
        for (start, end), caption in zip(clips, captions, strict=True):
            texts.add("clip caption", caption, (start, end))


def _parts(texts: _Texts) -> Iterator[tuple[str, str]]:
    for what in ("judgement", "description", "analysis"):
        text = getattr(texts, what)
        if text is not None:
            yield what, text


def _instructions(files: Files, path: Path | None, videos: Mapping[str, _Video]) -> dict[str, list[_Line]]:
    """The lines about videos that are in the database; the others are counted."""
    made: dict[str, list[_Line]] = {}
    if path is None:
        return made
    left: Counter[str] = Counter()
    for line in files.lines(path):
        read = shaped(files.parse(path, line.number, line.text), _Line)
        if isinstance(read, str):
            files.fault(files.name(path), line.number, read)
            continue
        found = _PATH.fullmatch(read.video)
        if found is None:
            wanted = "want ucf-crime/events/test/Abuse028_x264_E0.mp4 or its like"
            files.fault(files.name(path), line.number, f"{wanted} (got {read.video[:100]!r})")
            continue
        part = _PART.fullmatch(found[2])
        name = part[1] if part else found[2]
        if found[1] == "ucf-crime" and name in videos:
            made.setdefault(name, []).append(read)
        else:
            left[found[1]] += 1
    if left:
        counts = ", ".join(f"{count:,} of {dataset}" for dataset, count in sorted(left.items()))
        files.note(files.name(path), f"lines left out, since their videos are not in the database: {counts}")
    return made


def _interval(video: _Video, path: str) -> tuple[float, float] | None:
    """Of the event or clip that an instruction's file stands for (`..._E1`, `..._E1C0`); None for a whole video."""
    part = _PART.fullmatch(path.removesuffix(".mp4"))
    if part is None or int(part[2]) >= len(video.events):
        return None
    event = int(part[2])
    if part[3] is None:
        start, end = video.events[event]
        return start, end
    clips = video.clips[event] if event < len(video.clips) else []
    if int(part[3]) >= len(clips):
        return None
    start, end = clips[int(part[3])]
    return start, end

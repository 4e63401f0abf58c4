"""What `rocot evaluate` reads: the benchmark, and whose answers are held against it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rocot.cli.examining import Examination, Sheets, sit
from rocot.cli.filming import held
from rocot.cli.hearing import Hearing, hear_dataset, hear_release
from rocot.cli.judging import Judging, judge
from rocot.cli.options import RUNS
from rocot.cli.runs import is_run
from rocot.cli.sheets import Clips, Films
from rocot.cli.training import installed
from rocot.core.row import Row
from rocot.core.task import Task
from rocot.errors import ConfigError
from rocot.evaluate.answered import match
from rocot.evaluate.benchmarks import entries_of, from_manifest, from_rows, records, suite
from rocot.evaluate.case import Benchmark
from rocot.evaluate.prediction import Prediction
from rocot.evaluate.reading import read_predictions
from rocot.evaluate.result import Result, evaluate
from rocot.evaluate.rows import of_clips, of_videos
from rocot.evaluate.vau_eval import texts, vau_eval
from rocot.machine import Machine
from rocot.recipe import placed
from rocot.release.rows import rows_at
from rocot.sources.known.files import Files
from rocot.sources.manifest.file import Manifest, read
from rocot.video.protocol import Look

OWN = "release:"
"""What the name of a release's own split begins with."""


@dataclass(frozen=True)
class On:
    """What answers are held against."""

    benchmark: str
    annotations: Path | None
    manifest: Path | None
    release: Path | None

    @property
    def split(self) -> str | None:
        """Of a release's own clips, their split; None for a dataset."""
        return self.benchmark.removeprefix(OWN) if self.benchmark.startswith(OWN) else None


@dataclass(frozen=True)
class Exam:
    """What a student is asked."""

    checkpoint: Path
    videos: tuple[str, ...]
    task: Task | None
    """None for what it learnt first."""
    think: bool
    together: int
    to: Path | None


@dataclass(frozen=True)
class Answers:
    """What is held against what."""

    benchmark: Benchmark
    predictions: Sequence[Prediction]
    notes: Sequence[str] = ()


def given(predictions: Path, on: On) -> Answers:
    """Predictions that are there. Raises ConfigError and StoreError."""
    benchmark = _benchmark(on, predictions)
    said, left_out = _predictions(predictions, on)
    notes = (f"{left_out} rows of windows or of controls answer for no whole video and stand in no measure",)
    return Answers(benchmark, said, notes * bool(left_out))


def examined(exam: Exam, on: On, machine: Machine) -> Answers:
    """Has a student answer. Raises ConfigError and StoreError."""
    installed()
    benchmark, asked, cases = _own(exam, on, machine) if on.split is not None else _dataset(exam, on, machine)
    examination = Examination(
        checkpoint=exam.checkpoint,
        benchmark=benchmark,
        asked=asked,
        cases=cases,
        think=exam.think,
        together=exam.together,
        to=exam.to,
    )
    sat = sit(examination)
    return Answers(benchmark, sat.predictions, sat.notes)


def heard(hearing: Hearing, on: On) -> Answers | int:
    """Has a teacher answer; the exit code where a signal has ended it. Raises ConfigError and what a run raises."""
    if on.split is None:
        made = _records(on)
        came = hear_dataset(hearing, on.benchmark, made)
        if isinstance(came, int):
            return came
        said, _ = of_videos(rows_at(came.release))
        return Answers(from_manifest(on.benchmark, made), said, came.notes)
    place = _own_place(on, None)
    came = hear_release(hearing, on.benchmark, on.split, place)
    if isinstance(came, int):
        return came
    return Answers(from_rows(rows_at(place), on.split), of_clips(rows_at(came.release), on.split), came.notes)


def measure(answers: Answers, judging: Judging | None) -> Result | int:
    """Holds answers against the truth, and has their texts rated where there is a judge.

    The exit code where a signal has ended it. Raises ConfigError and what a run raises.
    """
    benchmark, said = answers.benchmark, answers.predictions
    result = evaluate(benchmark, said)
    result = result.model_copy(update={"notes": (*result.notes, *answers.notes)})
    if judging is None:
        return result
    if not any(case.reference for case in benchmark.cases):
        raise ConfigError(f"--judge: {benchmark.name} tells nothing of its videos to rate by; VAU-Bench does")
    pairs = match(benchmark, said).pairs
    told = texts(pairs)
    if not told:
        raise ConfigError("--judge: no answer has a text to rate; predictions want the key `said`")
    judged = judge(judging, list(told.values()))
    if isinstance(judged, int):
        return judged
    return result.model_copy(update={"vau_eval": vau_eval(pairs, judging.judge, judged.ratings, judged.failed)})


def _own(exam: Exam, on: On, machine: Machine) -> tuple[Benchmark, Sheets, int]:
    """A release's clips, asked as its teacher was."""
    if exam.task is not None:
        raise ConfigError(f"--task: --on {on.benchmark[:80]} asks what the release asked; leave it")
    place = _own_place(on, None)
    rows = list(_first_of(rows_at(place), on.split or ""))
    benchmark = from_rows(rows, on.split or "")
    if not exam.think and any(row.task != "qa" for row in rows):
        raise ConfigError("--without-think is for questions with options, and the release has others")
    return benchmark, Clips(held(place), rows, exam.videos, machine), len(rows)


def _first_of(rows: Iterable[Row], split: str) -> Iterator[Row]:
    """One row a clip of a split, and none of a control."""
    seen: set[str] = set()
    for row in rows:
        if row.split == split and row.handed is None and row.clip not in seen:
            seen.add(row.clip)
            yield row


def _dataset(exam: Exam, on: On, machine: Machine) -> tuple[Benchmark, Sheets, int]:
    """A dataset's videos, from a folder."""
    from rocot.student.card import read_card

    card = read_card(exam.checkpoint)
    task = exam.task or card.taught.tasks[0]
    if len(exam.videos) != 1:
        raise ConfigError(f"--on {on.benchmark}: name the folder of its videos with --videos, once")
    if not exam.think and task != "qa":
        raise ConfigError(f"--without-think is for questions with options, --task qa; this is {task}")
    made = _records(on)
    benchmark = from_manifest(on.benchmark, made)
    cases = sum(task != "qa" or bool(case.options) for case in benchmark.cases)
    if not cases:
        raise ConfigError(f"--on {on.benchmark}: it has no questions with options")
    look = Look(height=card.taught.height, quality=card.taught.quality)
    films = Films(
        benchmark=benchmark,
        entries=entries_of(on.benchmark, made),
        folder=placed(exam.videos[0]),
        task=task,
        count=card.frames,
        look=look,
        machine=machine,
    )
    return benchmark, films, cases


def _benchmark(on: On, predictions: Path) -> Benchmark:
    if on.split is not None:
        return from_rows(rows_at(_own_place(on, predictions)), on.split)
    return from_manifest(on.benchmark, _records(on))


def _own_place(on: On, predictions: Path | None) -> Path:
    """Where the rows of a release's own clips lie."""
    if on.annotations or on.manifest:
        raise ConfigError(
            f"--on {on.benchmark[:80]}: its truth is the release's own; leave --annotations and --manifest"
        )
    named = on.release or predictions
    place = None if named is None else _place(named)
    if place is None or not _holds_rows(place):
        raise ConfigError(f"--on {on.benchmark[:80]}: name the run or release with --release")
    return place


def _records(on: On) -> Manifest:
    dataset = suite(on.benchmark).dataset
    if on.release is not None:
        raise ConfigError("--release: only --on release:SPLIT takes its cases from one")
    if (on.annotations is None) == (on.manifest is None):
        raise ConfigError(
            f"--on {on.benchmark}: name the folder of {dataset}'s official files with --annotations, or with"
            " --manifest what `rocot import` made of them"
        )
    if on.manifest is not None:
        return read(on.manifest)
    assert on.annotations is not None
    return records(on.benchmark, Files(on.annotations))


def _predictions(path: Path, on: On) -> tuple[list[Prediction], int]:
    """And how many rows of them can say nothing about the benchmark's cases."""
    place = _place(path)
    if not _holds_rows(place):
        return read_predictions(place), 0
    if on.split is not None:
        return of_clips(rows_at(place), on.split), 0
    return of_videos(rows_at(place))


def _place(path: Path) -> Path:
    return RUNS / path if not path.exists() and is_run(RUNS / path) else path


def _holds_rows(path: Path) -> bool:
    return path.is_dir() or path.suffix == ".parquet"

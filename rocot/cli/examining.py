"""`rocot evaluate CHECKPOINT`: the student answers a benchmark's questions; what it has said is kept as it says it."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rocot.checkpoint import digest_of, named
from rocot.cli.closing import left_out_table
from rocot.cli.gauge import gauge
from rocot.cli.screen import aside, lasting
from rocot.cli.sheets import Sheet, Shown, Wanted, new_ones
from rocot.core.record import digest
from rocot.errors import VideoError
from rocot.evaluate.case import Benchmark
from rocot.evaluate.completions import THOUGHTLESS, Reading, read_all
from rocot.evaluate.notebook import Answer, Notebook
from rocot.evaluate.prediction import Prediction
from rocot.sources.manifest.file import write_jsonl

if TYPE_CHECKING:
    from rocot.student.answer import Asked, Student

EVALUATIONS = Path("evaluations")
PREDICTIONS = "predictions.jsonl"


class Sheets(Protocol):
    """The questions of a benchmark."""

    def sheets(self, wanted: Wanted, /) -> AbstractContextManager[Iterator[Sheet]]:
        """Those that are wanted, with their frames."""


@dataclass(frozen=True)
class Examination:
    """A student and what it is asked."""

    checkpoint: Path
    benchmark: Benchmark
    asked: Sheets
    cases: int
    """How many questions there are."""
    think: bool
    """Whether it may think before it answers; without, of the task qa alone."""
    together: int
    """Questions that are answered at once."""
    to: Path | None
    """Where the answers are kept."""

    @property
    def folder(self) -> Path:
        """Where the answers are kept."""
        name = f"{self.checkpoint.resolve().name}-{self.benchmark.name}".replace("/", "-").replace(":", "-")
        return self.to or EVALUATIONS / name


@dataclass
class Sat:
    """What came of it."""

    predictions: Sequence[Prediction]
    notes: Sequence[str]


def sit(examination: Examination) -> Sat:
    """Has all questions answered that are not yet, and reads the answers. Raises ConfigError, StoreError."""
    from rocot.student.card import read_card

    card, started = read_card(examination.checkpoint), time.monotonic()
    own = digest_of(examination.checkpoint)
    known: dict[str, tuple[Sheet, str]] = {}
    unseen: Counter[str] = Counter()
    there: list[str] = []  # several threads ask what is wanted

    def key_of(sheet: Sheet) -> str:
        hangs_on = [own, sheet.case, sheet.task, list(sheet.classes), sheet.question, sheet.of, examination.think]
        return digest([*hangs_on, card.recipe.grpo.longest])

    with Notebook(examination.folder) as notebook:

        def wanted(sheet: Sheet) -> bool:
            key = key_of(sheet)
            known[sheet.case] = sheet, key
            if notebook.get(key) is None:
                return True
            there.append(key)
            return False

        fresh = _Fresh(examination, notebook)
        with examination.asked.sheets(wanted) as sheets, gauge("questions") as tell:
            for some in _gathered(sheets, examination.together, unseen):
                fresh.answer([(sheet, known[sheet.case][1]) for sheet in some])
                tell(len(there) + fresh.answered + unseen.total(), examination.cases)
    readings = list(_readings(examination.benchmark, known, notebook))
    predictions, unread = read_all(readings, card.recipe.data.form, think=examination.think)
    write_jsonl(examination.folder / PREDICTIONS, predictions)
    spent = f"{fresh.answered:,} answered in {lasting(time.monotonic() - started)}, {fresh.tokens:,} tokens"
    aside().print(
        f"{named(examination.checkpoint.resolve(), own)}: {spent}; {len(there):,} were there, in {examination.folder}"
    )
    if unseen:
        left_out_table(aside(), unseen, "questions that could not be asked", "cases")
    notes = [
        *_notes(unread, len(readings), "answers cannot be read"),
        *_notes(unseen, examination.cases, "cases have no frames, and were not asked"),
        *_notes(fresh.unlooked, fresh.answered, "closer looks have no frames"),
    ]
    return Sat(predictions, notes)


def _readings(benchmark: Benchmark, known: Mapping[str, tuple[Sheet, str]], notebook: Notebook) -> Iterator[Reading]:
    """What was answered, in the benchmark's order."""
    for case in benchmark.cases:
        sheet, key = known.get(case.id, (None, ""))
        answer = notebook.get(key)
        if sheet is not None and answer is not None:
            yield Reading(case.id, sheet.task, sheet.classes, answer.text, answer.whole)


def _notes(reasons: Counter[str], of: int, what: str) -> Iterator[str]:
    if reasons:
        told = ", ".join(f"{count:,} {reason}" for reason, count in reasons.most_common())
        yield f"{reasons.total():,} of {of:,} {what}: {told}"


def _gathered(sheets: Iterator[Sheet], many: int, unseen: Counter[str]) -> Iterator[list[Sheet]]:
    """Sheets with frames, so many at once; those without are counted."""
    some: list[Sheet] = []
    for sheet in sheets:
        if isinstance(sheet.shown, VideoError):
            unseen[sheet.shown.reason] += 1
            continue
        some.append(sheet)
        if len(some) == many:
            yield some
            some = []
    if some:
        yield some


class _Fresh:
    """Answers sheets. The student is loaded when the first one comes: where all is answered, it need not be."""

    def __init__(self, examination: Examination, notebook: Notebook) -> None:
        self._examination = examination
        self._notebook = notebook
        self.unlooked: Counter[str] = Counter()
        self._student: Student | None = None
        self.answered = 0
        self.tokens = 0

    def answer(self, sheets: Sequence[tuple[Sheet, str]]) -> None:
        """Has them answered, each kept under its key before this returns."""
        from rocot.student.answer import Asked, Student  # torch and its kin, once all else is well
        from rocot.student.writing import Draw

        if self._student is None:
            self._student = Student.load(self._examination.checkpoint)
        student, think = self._student, self._examination.think
        begun = "" if think else THOUGHTLESS
        asked: list[Asked] = []
        for sheet, _ in sheets:
            assert isinstance(sheet.shown, Shown)
            asked.append(Asked.of(sheet.shown.times, sheet.shown.jpegs, sheet.question, begun))
        draws = [Draw()] * len(asked)
        made = student.write(asked, draws, until="" if think else "</answer>")
        answers = [
            Answer(key=key, case=sheet.case, text=one.text, whole=one.whole, tokens=one.tokens)
            for (sheet, key), one in zip(sheets, made, strict=True)
        ]
        if think:
            answers = self._looked_again(student, sheets, asked, answers)
        self._notebook.add(answers)
        self.answered += len(answers)
        self.tokens += sum(one.tokens for one in answers)

    def _looked_again(
        self,
        student: "Student",
        sheets: Sequence[tuple[Sheet, str]],
        asked: "Sequence[Asked]",
        answers: Sequence[Answer],
    ) -> list[Answer]:
        """The answers, each that asks for a closer look with what is said after it."""
        made = list(answers)
        for at, ((sheet, _), first) in enumerate(zip(sheets, answers, strict=True)):
            assert isinstance(sheet.shown, Shown)
            shown = sheet.shown
            times = student.looks_again(first.text, sheet.task, sheet.classes, shown.start, shown.end)
            try:
                stills = shown.closer(times) if times else ()
            except VideoError as error:
                self.unlooked[error.reason] += 1
                continue
            fresh = new_ones(shown.times, stills)
            if fresh:
                times = tuple(still.time for still in fresh)
                (one,) = student.complete([asked[at].closer(first.text, times, [still.jpeg for still in fresh])])
                made[at] = first.model_copy(update={"text": f"{first.text}\n{one}", "looked": times})
        return made

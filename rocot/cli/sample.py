"""One sample for the eyes: a timeline of truth and answers, then what was said."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from rocot.cli.screen import heading
from rocot.core.answer import Answer, Reflection
from rocot.core.row import Row
from rocot.core.span import Span
from rocot.core.task import letter

STYLES = {"confirmed": "green", "corrected": "green", "unresolved": "yellow", "corrupted": "red", "ungraded": "dim"}
"""How an outcome is coloured; its word always stands there as well."""

_NAMES = 10
"""Columns for the names of the timeline's rows."""


def sample(row: Row, width: int) -> RenderableType:
    """The whole sample, `width` columns wide."""
    return Group(
        Text.assemble((row.id, "bold"), "   ", (row.outcome, STYLES[row.outcome])),
        Text(_about(row), style="dim"),
        *_asked(row),
        "",
        *_timeline(row, max(20, width - _NAMES - 1)),
        "",
        *told_answer("Initial reasoning", row.initial, _grade(row.scores.initial_right, row.scores.initial_tiou)),
        "",
        *told_reflection(row.reflection),
        "",
        *told_answer("Revised reasoning", row.revised, _grade(row.scores.revised_right, row.scores.revised_tiou)),
        *_checks(row),
        *([""] if row.faults else []),
        *(
            Text(f"Gate: {fault.rule}: {fault.detail}", style="red" if fault.severity == "reject" else "yellow")
            for fault in row.faults
        ),
    )


def _about(row: Row) -> str:
    made = {row.provenance.initial.model: None, row.provenance.reflection.model: None}
    kept = "kept for training" if row.kept else "not kept for training"
    frames = f"{len(row.frame_times)} frames"
    frames += f" and {len(row.relook_times)} of a closer look" if row.relook_times else ""
    frames += f" ({len(row.lost_times)} lost to damage)" if row.lost_times else ""
    return (
        f"{row.clip_start:.2f}-{row.clip_end:.2f} s of {row.video}, {frames}, split {row.split}, "
        f"{' and '.join(made)}, graded on {row.graded_on}, {kept}"
    )


def _asked(row: Row) -> Iterator[RenderableType]:
    """The question with its options, where the sample is about one; the right one is marked."""
    if row.posed is None:
        return
    yield ""
    yield Text(row.posed.text)
    for index, option in enumerate(row.classes):
        style = "blue" if option == row.truth.choice else ""
        yield Text(f"  {letter(index)}. {option}{'   (right)' if style else ''}", style=style)


@dataclass(frozen=True)
class Scale:
    """A clip's time over a number of columns."""

    start: float
    end: float
    columns: int

    def at(self, time: float) -> int:
        """The column of a time, seconds."""
        return min(self.columns - 1, max(0, int((time - self.start) / (self.end - self.start) * self.columns)))

    def bar(self, spans: Sequence[Span], style: str) -> Text:
        """A line with the spans in it."""
        bar = Text("─" * self.columns, style="dim")
        for span in spans:
            low, high = self.at(span.start), self.at(span.end) + 1
            bar = Text.assemble(bar[:low], ("█" * (high - low), f"not dim {style}"), bar[high:])
        return bar


def _timeline(row: Row, columns: int) -> Iterator[Text]:
    """Truth and answers over the clip's time, each in figures below its bar; then the frames that the teacher saw."""
    scale = Scale(row.clip_start, row.clip_end, columns)
    left, right = f"{row.clip_start:g} s", f"{row.clip_end:g} s"
    yield Text(" " * _NAMES + left + right.rjust(columns - len(left)), style="dim")
    labels = row.truth.choice or ", ".join(row.truth.labels or ("label not known",))
    for name, label, spans, style in (
        ("truth", labels, row.truth.spans, "blue"),
        ("initial", row.initial.label, row.initial.spans, "yellow"),
        ("revised", row.revised.label, row.revised.spans, "green"),
    ):
        if spans is None and (name != "truth" or row.posed is not None):
            yield Text.assemble(name.ljust(_NAMES), label)
            continue
        yield Text.assemble(name.ljust(_NAMES), scale.bar(spans or (), style))
        said = ", ".join(f"{span.start:.2f}-{span.end:.2f} s" for span in spans or ())
        yield Text(" " * _NAMES + f"{label}, {said or ('not localised' if spans is None else 'no span')}")
    for name, times in (("frames", row.frame_times), ("relook", row.relook_times)):
        if times:
            ticks = {scale.at(time) for time in times}
            marks = "".join("╵" if index in ticks else " " for index in range(columns))
            yield Text(name.ljust(_NAMES) + marks, style="dim")


def _grade(right: bool | None, tiou: float | None) -> str:
    if right is None:
        return "not graded"
    return ("right" if right else "wrong") + ("" if tiou is None else f", tIoU {tiou:.2f}")


def told_answer(title: str, answer: Answer, grade: str = "") -> Iterator[RenderableType]:
    """An answer below its title and label."""
    yield Text.assemble(heading(title), f"   {answer.label}   ", (grade, "dim"))
    yield from _lines((f"{part.start:.2f}-{part.end:.2f} s", "", part.observation) for part in answer.evidence)
    if answer.description is not None:
        yield Padding(Text(answer.description), (0, 0, 0, 2))
    yield Padding(Text(answer.reasoning), (0, 0, 0, 2))


def _checks(row: Row) -> Iterator[RenderableType]:
    """What the checks found, with the reason or the words."""
    lines: list[tuple[str, str, str]] = []
    for name, look in (("reanswer", row.reanswer), ("counterfactual", row.counterfactual)):
        if look is not None and look.opinion is not None:
            label = look.opinion.label or "unclear"
            lines.append(
                (name, look.finding, f"{label}, from {len(look.frame_times)} frames: {look.opinion.reasoning}")
            )
        elif look is not None:
            lines.append((name, look.finding, look.unchecked or ""))
    if row.critic is not None and row.critic.review is not None:
        points = [f"{point.verdict}: {point.error} {point.reason}" for point in row.critic.review.points]
        lines.append(("critic", row.critic.finding, "\n".join(points)))
    elif row.critic is not None:
        lines.append(("critic", row.critic.finding, row.critic.unchecked or ""))
    if lines:
        yield ""
        yield Text.assemble(heading("Checks"))
        yield from _lines(iter(lines))


def told_reflection(reflection: Reflection) -> Iterator[RenderableType]:
    """A reflection below its verdict."""
    yield Text.assemble(heading("Self-reflection"), f"   verdict: {reflection.verdict}")
    yield from _lines(
        (f"{check.start:.2f}-{check.end:.2f} s", "holds" if check.holds else "fails", f"{check.claim}\n{check.finding}")
        for check in reflection.checks
    )
    yield Padding(Text(reflection.critique), (0, 0, 0, 2))


def _lines(lines: Iterator[tuple[str, str, str]]) -> Iterator[RenderableType]:
    """Times, a word, and text that wraps beside them."""
    made = Table.grid(padding=(0, 2, 0, 0))
    for line in lines:
        made.add_row(*(Text(part) for part in line if part))
    if made.row_count:
        yield Padding(made, (0, 0, 0, 2))

"""What a reader of a summary should know before its numbers, in plain words."""

from collections.abc import Iterator

from rocot.core.gate import RUN_RULES
from rocot.release.summary import Summary

FEW_VIDEOS = 30
"""Below, percentile intervals are too narrow."""
MOSTLY = 0.7
"""Share of reflections that only confirm; published data has over nine in ten (arXiv 2510.08308)."""
SCARCE = 0.05
"""Share of corrected rows below which there is little to learn reflection from."""
ALIKE = 0.5
"""Share of distinct wordings below which reflections are stamps."""
GIVEN_AWAY = 0.1
"""By how much a blind guess may beat chance; VAU-Bench's longest options beat it by half (core/blind.py)."""
LOST = 0.1
"""Share of samples left out that may bend the rest."""


def warnings(summary: Summary) -> tuple[str, ...]:
    """The gravest first."""
    return (*_rows(summary), *_reflections(summary), *_trust(summary))


def _rows(summary: Summary) -> Iterator[str]:
    funnel, flips = summary.funnel, summary.flips
    if not flips.rows:
        yield "There are no rows: nothing can be measured."
        return
    if summary.unreadable:
        yield f"{summary.unreadable:,} rows do not fit the schema and stand in no number; `rocot validate` names them."
    if not funnel.kept:
        yield "No row is kept for training."
    if not flips.graded:
        yield "No row has a truth to grade on: whether reflection helped is unknown."
    elif flips.ungraded:
        yield f"{_percent(flips.ungraded / flips.rows)} of rows have no truth, and stand in no rate but the changes."
    if (lost := sum(funnel.left_out.values())) > LOST * funnel.samples:
        worst = next(iter(funnel.left_out))
        yield f"{_percent(lost / funnel.samples)} of samples did not become rows, most of them at {worst}."


def _reflections(summary: Summary) -> Iterator[str]:
    said, flips = summary.reflections, summary.flips
    if said.keep is not None and said.keep >= MOSTLY:
        yield f"{_percent(said.keep)} of reflections only confirm the first answer."
    if flips.corrupted > flips.corrected:
        yield f"Reflection breaks {flips.corrupted:,} right answers, and mends {flips.corrected:,} wrong ones."
    if flips.graded and flips.corrected < SCARCE * flips.graded:
        yield f"Only {flips.corrected:,} of {flips.graded:,} graded rows were corrected: little to learn mending from."
    if said.distinct is not None and said.count > 1 and said.distinct < ALIKE:
        yield f"Reflections repeat each other: {_percent(said.distinct)} of them differ in more than numbers."
    if stamped := summary.funnel.broken.get(RUN_RULES[0], 0):
        yield f"{_percent(stamped / flips.rows)} of reflections stand, the same, under several different answers."
    if said.timed is not None and said.timed < 1 - ALIKE:
        yield f"{_percent(1 - said.timed)} of reflections name no time: what they looked at cannot be checked."


def _trust(summary: Summary) -> Iterator[str]:
    flips, blind = summary.flips, summary.blind
    for how, value in (("the longest option", blind.longest), (f"{blind.letter} each time", blind.commonest)):
        if value is not None and blind.chance is not None and value > blind.chance + GIVEN_AWAY:
            yield (
                f"Without a look, {how} is right in {_percent(value)} of the questions, where guessing gives"
                f" {_percent(blind.chance)}: accuracy says little."
            )
    low, high = flips.delta.low, flips.delta.high
    if low is not None and high is not None and low <= 0 <= high:
        yield "The interval of the gain holds 0: whether reflection helps or hurts cannot be told from these rows."
    if 0 < flips.videos < FEW_VIDEOS:
        yield f"The rows come from {flips.videos} videos: the intervals are too narrow for so few."


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"

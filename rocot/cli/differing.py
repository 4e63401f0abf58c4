"""What `rocot diff` prints."""

from rich.console import Console

from rocot.cli.closing import MEANING
from rocot.cli.lending import Lent
from rocot.cli.screen import aside, count, heading, out, table
from rocot.errors import StoreError
from rocot.release.differ import Difference, Side, compare, measures
from rocot.release.merging import Rows
from rocot.release.page import interval, points, share

NAMES = {
    "acc_first": "first answer right",
    "acc_last": "revised answer right",
    "delta": "gain, points",
    "rectification": "wrong ones mended",
    "corruption": "right ones broken",
    "change": "answer changed",
    "first_tiou": "first tIoU, mean",
    "last_tiou": "revised tIoU, mean",
}
MOST_COLUMNS = 20


def told(before: Lent, after: Lent) -> Difference:
    """The difference, with the rates of both where their rows are those of this rocot. Raises StoreError."""
    found = compare(before.path, after.path)
    sides = {"before": (found.before, before), "after": (found.after, after)}
    named = {which: side.model_copy(update={"path": one.name}) for which, (side, one) in sides.items()}
    found = found.model_copy(update=named)
    try:
        return found.model_copy(update={"measures": measures(before.path, after.path)})
    except StoreError as error:
        aside().print(f"no rates: {error}")
        return found


def print_difference(found: Difference) -> None:
    """Rows, columns, outcomes, rates, and what the version must be."""
    console = out()
    console.print(heading(f"{_named(found.before)}  to  {_named(found.after)}"))
    console.print()
    made = table("rows", "", "-for example")
    for name, rows in (
        ("added", found.added),
        ("removed", found.removed),
        ("in another split", found.moved),
        ("changed", found.changed),
    ):
        if rows.count:
            made.add_row(name, count(rows.count), _first(rows))
    if found.withdrawn:
        made.add_row("of the removed: withdrawn", count(found.withdrawn), "")
    console.print(made if made.row_count else "the same rows")
    _columns(console, found)
    _outcomes(console, found)
    _rates(console, found)
    console.print()
    if found.before.fingerprint != found.after.fingerprint:
        console.print("They come of different flows.")
    _advice(console, found)


def _named(side: Side) -> str:
    return f"{side.release} {side.version} ({side.path})"


def _first(rows: Rows) -> str:
    return ", ".join(rows.ids[:2]) + (", ..." if rows.count > 2 else "")


def _columns(console: Console, found: Difference) -> None:
    for what, names in (
        ("added", found.columns.added),
        ("removed", found.columns.removed),
        ("of another type", found.columns.retyped),
    ):
        if names:
            console.print(f"columns {what}: {', '.join(names)}")
    if found.changes:
        made = table("changed in", "rows")
        for name, number in list(found.changes.items())[:MOST_COLUMNS]:
            made.add_row(name, count(number))
        console.print()
        console.print(made)


def _outcomes(console: Console, found: Difference) -> None:
    made = table("outcome", "before", "after")
    for outcome in MEANING:
        pair = found.before.outcomes.get(outcome, 0), found.after.outcomes.get(outcome, 0)
        if any(pair):
            made.add_row(outcome, *(f"{number:,}" for number in pair))
    made.add_row("in all", f"{found.before.rows:,}", f"{found.after.rows:,}", style="bold")
    made.add_row("kept for training", f"{found.before.kept:,}", f"{found.after.kept:,}")
    console.print()
    console.print(made)


def _rates(console: Console, found: Difference) -> None:
    if found.measures:
        made = table("rate", "before", "95 %", "after", "95 %")
        for one in found.measures:
            how = points if one.name == "delta" else share
            sides = [(how(side.value), interval(side, how)) for side in (one.before, one.after)]
            made.add_row(NAMES[one.name], *(cell for side in sides for cell in side))
        console.print()
        console.print(made)


def _advice(console: Console, found: Difference) -> None:
    if found.part == "none":
        console.print("Nothing changed: the version may stay.")
        return
    why = {
        "major": "rows or columns are gone, or elsewhere",
        "minor": "rows or columns came",
        "patch": "rows, or how they were made, changed",
    }[found.part]
    text = f"A {found.part} change ({why}): version {found.least} or above."
    console.print(text if found.enough else f"{text} It says {found.after.version}: raise release.version.")

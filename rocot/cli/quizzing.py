"""What `rocot import` prints of a dataset's questions: how far one comes without the videos."""

from collections.abc import Sequence

from rich.console import Console

from rocot.cli.screen import count, table
from rocot.core.blind import Choice, blind
from rocot.sources.manifest.entry import Entry


def print_blind(console: Console, splits: Sequence[str], entries: Sequence[Entry]) -> None:
    """Blind baselines by split; nothing where no question has an answer."""
    made = table("questions, answered without the videos", "questions", "guessed", "always A", "best letter", "longest")
    for split in splits:
        found = blind(
            Choice(options=question.options, answer=question.answer)
            for entry in entries
            if entry.native_split == split
            for question in entry.questions
            if question.answer is not None and question.options
        )
        if found.questions:
            shares = (_share(found.chance), _share(found.always_first))
            best = f"{found.letter} {_share(found.commonest)}"
            made.add_row(split, count(found.questions), *shares, best, _share(found.longest))
    if made.row_count:
        console.print()
        console.print(made)


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"

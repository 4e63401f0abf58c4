from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from rocot.cli.sample import sample
from rocot.core.reflection import Judged
from rocot.core.row import Row
from rocot.core.truth import Truth
from tests.builders import EDITION, answer, corrected, corrupted, fight, reflection

GOLDEN = Path(__file__).parents[1] / "golden" / "sample.txt"


def drawn(judged: Judged, width: int = 80) -> str:
    console = Console(file=StringIO(), width=width, highlight=False, markup=False, emoji=False)
    console.print(sample(Row.of(judged, EDITION), width))
    assert isinstance(console.file, StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n"


def test_a_sample_reads_as_it_did() -> None:
    assert drawn(corrected().judged()) == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    for judged in (fight().judged(), corrected().judged(), corrupted().judged()):
        assert max(map(len, drawn(judged, width).splitlines())) <= width


def bar(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(name))[10:]


def test_a_bar_stands_where_its_span_does() -> None:
    drawn_bar = bar(drawn(fight().judged(), 90), "truth")  # 79 columns for 16 s, the fight from 4 to 8 s
    assert drawn_bar.index("█") == int(4 / 16 * 79)
    assert drawn_bar.rindex("█") == int(8 / 16 * 79)


def test_several_spans_are_several_blocks_and_no_truth_is_said_to_be_unknown() -> None:
    text = drawn(fight().but(initial=answer(((1, 3), (9, 12))), truth=Truth()).judged())
    assert len(bar(text, "initial").split("─█")) == 3
    assert "label not known, not localised" in text
    assert "not graded" in text


def test_brackets_in_a_reply_are_no_markup() -> None:
    told = drawn(fight().but(reflection=reflection(critique="[bold]loud[/bold] and [3.0, 4.0]")).judged())
    assert "[bold]loud[/bold] and [3.0, 4.0]" in told


def test_a_fault_of_the_gate_is_told() -> None:
    silent = corrected().but(reflection=reflection("keep")).judged()
    assert "Gate: silent change" in drawn(silent)

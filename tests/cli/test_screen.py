import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from rocot.cli.closing import StageCount, left_out_table, outcomes_table, screen_lines, stages_table
from rocot.cli.screen import lasting, money, next_steps, out, pasted, short, size
from rocot.cli.watch import Watch
from rocot.core.gate import Rules, Weight
from rocot.engine.progress import Spent, StageTally, Tally
from rocot.engine.stop import Stop
from rocot.release.manifest import SplitEntry


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (59.9, "59.9 s"), (61, "1 min 01 s"), (3600, "1 h 00 min"), (7265, "2 h 01 min")],
)
def test_time_reads_in_the_unit_that_fits(seconds: float, text: str) -> None:
    assert lasting(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (950, "950"), (12_345, "12.3k"), (4_560_000, "4.56M"), (2e9, "2G")]
)
def test_large_numbers_are_short(number: float, text: str) -> None:
    assert short(number) == text


def test_bytes_and_money_read_well() -> None:
    assert [size(950), size(12_345), size(4e9)] == ["950 B", "12.3 kB", "4 GB"]
    assert [money(None), money(0), money(0.1234), money(1234.5)] == ["", "0.00", "0.1234", "1,234.50"]
    assert [money(-0.1234), money(-1234.5)] == ["-0.1234", "-1,234.50"]


@pytest.mark.parametrize(
    "path", ["runs/own", "d/a b", "$X", "it's", "bücher", "-x", "a\nb", "a\x1b[31m\\'b", "turned\u202e", "half\udc80"]
)
def test_a_path_that_is_pasted_is_one_word_of_a_shell_and_steers_no_terminal(path: str) -> None:
    word = pasted(Path(path))
    assert word.isprintable()
    read = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True).stdout
    assert read == (f"./{path}" if path.startswith("-") else path).encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("terminal", [True, False])
def test_no_command_to_type_is_broken_or_mixed_with_what_it_is_for(
    capsys: pytest.CaptureFixture[str], terminal: bool
) -> None:
    long = f"rocot merge {'deep/' * 20}own-part-*-of-3 --out runs/own"
    for width, command, lines in (
        (80, "rocot show", ["  rocot show    why", "  rocot status  how"]),
        (60, f"rocot export {'a' * 33}", [f"  rocot export {'a' * 33}  why", f"  rocot status{' ' * 34}  how"]),
        (50, f"rocot export {'a' * 33}", [f"  rocot export {'a' * 33}", "    why", "  rocot status", "    how"]),
        (60, long, [f"  {long}", "    why", "  rocot status", "    how"]),
    ):
        console = Console(width=width, force_terminal=terminal, no_color=True, highlight=False, soft_wrap=not terminal)
        next_steps(console, [(command, "why"), ("rocot status", "how")])
        printed = capsys.readouterr().out.replace("\x1b[1m", "").replace("\x1b[0m", "")
        assert printed.splitlines() == ["", "Next", *lines]


@pytest.mark.parametrize(
    ("weight", "twins", "told"), [("reject", 6, True), ("reject", 5, False), ("warn", 9, False), ("off", 0, False)]
)
def test_a_rule_of_whole_splits_that_drops_more_than_half_is_warned_of(
    capsys: pytest.CaptureFixture[str], weight: Weight, twins: int, told: bool
) -> None:
    counts = {"rows": 10, "kept": 1, "outcomes": {"confirmed": 10}, "left_out": {}, "not_kept": {}}
    made = {**counts, "files": (), "sft": (), "rft": ()}
    entry = SplitEntry.model_validate({**made, "broken": {"near duplicate": twins}})
    screen_lines(out(), Rules(near_duplicate=weight), entry)
    words = capsys.readouterr().out
    assert words.startswith(f"warning: near duplicate rejects {twins} of 10 rows" if told else "")
    assert ('gate.rules.near_duplicate = "warn" keeps them' in " ".join(words.split())) == told


def test_a_column_in_which_nothing_stands_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    stages_table(out(), [StageCount("reason", done=3), StageCount("judge", done=3)], "USD")
    assert capsys.readouterr().out.split() == ["stage", "done", "reason", "3", "judge", "3"]


def test_tokens_and_money_are_summed_unless_a_price_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    stages = [StageCount("reason", done=3, prompt=2000, cost=1.5), StageCount("reflect", done=3, prompt=3000, cost=2.5)]
    stages_table(out(), stages, "EUR")
    assert capsys.readouterr().out.splitlines()[-1].split() == ["in", "all", "5k", "4.00"]
    stages[1].cost = None
    stages_table(out(), stages, "EUR")
    assert capsys.readouterr().out.splitlines()[-1].split() == ["in", "all", "5k"]


def test_money_of_calls_that_told_no_tokens_stands_beside_their_stage(capsys: pytest.CaptureFixture[str]) -> None:
    stages_table(out(), [StageCount("reason", cost=1.5), StageCount("judge")], "EUR")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1:] == [["reason", "0", "1.50"], ["judge", "0"], ["in", "all", "1.50"]]


def test_outcomes_add_up_and_what_was_left_out_is_told_by_reason(capsys: pytest.CaptureFixture[str]) -> None:
    outcomes_table(out(), {"confirmed": 3, "corrupted": 1}, 3)
    left_out_table(out(), {"reason: bad json": 2, "sample frames: damaged": 5}, "left out")
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert ["confirmed", "right,", "then", "right", "3", "75%"] in lines
    assert ["in", "all", "4"] in lines
    assert lines[-2:] == [["sample", "frames:", "damaged", "5"], ["reason:", "bad", "json", "2"]]


def test_a_line_of_progress_says_all_that_matters() -> None:
    tally = Tally(stages={"reason": StageTally()}, clips=40, ended=10, in_flight=8)
    tally.spent = Spent(attempts=30, prompt_tokens=1_000_000, completion_tokens=5000, cached_tokens=620_000, cost=2.04)
    tally.stages["reason"].failed["bad json"] += 2
    watch = Watch(tally, Stop(), "EUR", limit=20)
    line = watch.line()
    assert line.startswith("10 of 20 clips, ")
    assert line.endswith("8 in flight, 1M + 5k tokens, 62% cached, 2.04 EUR, 2 left out")
    watch.stop.request()
    assert watch.line().endswith("finishing what is in flight")


def test_output_that_is_piped_has_no_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert not sys.stdout.isatty()
    outcomes_table(out(), {"confirmed": 3}, 3)
    assert "\x1b" not in capsys.readouterr().out


def test_no_text_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Rows and names come from anywhere: a title, a clear screen, a colour, an eight-bit code, a turn of direction."""
    hostile = "a\x1b]0;title\x07\x1b[2J\x1b[31m\x9b31m\u202eb\x7f"
    left_out_table(out(), {hostile: 3}, hostile)
    out().print(hostile, style="red")
    printed = capsys.readouterr().out
    assert "a]0;title[2J[31m31mb" in printed
    assert not set(printed) & set("\x1b\x07\x9b\u202e\x7f")

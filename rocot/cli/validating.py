"""What `rocot validate` prints."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from rocot.cli.closing import left_out_table, outcomes_table
from rocot.cli.options import RUNS
from rocot.cli.runs import find, is_run
from rocot.cli.screen import count, heading, out, table
from rocot.errors import ConfigError
from rocot.release.report import Distribution, Finding, Report
from rocot.url import scheme_of, spelt_as_path, without_password, without_scheme

LEVELS = " ▁▂▃▄▅▆▇█"
"""Of a histogram that is one line high."""


def find_path(path: Path | None) -> Path:
    """The path itself, the run of that name, or the newest run. Raises ConfigError where there is no run, or a URL."""
    if path is None:
        return find(None)
    if (url := spelt_as_path(str(path))) and not path.exists():
        raise ConfigError(_of_url(url))
    return RUNS / path if not path.exists() and is_run(RUNS / path) else path


def _of_url(url: str) -> str:
    """What is said of a URL where a folder is wanted."""
    if scheme_of(url) == "file":
        folder = f"/{without_scheme(url)}"  # of its three slashes the path has kept one
        return f"file://{folder}: a URL, where a folder is wanted; name the folder, {folder}"
    url = without_password(url)
    fetched = shlex.join(["rocot", "pull", url, "--to", "FOLDER"])
    return f"{url}: a URL, where a folder is wanted; `{fetched}` fetches a release, then name FOLDER"


def print_report(report: Report) -> None:
    """What stands there, what cannot be used, what is invalid, and what the rows are like."""
    console = out()
    console.print(heading(report.path))
    for problem in report.problems:
        console.print(f"cannot be used: {problem.where}: {problem.what}", style="red")
    for note in report.notes:
        console.print(note, style="dim")
    if report.files:
        files = "1 file" if report.files == 1 else f"{report.files:,} files"
        what = "texts" if report.kind == "manifest" else "rows"
        console.print(f"{report.rows:,} {what} in {files}, {report.invalid_rows:,} of them invalid")
    _findings(console, report.invalid, "why rows are invalid")
    _findings(console, report.faults, "rules that rows break and say so (they are not kept)")
    _findings(console, report.warnings, "rules that only warn, and that rows break")
    left_out_table(console, report.left_out, "samples left out")
    if report.outcomes:
        outcomes_table(console, report.outcomes, report.kept, report.not_kept)
    _distributions(console, {"initial": report.initial_tiou, "revised": report.revised_tiou})


def _findings(console: Console, findings: Sequence[Finding], title: str) -> None:
    if findings:
        made = table(title, "rows", "-for example")
        for finding in findings:
            example = finding.examples[0]
            made.add_row(finding.reason, count(finding.count), f"{example.row}: {example.detail}")
        console.print()
        console.print(made)


def _distributions(console: Console, all_of_them: dict[str, Distribution]) -> None:
    """tIoU with the truth, a column of the histogram each tenth."""
    if any(distribution.count for distribution in all_of_them.values()):
        made = table("tIoU with the truth", "rows", "mean", "-0 to 1")
        for name, distribution in all_of_them.items():
            most = max(distribution.bins)
            bars = "".join(LEVELS[-(-number * 8 // most)] if most else " " for number in distribution.bins)
            mean = "" if distribution.mean is None else f"{distribution.mean:.2f}"
            made.add_row(name, count(distribution.count), mean, f"|{bars}|")
        console.print()
        console.print(made)

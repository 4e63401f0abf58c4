"""What `rocot verify` looks at, and what it prints."""

from pathlib import Path

from rocot.cli.runs import is_run
from rocot.cli.screen import count, heading, out, size
from rocot.cli.validating import find_path
from rocot.release.export import FOLDER
from rocot.release.manifest import NAME
from rocot.release.verify import Verification

TOLD = 20
"""Files that are named one by one."""


def find_release(path: Path | None) -> Path:
    """The release of the run that is named, or of the newest run; else the folder itself. Raises ConfigError."""
    found = find_path(path)
    return found / FOLDER if is_run(found) or (found / FOLDER / NAME).exists() else found


def print_verification(found: Verification) -> None:
    """What was looked at, and what is not as it was written."""
    console = out()
    console.print(heading(found.path))
    for problem in found.damage[:TOLD]:
        console.print(f"damaged: {problem.where}: {problem.what}", style="red", markup=False)
    if len(found.damage) > TOLD:
        console.print(f"and {len(found.damage) - TOLD:,} more; --json names all", style="red")
    for problem in found.unusable:
        console.print(f"cannot be told: {problem.where}: {problem.what}", style="red", markup=False)
    if found.release is not None:
        files = "1 file" if found.files == 1 else f"{found.files:,} files"
        held = "not all are as they were written" if found.damage else "all as they were written"
        console.print(f"{found.release}: {files}, {count(found.rows) or 0} rows, {size(found.bytes)}: {held}")

"""What `rocot verify` looks at, and what it prints."""

from pathlib import Path
from tempfile import TemporaryDirectory

from rocot.cli.naming import Named, on_hub
from rocot.cli.runs import is_run
from rocot.cli.screen import count, heading, out, size
from rocot.cli.validating import find_path
from rocot.release.export import FOLDER
from rocot.release.manifest import NAME
from rocot.release.verify import Verification, verify_folder

TOLD = 20
"""Files that are named one by one."""
HELD = (
    "held against its manifest: size and sha256 of every file, rows and columns of every shard, page checksums where it"
    " has any, and that no other file lies among them"
)
"""What was looked at."""


def verified(said: Path | None) -> Verification:
    """The release here or on the Hub that is meant. Raises ConfigError, and HubError where the Hub cannot be asked."""
    there = on_hub(said)
    return verify_folder(find_release(said)) if there is None else _verified_there(there)


def _verified_there(there: Named) -> Verification:
    from rocot.cli.transfer import going  # they bring the Hub's client along
    from rocot.release.hub import Hub
    from rocot.release.remote import verify_hub

    hub = Hub(there.name)
    with going("checked", hub) as transfer, TemporaryDirectory(prefix="rocot-verify-") as folder:
        return verify_hub(hub, there.revision, Path(folder), transfer)


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
        console.print(HELD, style="dim")
        held = "not all are as they were written" if found.damage else "all as they were written"
        console.print(f"{found.release}: {files}, {count(found.rows) or 0} rows, {size(found.bytes)}: {held}")

"""What `rocot check-leaks` prints."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.console import Console

from rocot.cli.screen import count, heading, out, table
from rocot.sources.manifest.alike import alike
from rocot.sources.manifest.file import Manifest
from rocot.sources.manifest.leaks import Leak, crossings, leaks
from rocot.sources.manifest.official import official_test, shipped

MEANING = {
    "official test": "trained on here, in an official test split there",
    "two splits": "in two splits of one dataset",
    "same content": "the same footage under another name",
}


def report(manifests: Sequence[Manifest]) -> int:
    """Looks for leaks, and prints how many there are between which splits, then each. Returns the exit code."""
    console = out()
    found = leaks(manifests, official_test, alike)
    _looked_at(console, manifests)
    if not found:
        console.print("no leak")
        return 0
    _counted(console, found)
    for (kind, here, there), group in groupby(found, key=lambda leak: (leak.kind, leak.here.name, leak.there.name)):
        console.print()
        console.print(heading(f"{here}, and {there}: {MEANING[kind]}"))
        for leak in group:
            twin = f" is {leak.twin} ({leak.detail})" if leak.twin else ""
            console.print(f"  {leak.video}{twin}")
    console.print()
    console.print("rocot generate leaves them out of training splits; --allow-leaks REASON takes them all the same")
    return 1


def _looked_at(console: Console, manifests: Iterable[Manifest]) -> None:
    """What was compared, and by what."""
    made = table("manifest", "videos", "measured", "-official test splits")
    for manifest in manifests:
        videos = {entry.video for entry in manifest.entries}
        measured = {entry.video for entry in manifest.entries if entry.sha256}
        tests = ", ".join(sorted(manifest.header.official_tests()))
        made.add_row(manifest.header.dataset, count(len(videos)), count(len(measured)) or "none", tests)
    console.print(made)
    console.print(
        f"and the official test lists of {', '.join(shipped())}; only measured videos are known by their looks"
    )
    console.print()


def _counted(console: Console, found: Sequence[Leak]) -> None:
    made = table("leak", "-trained on", "-tested in", "videos")
    for each in crossings(found):
        made.add_row(each.kind, each.here.name, each.there.name, count(len(each.videos)))
    console.print(made)

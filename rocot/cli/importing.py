"""What `rocot import` does once its options are read."""

import re
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from rich.console import Console

from rocot.cli.closing import NAMED
from rocot.cli.gauge import gauge
from rocot.cli.quizzing import print_blind
from rocot.cli.screen import count, heading, lasting, next_steps, out, pasted, size, table
from rocot.errors import ConfigError
from rocot.machine import Machine, default_cache
from rocot.recipe import FramesRecipe
from rocot.sources.footage import Here
from rocot.sources.known.annotated import Annotated
from rocot.sources.known.dataset import Dataset
from rocot.sources.known.files import Files
from rocot.sources.known.importing import annotated, manifest
from rocot.sources.known.settle import Found
from rocot.sources.manifest.entry import Entry
from rocot.sources.manifest.file import Manifest, write, write_jsonl
from rocot.sources.manifest.finding import Finding, Kind
from rocot.sources.manifest.matching import match
from rocot.sources.manifest.probing import other_lengths, probe
from rocot.tools.reading import reader

FEW = 5
"""Corrections of one kind that are all told."""
_NUMBERED = re.compile(r"\S*\d\S*")


@dataclass(frozen=True)
class Order:
    """What is asked of one call of the command."""

    about: Dataset
    annotations: Path
    videos: Path | None
    path: Path
    """Of the manifest."""
    jsonl: bool

    @property
    def findings(self) -> Path:
        """Where all that is amiss with the videos is written, one a line."""
        return self.path.with_suffix(".findings.jsonl")


def bring_in(order: Order) -> int:
    """Reads, measures, writes, and prints what came of it. Returns the exit code."""
    _check_place(order)
    started = time.monotonic()
    files = Files(order.annotations)
    said = annotated(order.about, files)
    findings: Sequence[Finding] = ()
    found = None
    if order.videos is not None:
        found, findings = _measured(order, said)
    made = manifest(order.about, files, said, found)
    write(order.path, made)
    if order.jsonl:
        write_jsonl(order.path.with_suffix(".jsonl"), made.entries)
    if order.videos is not None:
        write_jsonl(order.findings, findings)
    _report(out(), order, made, findings, time.monotonic() - started)
    return 0


def _check_place(order: Order) -> None:
    """Raises ConfigError where the manifest would take the place of what is no manifest."""
    lines = order.path.with_suffix(".jsonl")
    try:
        for path in (order.path, lines) if order.jsonl else (order.path,):
            if path.exists() and not path.is_file():
                what = "a folder" if path.is_dir() else "a device, a pipe or a socket"
                raise ConfigError(f"{path} is {what}; --out must be a file")
        if order.path.is_file() and order.path.resolve().is_relative_to(order.annotations.resolve()):
            with order.path.open("rb") as file:
                if file.read(4) not in (b"", b"PAR1"):
                    raise ConfigError(f"{order.path} is one of the annotation files; --out must be another file")
    except OSError as error:
        raise ConfigError(
            f"{str(order.path)[:200]!r}: cannot be written ({error.strerror}); name another file"
        ) from error
    if order.jsonl and lines == order.path:
        raise ConfigError(f"{order.path}: --jsonl writes the JSON lines there; --out is the Parquet file beside them")


def _measured(order: Order, said: Sequence[Annotated]) -> tuple[dict[str, Found], Sequence[Finding]]:
    """The sound videos of the folder by what they are, and what is amiss with others.

    One of another length than the annotations say is another cut: its spans would lie elsewhere.
    """
    assert order.videos is not None
    matching = match(said, Here(order.videos))
    machine = Machine(run=Path(), cache=default_cache())
    opens = reader(FramesRecipe(), machine)
    with closing(opens), gauge("measuring videos") as tell:
        found, broken = probe(matching, opens, machine.cache / "probes.sqlite", machine.decoders, tell)
    other = other_lengths(said, order.about.counting, found)
    unlike = {finding.video for finding in other}
    sound = {video: file for video, file in found.items() if file.path not in unlike}
    findings = [*matching.findings, *broken, *other]
    if not sound:
        counts = Counter(finding.kind for finding in findings)
        told = ", ".join(f"{number:,} {kind}" for kind, number in counts.items())
        first = [f"  {finding.video}: {finding.detail}" for finding in (*broken, *other)[:NAMED]]
        raise ConfigError("\n".join([f"{order.videos}: no annotated video in it can be used ({told})", *first]))
    return sound, findings


def _report(console: Console, order: Order, made: Manifest, findings: Sequence[Finding], seconds: float) -> None:
    console.print(heading(f"{order.about.title}: {len(made.entries):,} videos in {lasting(seconds)}"))
    console.print()
    _splits(console, order.about, made.entries)
    print_blind(console, [split.native for split in order.about.splits], made.entries)
    _corrections(console, made.entries)
    _findings(console, findings)
    if findings:
        console.print(f"  all of them in {order.findings}")
    if made.header.notes:
        console.print()
        console.print(heading("Not in the manifest"))
        for note in made.header.notes:
            console.print(f"  {note}")
    console.print()
    console.print(f"{len(made.entries):,} records in {order.path} ({size(order.path.stat().st_size)})")
    if order.jsonl:
        console.print(f"the same as JSON lines in {order.path.with_suffix('.jsonl')}")
    next_steps(
        console,
        [
            (f"rocot check-leaks {pasted(order.path)}", "which videos are others' test data"),
            (f"rocot sources {order.about.name}", "terms, and how it counts"),
        ],
    )


def _splits(console: Console, about: Dataset, entries: Sequence[Entry]) -> None:
    """What each split has, beside what its authors say that it has."""
    made = table("split", "-as", "videos", "stated", "normal", "abnormal", "unknown", "localised", "spans")
    for split in about.splits:
        own = [entry for entry in entries if entry.native_split == split.native]
        if not own:
            continue
        normal = Counter(entry.truth.normal for entry in own)
        made.add_row(
            split.native,
            split.common,
            count(len(own)),
            count(split.videos),
            *(count(normal[kind]) for kind in (True, False, None)),
            count(sum(entry.localised for entry in own if not entry.truth.normal)),
            count(sum(len(entry.spans or ()) for entry in own)),
        )
    console.print(made)


def _corrections(console: Console, entries: Sequence[Entry]) -> None:
    """How many corrections there are of each kind, which is their text but for its numbers and names, and the first."""
    kinds: dict[str, list[str]] = {}
    for entry in entries:
        for text in entry.corrections:
            kinds.setdefault(_NUMBERED.sub("#", text), []).append(f"{entry.id}: {text}")
    if not kinds:
        return
    corrected = sum(bool(entry.corrections) for entry in entries)
    console.print()
    console.print(heading(f"Corrected, or decided: {corrected:,} records, which say what and why"))
    for told in sorted(kinds.values(), key=len, reverse=True)[:NAMED]:
        shown = told if len(told) <= FEW else told[:1]
        for line in shown:
            console.print(f"  {line}")
        if len(told) > len(shown):
            console.print(f"    and {len(told) - len(shown):,} more like this")
    if len(kinds) > NAMED:
        console.print(f"  and {len(kinds) - NAMED:,} other kinds")


def _findings(console: Console, findings: Sequence[Finding]) -> None:
    """How many videos are amiss in each way, and the first of each by name."""
    if not findings:
        return
    counts = Counter(finding.kind for finding in findings)
    console.print()
    console.print(heading("Videos: what is missing, ambiguous, corrupt or of another length is not in the manifest"))
    made = table("", "number", "-the first of them")
    for kind in get_args(Kind):
        own = [finding for finding in findings if finding.kind == kind]
        for index, finding in enumerate(own[:3]):
            told = f"{finding.video}: {finding.detail}"
            made.add_row(kind if not index else "", count(counts[kind]) if not index else "", told)
    console.print(made)

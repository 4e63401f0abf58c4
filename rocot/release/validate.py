"""Validate: every row of a release, or of shards that anyone wrote, is read and computed again. Nothing is altered.

Invalid is what no honest export writes: a row that does not fit the schema, whose grades or faults are not those that
its own answers and truth give, or that is kept for training with a fault. A row that admits its faults and is not kept
is valid, and counted under them; so are outcomes.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import apsw
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from rocot.arrow import schema_digest, schema_of
from rocot.core.gate import RUN_RULES
from rocot.core.reflection import Fault, rejected
from rocot.core.row import Row
from rocot.core.score import answer_tiou
from rocot.core.withdrawal import covers
from rocot.engine.database import translated
from rocot.recipe import Mix
from rocot.release.columns import column_faults, feature_fault, stray_columns
from rocot.release.consistency import broken_rules, contradictions, disagreements, named
from rocot.release.find import Found, complete, find
from rocot.release.manifest import Manifest, SplitEntry
from rocot.release.report import Example, Findings, Histogram, Report
from rocot.release.screen import Screen
from rocot.release.shards import Written, opened
from rocot.sources.names import printable

BATCH_ROWS = 128
BATCH_BYTES = 32 * 1024 * 1024
"""Memory that a batch of rows may take."""
GROUP_BYTES = 2 * 1024**3
"""A row group that claims to be larger than this is not opened: the Hub's viewer takes 286 MiB."""
_IDS = Path("temporary table of ids")


def validate(path: Path) -> Report:
    """What stands at a path. Bad input raises nothing: the report tells it, and its `exit_code` sums it up.

    Raises StoreError where the machine has no temporary space for the table of ids.
    """
    found = find(path)
    tally = _Tally(found)
    for file in found.files:
        tally.read(file)
    tally.sum_up()
    return Report(
        path=str(path),
        kind=found.kind,
        files=len(found.files),
        rows=tally.rows,
        kept=tally.kept,
        invalid_rows=tally.invalid_rows,
        problems=tuple(found.problems),
        notes=tuple(found.notes),
        invalid=tally.invalid.all(),
        faults=tally.faults.all(),
        warnings=tally.warnings.all(),
        outcomes=dict(sorted(tally.outcomes.items())),
        not_kept=dict(sorted(tally.not_kept.items())),
        graded_on=dict(sorted(tally.graded_on.items())),
        left_out=_left_out(found.manifest),
        initial_tiou=tally.initial_tiou.all(),
        revised_tiou=tally.revised_tiou.all(),
    )


def _left_out(manifest: Manifest | None) -> dict[str, int]:
    total: Counter[str] = Counter()
    for entry in manifest.splits.values() if manifest is not None else ():
        total.update(entry.left_out)
    return dict(sorted(total.items()))


class _Seen:
    """Ids so far, in a database of the disk's, so that memory stays flat over millions of rows."""

    def __init__(self) -> None:
        self._database = apsw.Connection("")
        self._database.execute("CREATE TABLE id (id TEXT PRIMARY KEY, place TEXT) WITHOUT ROWID; BEGIN")

    def before(self, row: str, place: str) -> str | None:
        """Where the id was seen before, if it was."""
        with translated(_IDS):
            self._database.execute("INSERT OR IGNORE INTO id VALUES (?, ?)", (row, place))
            if self._database.changes():
                return None
            return str(self._database.execute("SELECT place FROM id WHERE id = ?", (row,)).get)


@dataclass(frozen=True)
class _Said:
    """What a row says of itself that only the whole can tell."""

    id: str
    file: str
    faults: tuple[str, ...]
    """As `consistency.named` has them."""
    not_kept: str | None
    invalid: bool
    """Whether it is so whatever the whole tells."""


class _Heard:
    """What rows say, in a database of the disk's, until all have come."""

    def __init__(self) -> None:
        self._database = apsw.Connection("")
        self._database.execute("CREATE TABLE said (id, file, faults, not_kept, invalid); BEGIN")

    def add(self, said: _Said) -> None:
        row = (said.id, said.file, json.dumps(said.faults), said.not_kept, said.invalid)
        with translated(_IDS):
            self._database.execute("INSERT INTO said VALUES (?, ?, ?, ?, ?)", row)

    def all(self) -> Iterator[_Said]:
        """In the order in which they came."""
        for name, file, faults, not_kept, invalid in self._database.execute("SELECT * FROM said ORDER BY rowid"):
            yield _Said(name, file, tuple(json.loads(faults)), not_kept, bool(invalid))


@dataclass
class _Tally:
    """Reads files, and counts what it finds."""

    found: Found
    rows: int = 0
    kept: int = 0
    invalid_rows: int = 0
    invalid: Findings = field(default_factory=Findings)
    faults: Findings = field(default_factory=Findings)
    warnings: Findings = field(default_factory=Findings)
    unreadable: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    not_kept: Counter[str] = field(default_factory=Counter)
    graded_on: Counter[str] = field(default_factory=Counter)
    initial_tiou: Histogram = field(default_factory=Histogram)
    revised_tiou: Histogram = field(default_factory=Histogram)
    seen: _Seen = field(default_factory=_Seen)
    heard: _Heard = field(default_factory=_Heard)
    by_split: dict[str, Counter[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        manifest = self.found.manifest or self.found.near
        self.screen = Screen(self.found.gate, Mix() if manifest is None else manifest.mix)

    def read(self, path: Path) -> None:
        """One file, as far as it can be read."""
        name = self.found.name(path)
        split = _split_of(self.found.manifest, name)
        try:
            with opened(path) as file:
                if self._readable(path, file):
                    for number, values in enumerate(_rows(file)):
                        self._row(values, name, number, split)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            self.found.problem(path, f"is no whole Parquet file ({_first_line(error)})")

    def _readable(self, path: Path, file: pq.ParquetFile) -> bool:
        schema = file.schema_arrow
        faults = list(column_faults(schema, schema_of(Row)))
        features = feature_fault(schema, schema_of(Row))
        for fault in [*faults, *([features] if features else [])]:
            self.found.problem(path, fault)
        stray = stray_columns(schema, schema_of(Row))
        if stray and not faults:
            self.found.notes.append(f"{self.found.name(path)}: not a row's, not read: {', '.join(stray)}")
        meta = file.metadata
        largest = max((meta.row_group(index).total_byte_size for index in range(meta.num_row_groups)), default=0)
        if largest > GROUP_BYTES:
            self.found.problem(path, f"has a row group of {largest / 1024**3:.1f} GiB; 2 GiB at most are read")
        listed = _listed(self.found.manifest, self.found.name(path))
        if listed is not None and listed.rows != meta.num_rows:
            self.found.problem(path, f"has {meta.num_rows} rows, the manifest says {listed.rows}")
        if not meta.num_rows:
            self.found.notes.append(f"{self.found.name(path)}: has no rows")
        return not faults and largest <= GROUP_BYTES

    def _row(self, values: Mapping[str, object], file: str, number: int, split: str | None) -> None:
        self.rows += 1
        said = values.get("id")
        place = said if isinstance(said, str) and said else f"row {number}"
        row = None
        try:
            row = Row.model_validate(values)
        except ValidationError as error:
            reasons = _schema_faults(error)
            self.unreadable += 1
        else:
            reasons = [*self._judged(row, file), *_belongs(row, self.found.manifest, split)]
            self._count(row, split)
        first = self.seen.before(said, f"{file}, row {number}") if isinstance(said, str) else None
        if first is not None:
            reasons.append(Fault(rule="duplicate id", severity="reject", detail=f"first in {first}"))
        for reason in reasons:
            self.invalid.add(reason.rule, Example(row=place, file=file, detail=reason.detail))
        self.invalid_rows += bool(reasons)
        if row is not None and first is None:
            said_of_run = tuple(sorted(named(fault for fault in row.faults if fault.rule in RUN_RULES)))
            self.screen.add(row)
            self.heard.add(_Said(row.id, file, said_of_run, row.not_kept, bool(reasons)))

    def _judged(self, row: Row, file: str) -> list[Fault]:
        broken = broken_rules(row, self.found.gate)
        for fault in broken:
            if not rejected([fault]):
                self.warnings.add(fault.rule, Example(row=row.id, file=file, detail=fault.detail))
            elif not row.kept:
                self.faults.add(fault.rule, Example(row=row.id, file=file, detail=fault.detail))
        return list(contradictions(row, broken))

    def _count(self, row: Row, split: str | None) -> None:
        self.kept += row.kept
        self.outcomes[row.outcome] += 1
        if row.not_kept is not None:
            self.not_kept[row.not_kept] += 1
        self.graded_on[row.graded_on] += 1
        if split is not None:
            self.by_split.setdefault(split, Counter()).update(
                (
                    *("rows", row.outcome),
                    *(["kept"] if row.kept else []),
                    *([f"not kept: {row.not_kept}"] if row.not_kept else []),
                    *(["partial"] if row.lost_times else []),
                    *(fault.rule for fault in row.faults if fault.rule in RUN_RULES),
                )
            )
        initial, revised = answer_tiou(row.initial, row.truth), answer_tiou(row.revised, row.truth)
        if initial is not None and revised is not None:
            self.initial_tiou.add(initial)
            self.revised_tiou.add(revised)

    def sum_up(self) -> None:
        """What only the whole can tell."""
        if not self.rows and not self.found.problems:
            self.found.problem(self.found.root, "has no rows")
        if self.rows and not self.unreadable and complete(self.found):
            self._hold_against_all()
        elif self.rows:
            self.found.notes.append(
                f"{', '.join(RUN_RULES)} and the mix are not looked at: not all rows of a split can be read here"
            )
        manifest = self.found.manifest
        if manifest is None:
            return
        if manifest.columns.all != schema_digest(Row):
            self.found.notes.append(f"made by rocot {printable(manifest.rocot)}, whose rows have other columns")
        if not self.found.problems and not self.invalid_rows:
            for split, entry in manifest.splits.items():
                counted, told = self.by_split.get(split, Counter()), _told(entry)
                if counted != told:
                    self.found.problem(
                        self.found.root / "manifest.json", f"{split}: says {dict(told)}, found {dict(counted)}"
                    )

    def _hold_against_all(self) -> None:
        """What the rules of whole runs and the mix make of the rows, against what these say of themselves."""
        known = self.found.manifest or self.found.near
        for said, verdict in zip(self.heard.all(), self.screen.verdicts(), strict=True):
            for fault in verdict.faults:
                findings = self.faults if fault.severity == "reject" else self.warnings
                findings.add(fault.rule, Example(row=said.id, file=said.file, detail=fault.detail))
            reasons = list(disagreements(said.faults, verdict.faults))
            if known is not None and said.not_kept != verdict.not_kept:
                detail = f"{said.not_kept or 'kept'}, computed again {verdict.not_kept or 'kept'}"
                reasons.append(Fault(rule="kept disagrees", severity="reject", detail=detail))
            for reason in reasons:
                self.invalid.add(reason.rule, Example(row=said.id, file=said.file, detail=reason.detail))
            self.invalid_rows += bool(reasons) and not said.invalid


def _told(entry: SplitEntry) -> Counter[str]:
    not_kept = {f"not kept: {why}": number for why, number in entry.not_kept.items()}
    counts = {"rows": entry.rows, "kept": entry.kept, "partial": entry.partial}
    return Counter({**counts, **not_kept, **entry.outcomes, **entry.broken})


def _rows(file: pq.ParquetFile) -> Iterator[Mapping[str, object]]:
    """The rows of a file, few at a time; of its columns only those of a row."""
    meta = file.metadata
    size = sum(meta.row_group(index).total_byte_size for index in range(meta.num_row_groups))
    batch_rows = min(BATCH_ROWS, max(1, BATCH_BYTES * meta.num_rows // max(size, 1)))
    for batch in file.iter_batches(batch_size=batch_rows, columns=schema_of(Row).names):
        yield from batch.to_pylist()


def _schema_faults(error: ValidationError) -> list[Fault]:
    """One fault for each column that does not fit."""
    faults: dict[str, str] = {}
    for one in islice(error.errors(include_url=False, include_input=False, include_context=False), 100):
        column = ".".join(part for part in one["loc"] if isinstance(part, str))
        faults.setdefault(f"bad {column}", f"{'.'.join(map(str, one['loc']))}: {one['msg']}")
    return [Fault(rule=rule, severity="reject", detail=detail) for rule, detail in faults.items()]


def _split_of(manifest: Manifest | None, name: str) -> str | None:
    entries = manifest.splits.items() if manifest is not None else ()
    return next((split for split, entry in entries if any(file.path == name for file in entry.files)), None)


def _listed(manifest: Manifest | None, name: str) -> Written | None:
    entries = manifest.splits.values() if manifest is not None else ()
    return next((file for entry in entries for file in entry.files if file.path == name), None)


def _belongs(row: Row, manifest: Manifest | None, split: str | None) -> Iterator[Fault]:
    """What the manifest says of every row."""
    if manifest is None:
        return
    if covers(manifest.withdrawn, row.source, row.video, row.clip):
        yield Fault(rule="withdrawn", severity="reject", detail="the manifest lists it as taken out; export again")
    said = row.provenance
    pairs = {
        "fingerprint": (said.fingerprint, manifest.fingerprint),
        "release": (f"{said.release} {said.version}", f"{manifest.release} {manifest.version}"),
        "tiou_floor": (row.tiou_floor, manifest.tiou_floor),
        "improved_floor": (row.improved_floor, manifest.gate.improved),
        "split": (row.split, split or row.split),
    }
    for name, (found, wanted) in pairs.items():
        if found != wanted:
            yield Fault(rule=f"{name} disagrees", severity="reject", detail=f"{found}, the manifest says {wanted}")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]

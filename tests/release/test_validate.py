import json
import math
import os
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Dataset

from rocot.arrow import schema_of
from rocot.core.gate import Gate, Rules
from rocot.core.reflection import Frame
from rocot.core.row import Row
from rocot.release.export import export
from rocot.release.gather import Samples
from rocot.release.manifest import sealed
from rocot.release.report import Report
from rocot.release.shards import write_shards
from rocot.release.validate import validate
from tests.builders import EDITION, answer, corrected, fight, many, reflection
from tests.release.test_export import RECIPE, exported

Values = dict[str, Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("run")
    exported(run, 20)
    return run


def values(count: int = 6) -> list[Values]:
    return [Row.of(item, EDITION).model_dump(mode="json") for item in many(count)]


def shard(folder: Path, rows: Sequence[Values], schema: pa.Schema | None = None) -> Path:
    """A file as somebody else's program writes it: no checks, every column may be null."""
    loose = pa.schema([field.with_nullable(nullable=True) for field in schema_of(Row)])
    path = folder / "some.parquet"
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema or loose), path)
    return path


def reasons(report: Report) -> dict[str, int]:
    return {finding.reason: finding.count for finding in report.invalid}


def told(report: Report) -> str:
    return "\n".join(f"{problem.where}: {problem.what}" for problem in report.problems)


def test_what_rocot_exports_is_valid(made: Path) -> None:
    report = validate(made)
    assert (report.exit_code, report.kind, report.rows, report.kept) == (0, "run", 20, 14)
    assert (report.problems, report.invalid, report.notes) == ((), (), ())
    assert report.outcomes == {"confirmed": 7, "corrected": 7, "corrupted": 6}
    assert report.graded_on == {"label+span": 20}
    assert report.left_out == {"sample frames: unreadable": 1}
    assert report.revised_tiou.bins == (6, 0, 0, 0, 0, 0, 0, 0, 0, 14)
    assert report.revised_tiou.mean == pytest.approx(0.7)


@pytest.mark.parametrize("inside", ["release", "release/data", "release/data/train-00000-of-00001.parquet"])
def test_a_part_of_a_run_can_be_named(made: Path, inside: str) -> None:
    report = validate(made / inside)
    assert (report.exit_code, report.rows) == (0, 20)


def test_validating_alters_nothing(made: Path) -> None:
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in made.rglob("*")}
    validate(made)
    assert {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in made.rglob("*")} == before


def test_the_report_is_json_with_its_exit_code(made: Path) -> None:
    report = validate(made)
    assert report.model_dump(mode="json")["exit_code"] == 0
    assert '"exit_code":0' in report.model_dump_json()


def test_other_programs_may_have_written_the_rows(made: Path, tmp_path: Path) -> None:
    there = made / "release" / "data" / "train-00000-of-00001.parquet"
    pd.read_parquet(there).to_parquet(tmp_path / "pandas.parquet")
    pq.write_table(pq.read_table(there), tmp_path / "pyarrow.parquet", compression="snappy")
    Dataset.from_parquet(str(there), cache_dir=str(tmp_path / "hf")).to_parquet(tmp_path / "datasets.parquet")
    table = pq.read_table(there)
    pq.write_table(table.select(sorted(table.column_names)), tmp_path / "order.parquet")
    for name in ("pandas", "pyarrow", "datasets", "order"):
        report = validate(tmp_path / f"{name}.parquet")
        assert (report.exit_code, report.rows, told(report)) == (0, 20, "")


def test_a_row_that_admits_its_fault_is_valid_and_counted(tmp_path: Path) -> None:
    faulty = fight().but(revised=answer([(4, 9)]))  # the reflection says keep
    write_shards(tmp_path, "train", [Row.of(faulty.judged(), EDITION)], Row)
    report = validate(tmp_path)
    assert report.exit_code == 0
    assert [(finding.reason, finding.count) for finding in report.faults] == [("silent change", 1)]
    assert report.faults[0].examples[0].row == "yard/v0#0"


def test_a_rule_that_only_warns_keeps_the_row_where_the_manifest_says_so(tmp_path: Path) -> None:
    gate = Gate(rules=Rules(silent_change="warn"))
    silent = fight().but(revised=answer([(4, 9)]), gate=gate).judged()
    recipe = RECIPE.model_copy(update={"gate": gate})
    export(tmp_path, recipe, EDITION.fingerprint, Samples("train", [silent], []))
    data = tmp_path / "release" / "data"
    for path in (tmp_path, data, data / "train-00000-of-00001.parquet"):
        report = validate(path)
        assert (report.exit_code, report.kept, report.faults) == (0, 1, ())
        assert [(finding.reason, finding.count) for finding in report.warnings] == [("silent change", 1)]
    alone = shutil.copytree(data, tmp_path / "elsewhere")
    assert reasons(validate(alone)) == {"faults disagree": 1, "silent change": 1}


def test_unknown_truth_is_valid(tmp_path: Path) -> None:
    unknown = fight().judged().truth.model_copy(update={"labels": None, "spans": None})
    write_shards(tmp_path, "train", [Row.of(fight().but(truth=unknown).judged(), EDITION)], Row)
    report = validate(tmp_path)
    assert (report.exit_code, report.outcomes, report.graded_on) == (0, {"ungraded": 1}, {"none": 1})
    assert report.revised_tiou.mean is None


def edit(path: str, value: object) -> Callable[[Values], None]:
    """Sets one place in a row, e.g. `revised.spans.0.end`."""

    def edited(row: Values) -> None:
        *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        place: Any = row
        for part in parents:
            place = place[part]
        place[last] = value

    return edited


def respell(old: str, new: str) -> Callable[[Values], None]:
    """In the assistant's turn."""

    def respelt(row: Values) -> None:
        turn = row["messages"][1]
        assert old in turn["content"]
        turn["content"] = turn["content"].replace(old, new, 1)

    return respelt


PLANTED: list[tuple[str, Callable[[Values], None]]] = [
    ("bad question", edit("question", None)),
    ("bad revised.spans.end", edit("revised.spans.0.end", math.nan)),
    ("bad revised.spans.end", edit("revised.spans.0.end", math.inf)),
    ("bad revised.spans", edit("revised.spans.0.end", 1.0)),
    ("bad initial.reasoning", edit("initial.reasoning", "")),
    ("bad outcome", edit("outcome", "excellent")),
    ("bad reflection.verdict", edit("reflection.verdict", "maybe")),
    ("bad clip_start", edit("clip_start", -1.0)),
    ("bad truth", edit("truth", None)),
    ("outcome disagrees", edit("outcome", "corrected")),
    ("scores disagree", edit("scores.revised_tiou", 0.9)),
    ("scores disagree", edit("scores.revised_right", None)),
    ("scores disagree", edit("truth.spans.0.start", 5.0)),
    ("depth disagrees", edit("graded_on", "label")),
    ("faults disagree", edit("faults", [{"rule": "silent change", "severity": "reject", "detail": ""}])),
    ("time outside clip", edit("revised.reasoning", "At 95 s they strike.")),
    ("unknown label", edit("revised.label", "Juggling")),
    ("label contradicts spans", edit("revised.label", "Normal")),
    ("span outside clip", edit("revised.spans.0.end", 30.0)),
    ("tag in text", edit("reflection.critique", "</think>")),
    ("messages disagree", edit("messages.1.content", "<think>else</think>")),
    ("messages disagree", edit("messages.0.content", "<1.00s><image>")),
    ("tags disagree", respell("<reflection>", "<reflexion>")),
    ("tags disagree", respell("</think><answer>Fighting</answer>", "<answer>Fighting</answer></think>")),
    ("tags disagree", respell("<answer>Fighting</answer>", "<answer>Robbery</answer>")),
    ("tags disagree", respell("[[4.0, 8.0]]", "[[4.0, 9.0]]")),
    ("tags disagree", respell("<verdict>keep", "<verdict>revise")),
    ("frames disagree", edit("frame_times.3", 2.0)),
    ("frames disagree", edit("frame_digests", ["0"])),
    ("truth outside clip", edit("truth.spans.0.end", 99.0)),
    ("truth unnamed", edit("truth.labels", [])),
    ("clip outside video", edit("video_duration", 9.0)),
    ("id disagrees", edit("rollout", 3)),
    ("posed disagrees", edit("posed", {"number": 0, "text": "Who strikes?", "order": [0], "seed": 0})),
]


@pytest.mark.parametrize(("reason", "plant"), PLANTED)
def test_a_planted_fault_is_named_with_its_row(tmp_path: Path, reason: str, plant: Callable[[Values], None]) -> None:
    rows = values(4)
    assert rows[3]["outcome"] == "confirmed"
    plant(rows[3])
    report = validate(shard(tmp_path, rows))
    assert (report.exit_code, report.invalid_rows, report.rows) == (1, 1, 4)
    assert reasons(report)[reason] == 1
    assert {example.row for finding in report.invalid for example in finding.examples} == {rows[3]["id"]}


def test_a_row_kept_with_a_fault_is_invalid(tmp_path: Path) -> None:
    faulty = Row.of(fight().but(revised=answer([(4, 9)])).judged(), EDITION).model_dump(mode="json")
    report = validate(shard(tmp_path, [{**faulty, "kept": True, "not_kept": None}]))
    assert reasons(report) == {"silent change": 1}
    assert reasons(validate(shard(tmp_path, [{**faulty, "kept": True}]))) == {"silent change": 1, "kept disagrees": 1}


def test_an_id_that_comes_twice_is_named_across_files(tmp_path: Path) -> None:
    shard(tmp_path, values(3)).rename(tmp_path / "a.parquet")
    shard(tmp_path, values(2)).rename(tmp_path / "b.parquet")
    report = validate(tmp_path)
    assert reasons(report) == {"duplicate id": 2}
    assert report.invalid[0].examples[0].detail == "first in a.parquet, row 0"


def test_only_the_first_examples_are_kept(tmp_path: Path) -> None:
    rows = values(9)
    for row in rows:
        row["rollout"] = 5
    report = validate(shard(tmp_path, rows))
    assert [(finding.count, len(finding.examples)) for finding in report.invalid] == [(9, 3)]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda row: row.pop("question"), "column question is missing"),
        (lambda row: row.update(qestion=row.pop("question")), "column question is missing; is qestion meant for it?"),
        (lambda row: row.update(rollout="one"), "column rollout is string where int64 is wanted"),
        (lambda row: row.update(revised="[]"), "column revised is string where a struct is wanted"),
        (lambda row: row.update(frame_times="1,2"), "column frame_times is string where a list is wanted"),
        (lambda row: row["initial"].pop("label"), "column initial.label is missing"),
        (lambda row: row["initial"].update(mood="grim"), "column initial.mood is not one of a row's"),
    ],
)
def test_columns_that_cannot_be_read_are_named(tmp_path: Path, change: Callable[[Values], None], what: str) -> None:
    rows = values(2)
    for row in rows:
        change(row)
    path = tmp_path / "some.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    report = validate(path)
    assert report.exit_code == 2
    assert what in told(report)
    assert report.rows == 0


def test_columns_of_their_own_are_noted_and_not_read(tmp_path: Path) -> None:
    table = pa.Table.from_pylist(values(2)).append_column("mood", pa.array(["grim", "calm"]))
    pq.write_table(table, tmp_path / "some.parquet")
    report = validate(tmp_path)
    assert report.exit_code == 0
    assert report.notes == ("some.parquet: not a row's, not read: mood",)


def test_a_damaged_feature_table_is_told(made: Path, tmp_path: Path) -> None:
    table = pq.read_table(made / "release" / "data" / "train-00000-of-00001.parquet")
    for metadata in (b"{", b"[]", schema_of(Row).metadata[b"huggingface"].replace(b"float64", b"string")):
        pq.write_table(table.replace_schema_metadata({b"huggingface": metadata}), tmp_path / "some.parquet")
        assert "`huggingface` metadata" in told(validate(tmp_path))


def hostile(folder: Path, whole: bytes) -> dict[str, str]:
    """Files that are none, and what is said of each."""
    (folder / "text.parquet").write_text("path,label\n")
    (folder / "empty.parquet").write_bytes(b"")
    (folder / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    (folder / "tail.parquet").write_bytes(whole[len(whole) // 2 :])
    (folder / "magic.parquet").write_bytes(b"PAR1" + bytes(1000) + b"\xff\xff\xff\x7fPAR1")
    (folder / "folder.parquet").mkdir()
    (folder / "nowhere.parquet").symlink_to(folder / "gone")
    (folder / "loop.parquet").symlink_to(folder / "loop.parquet")
    (folder / "secret.parquet").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe.parquet")
    broken = "is no whole Parquet file"
    return {
        "text": broken,
        "empty": broken,
        "cut": broken,
        "tail": broken,
        "magic": broken,
        "secret": broken,
        "folder": "is a folder",
        "nowhere": "cannot be read (No such file",
        "loop": "cannot be read (Too many levels",
        "pipe": "is no plain file",
    }


def test_what_is_no_parquet_is_told_and_the_rest_is_read(made: Path, tmp_path: Path) -> None:
    there = made / "release" / "data" / "train-00000-of-00001.parquet"
    expected = hostile(tmp_path, there.read_bytes())
    shutil.copy(there, tmp_path / "good.parquet")
    report = validate(tmp_path)
    assert (report.exit_code, report.rows) == (2, 20)
    found = {problem.where.removesuffix(".parquet"): problem.what for problem in report.problems}
    assert set(found) == set(expected)
    for name, what in expected.items():
        assert found[name].startswith(what)
    assert "root:" not in report.model_dump_json()


@pytest.mark.parametrize(("name", "what"), [("gone", "is not there"), ("", "holds no *.parquet")])
def test_a_path_with_nothing_says_so(tmp_path: Path, name: str, what: str) -> None:
    report = validate(tmp_path / name)
    assert report.exit_code == 2
    assert what in told(report)


def test_a_run_without_a_release_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "run.sqlite").touch()
    report = validate(tmp_path)
    assert (report.kind, report.exit_code) == ("run", 2)
    assert "rocot export" in told(report)


def test_no_rows_are_nothing_to_use(tmp_path: Path) -> None:
    exported(tmp_path, 0)
    report = validate(tmp_path)
    assert (report.exit_code, report.rows) == (2, 0)
    assert "has no rows" in told(report)


def test_text_that_is_no_utf8_is_told(tmp_path: Path) -> None:
    rows = values(2)
    table = pa.Table.from_pylist(rows)
    raw = pa.array([b"\xff\xfe", b"ok"], pa.binary())
    bad = pa.StringArray.from_buffers(2, raw.buffers()[1], raw.buffers()[2])
    pq.write_table(table.set_column(table.column_names.index("question"), "question", bad), tmp_path / "a.parquet")
    report = validate(tmp_path)
    assert report.exit_code == 2
    assert "utf-8" in told(report)


@pytest.mark.parametrize("sentences", [100_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_a_huge_text_is_read_like_any_other(tmp_path: Path, sentences: int) -> None:
    rows = values(2)
    rows[0]["reflection"]["critique"] = "At 3 s he turns. " * sentences
    report = validate(shard(tmp_path, rows))
    wanted = {"messages disagree", "faults disagree", "repetition loop", "too long"}
    assert reasons(report) == dict.fromkeys(wanted, 1)


LOOK = tuple(Frame(time=time, digest=f"{time:064.2f}", width=320, height=240) for time in (4.5, 6.5))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("relook_digests", ["0"]), "frames disagree"),
        (("relook_times", [6.5, 4.5]), "frames disagree"),
        (("relook_times", [4.5, 40.0]), "frames disagree"),
        (("relook_times", [4.5, 7.0]), "frames disagree"),  # the first look showed that one
        (("relook_times", [4.5, 6.6]), "messages disagree"),
        (("messages.2.content", "<4.50s><image>"), "messages disagree"),
    ],
)
def test_a_closer_look_is_checked_like_the_first(tmp_path: Path, change: tuple[str, object], reason: str) -> None:
    row = Row.of(corrected().but(relook=LOOK).judged(), EDITION).model_dump(mode="json")
    assert validate(shard(tmp_path, [row])).exit_code == 0
    edit(*change)(row)
    assert reason in reasons(validate(shard(tmp_path, [row])))


def flipped(whole: bytes, bit: int) -> bytes:
    copy = bytearray(whole)
    copy[bit // 8] ^= 1 << (bit % 8)
    return bytes(copy)


def test_sixty_flipped_bits_of_a_release_are_sixty_found(tmp_path: Path) -> None:
    exported(tmp_path, 20)
    path = tmp_path / "release" / "data" / "train-00000-of-00001.parquet"
    whole = path.read_bytes()
    rng = random.Random(60)
    for _ in range(60):
        path.write_bytes(flipped(whole, rng.randrange(len(whole) * 8)))
        report = validate(tmp_path)
        assert report.exit_code == 2
        assert "sha256" in told(report)


def test_without_a_manifest_no_flipped_bit_changes_a_row_unseen(tmp_path: Path) -> None:
    """Pages have checksums; page headers and the footer have none. What is flipped there is told, or changes no row."""
    rng = random.Random(61)
    made = [Row.of(item, EDITION) for item in many(20)]
    rows = [row.model_copy(update={"frame_digests": tuple(rng.randbytes(32).hex() for _ in range(8))}) for row in made]
    path = write_shards(tmp_path, "train", rows, Row)[0]
    whole, wanted = path.read_bytes(), pq.read_table(path).to_pylist()
    pages = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    found = {"pages": 0, "footer": 0}
    for part, first, last in (("pages", 4, pages), ("footer", pages, len(whole))):
        for _ in range(60):
            path.write_bytes(flipped(whole, rng.randrange(first * 8, last * 8)))
            if validate(path).exit_code:
                found[part] += 1
            else:
                assert pq.read_table(path).to_pylist() == wanted
    assert found["pages"] >= 48
    assert found["footer"] >= 24


def resealed(text: str) -> str:
    """A manifest that was changed by somebody who knows how it is sealed; what is no JSON stays as it is."""
    try:
        values = json.loads(text)
    except ValueError:
        return text
    return sealed({name: value for name, value in values.items() if name != "digest"})


def test_a_manifest_that_tells_otherwise_is_not_believed(tmp_path: Path) -> None:
    exported(tmp_path, 3)
    path = tmp_path / "release" / "manifest.json"
    good = path.read_text()
    for was, now, what in (
        ('"rows": 3,\n      "sft"', '"rows": 4,\n      "sft"', "says"),
        ('"kept": 2', '"kept": 3', "says"),
        ("data/train-00000", "data/gone-00000", "is listed in the manifest and not there"),
        ("data/train-00000", "../data/train-00000", "outside the release"),
        ("data/train-00000", "/etc/train-00000", "outside the release"),
        ("{", "[", "no manifest of a release"),
        ('"format": 2', '"format": ' + "9" * 34_000_000, "over 32 MiB"),
        ('"format": 2', '"format": 1', "Export the run again with `rocot export`: nothing is asked again"),
        ('"format": 2', '"format": 3', "upgrade rocot"),
        ('"format": 2', '"format": "2"', "no manifest of a release"),
        ('"fingerprint"', '"finger"', "no manifest of a release"),
    ):
        assert was in good
        path.write_text(resealed(good.replace(was, now)))
        report = validate(tmp_path)
        assert (report.exit_code, what in told(report)) == (2, True)


def test_rows_of_another_make_are_not_the_manifests(tmp_path: Path) -> None:
    exported(tmp_path, 3)
    path = tmp_path / "release" / "manifest.json"
    path.write_text(resealed(path.read_text().replace("f" * 64, "e" * 64).replace('"confirmed",', "")))
    report = validate(tmp_path)
    assert reasons(report) == {"fingerprint disagrees": 3, "kept disagrees": 1}


def test_a_shard_that_is_not_listed_is_told(tmp_path: Path) -> None:
    exported(tmp_path, 3)
    data = tmp_path / "release" / "data"
    shutil.copy(data / "train-00000-of-00001.parquet", data / "train-00001-of-00001.parquet")
    assert "not in the manifest" in told(validate(tmp_path))


def test_a_release_without_its_manifest_is_noted(tmp_path: Path) -> None:
    exported(tmp_path, 3)
    (tmp_path / "release" / "manifest.json").unlink()
    report = validate(tmp_path / "release")
    assert report.exit_code == 0
    assert "there is no manifest.json" in report.notes[0]


def test_a_wrong_reflection_is_data_not_a_fault(tmp_path: Path) -> None:
    worse = fight().but(revised=answer([(8, 12)]), reflection=reflection("revise"))
    write_shards(tmp_path, "train", [Row.of(worse.judged(), EDITION)], Row)
    report = validate(tmp_path)
    assert (report.exit_code, report.outcomes) == (0, {"corrupted": 1})
    assert report.revised_tiou.bins[0] == 1


@pytest.mark.parametrize(
    ("name", "wanted"), [("rows", "has 20 rows, the manifest says 21"), ("bytes", "is not the file that was exported")]
)
def test_a_manifest_that_miscounts_a_file_is_told(tmp_path: Path, name: str, wanted: str) -> None:
    exported(tmp_path, 20)
    path = tmp_path / "release" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["splits"]["train"]["files"][0][name] += 1
    path.write_text(resealed(json.dumps(manifest)))
    report = validate(tmp_path)
    assert (report.exit_code, report.rows) == (2, 20)
    assert wanted in told(report)

"""What others' texts are held against, as far as a manifest goes."""

from pathlib import Path

import pytest

from rocot.core.span import Span
from rocot.release.passages import is_manifest, validate_passages
from rocot.sources.manifest.entry import Entry, Passage
from rocot.sources.manifest.file import Manifest, write
from tests.sources.manifest.test_file import entry, header

FIGHT = {"labels": ("Fighting",), "spans": (Span(start=4, end=8),), "localised": True, "duration": 20.0}
CLEAN = "Two men push each other at 5 s and then strike. That is more than play, since one of them falls."


def manifest(folder: Path, *entries: Entry) -> Path:
    path = folder / "yard.parquet"
    write(path, Manifest(header(), entries))
    return path


def told(folder: Path, text: str, kind: str = "reasoning", **about: object) -> set[str]:
    path = manifest(folder, entry("a", **{**FIGHT, **about}, passages=(Passage(kind=kind, text=text),)))
    return {finding.reason for finding in validate_passages(path).invalid}


def test_a_clean_text_breaks_no_rule(tmp_path: Path) -> None:
    assert told(tmp_path, CLEAN) == set()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (f"{CLEAN} The annotation says so.", "leak phrase"),
        (f"{CLEAN} The cause is unclear from the metadata.", "leak phrase"),
        ("<think>They fight at 5 s and fall.</think>", "tag in text"),
        ("Two men push each other at 25 s and then strike.", "time outside clip"),
        ("They fight.", "too short"),
        ("People walk across the yard at 5 s. The clip is normal.", "label contradicts reasoning"),
        ("From 14 to 18 s two men strike. The anomaly lasts from 14 to 18 s.", "times contradict spans"),
        ("Die beiden Männer stehen auf dem Hof und schlagen sich, bis der eine nicht mehr steht.", "other language"),
        (f"{CLEAN} The attacker is a black man.", "identifying text"),
        ("They fight at 5 s. " * 12, "repetition loop"),
    ],
)
def test_a_text_that_breaks_a_rule_is_told_under_its_name(tmp_path: Path, text: str, rule: str) -> None:
    assert told(tmp_path, text) == {rule}


def test_what_is_not_known_is_not_held_against_a_text(tmp_path: Path) -> None:
    assert told(tmp_path, "Two men strike at 25 s and run.", duration=None) == set()
    assert told(tmp_path, "From 14 to 18 s two men strike.", spans=None, localised=False) == set()
    assert told(tmp_path, "A knife.", kind="key object") == set()
    assert told(tmp_path, "The clip is normal, all in all.", kind="sentence") == set()


def test_texts_are_counted_and_the_first_are_named(tmp_path: Path) -> None:
    texts = (Passage(kind="reasoning", text=CLEAN), Passage(kind="description", text="As the annotation says."))
    path = manifest(tmp_path, entry("a", **FIGHT, passages=texts), entry("b", **FIGHT))
    report = validate_passages(path)
    assert (report.kind, report.rows, report.invalid_rows, report.exit_code) == ("manifest", 2, 1, 1)
    example = report.invalid[0].examples[0]
    assert (example.row, example.detail) == ("yard/a, description 2", "'the annotation'")


def test_a_manifest_without_texts_cannot_be_used(tmp_path: Path) -> None:
    assert validate_passages(manifest(tmp_path, entry("a"))).exit_code == 2


def test_other_files_are_no_manifests(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1 no")
    assert [is_manifest(path) for path in (tmp_path, tmp_path / "none", tmp_path / "x.parquet")] == [False] * 3
    assert is_manifest(manifest(tmp_path, entry("a")))

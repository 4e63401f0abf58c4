"""Every importer against files that are not what they should be: records or a message, never a traceback or a hang."""

import re
import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rocot.errors import ConfigError
from rocot.sources.known.dataset import shipped
from rocot.sources.known.files import MOST_LINES, MOST_VALUES, Files
from rocot.sources.manifest.file import Manifest
from tests.contracts.importer import (
    HARMLESS,
    PLACINGS,
    SPOILINGS,
    Folder,
    Placing,
    Spoiling,
    is_text,
    outcome,
    packed,
    put,
    valid,
)

DATASETS = tuple(shipped())

pytestmark = pytest.mark.timeout(60)


@cache
def sound(dataset: str) -> Folder:
    with tempfile.TemporaryDirectory() as folder:
        return valid(dataset, Path(folder) / "valid")


def spoilt(tmp_path: Path, dataset: str, name: str, data: bytes) -> tuple[Path, object]:
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    put(folder, {**sound(dataset), name: data})
    return folder, outcome(dataset, folder)


def names(told: str, folder: Path, dataset: str) -> bool:
    """Whether a message says which file, or at least which folder, it is about."""
    return str(folder) in told or any(name in told for name in sound(dataset))


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_sound_files_are_imported(tmp_path: Path, dataset: str) -> None:
    put(tmp_path, sound(dataset))
    assert not isinstance(outcome(dataset, tmp_path), str)


@pytest.mark.parametrize("spoiling", SPOILINGS, ids=lambda spoiling: spoiling.name)
@pytest.mark.parametrize("dataset", DATASETS)
def test_a_spoilt_file_gives_records_or_a_message_that_names_it(
    tmp_path: Path, dataset: str, spoiling: Spoiling
) -> None:
    refused = 0
    for name, data in sound(dataset).items():
        folder, said = spoilt(tmp_path, dataset, name, spoiling.make(data))
        if not isinstance(said, str):
            continue
        refused += 1
        assert names(said, folder, dataset), said
        if spoiling.line and name in said and is_text(name, data):
            assert f"{name}:{spoiling.line(data)}" in said, said
    assert refused or not spoiling.refused


@pytest.mark.parametrize("ends", ["all", "one"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_no_video_is_lost_for_a_line_break_of_another_kind(tmp_path: Path, dataset: str, ends: str) -> None:
    put(tmp_path / "sound", sound(dataset))
    expected = outcome(dataset, tmp_path / "sound")
    assert isinstance(expected, Manifest)
    for name, data in sound(dataset).items():
        _, said = spoilt(tmp_path, dataset, name, data.replace(b"\n", b"\r", -1 if ends == "all" else 1))
        if isinstance(said, Manifest) and is_text(name, data):
            assert [entry.id for entry in said.entries] == [entry.id for entry in expected.entries], name


@pytest.mark.parametrize("harmless", HARMLESS, ids=lambda harmless: harmless.name)
@pytest.mark.parametrize("dataset", DATASETS)
def test_marks_and_line_ends_change_nothing(tmp_path: Path, dataset: str, harmless: Spoiling) -> None:
    put(tmp_path / "sound", sound(dataset))
    expected = outcome(dataset, tmp_path / "sound")
    for name, data in sound(dataset).items():
        if is_text(name, data):
            _, said = spoilt(tmp_path, dataset, name, harmless.make(data))
            assert said == expected, name


@pytest.mark.parametrize("other", DATASETS)
@pytest.mark.parametrize("dataset", DATASETS)
def test_the_files_of_another_dataset_are_refused(tmp_path: Path, dataset: str, other: str) -> None:
    if dataset == other:
        return
    put(tmp_path, sound(other))
    said = outcome(dataset, tmp_path)
    assert isinstance(said, str)
    assert str(tmp_path) in said


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_file_with_what_another_dataset_writes_gives_records_or_a_message(tmp_path: Path, dataset: str) -> None:
    for name in sound(dataset):
        for other in DATASETS:
            for foreign, data in sound(other).items():
                if other != dataset and Path(foreign).suffix == Path(name).suffix:
                    folder, said = spoilt(tmp_path, dataset, name, data)
                    assert not isinstance(said, str) or names(said, folder, dataset), said


@pytest.mark.parametrize("placing", PLACINGS, ids=lambda placing: placing.name)
@pytest.mark.parametrize("dataset", DATASETS)
def test_what_is_no_file_of_the_folder_is_not_opened(tmp_path: Path, dataset: str, placing: Placing) -> None:
    for number, (name, data) in enumerate(sound(dataset).items()):
        without, folder = tmp_path / f"without{number}", tmp_path / f"placed{number}"
        for place in (without, folder):
            put(place, sound(dataset))
            (place / name).unlink()
        outside = tmp_path / f"outside{number}"
        outside.write_bytes(data)
        placing.make(folder / name, outside)
        expected, said = outcome(dataset, without), outcome(dataset, folder)
        if isinstance(expected, str):
            assert isinstance(said, str)
            assert said.replace(str(folder), "") == expected.replace(str(without), "")
        else:
            assert said == expected


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_folder_that_is_none_is_told(tmp_path: Path, dataset: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for folder in (tmp_path / "empty", tmp_path / "file", tmp_path / "nowhere", loop, Path("a\0b"), Path("x" * 5000)):
        said = outcome(dataset, folder)
        assert isinstance(said, str)


def test_a_file_of_endless_lines_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(b"\n" * MOST_LINES + b"x")
    with pytest.raises(ConfigError, match=r"lines\.txt: over 5,000,000 lines"):
        list(Files(tmp_path).lines(path))


def test_a_file_of_endless_values_is_refused_before_it_takes_memory(tmp_path: Path) -> None:
    path = tmp_path / "values.json"
    path.write_bytes(b"[" + b"[]," * MOST_VALUES + b"[]]")
    with pytest.raises(ConfigError, match=r"values\.json: over 20,000,000 values"):
        Files(tmp_path).json(path)


def test_a_name_twice_among_many_is_found_at_once(tmp_path: Path) -> None:
    path = tmp_path / "names.json"
    path.write_text("{" + ",".join(f'"{number}": 1' for number in range(200_000)) + ', "199999": 2}')
    with pytest.raises(ConfigError, match="the name '199999' stands there twice"):
        Files(tmp_path).json(path)


WORDS = b"""
-1 0 1 2 -0 007 0.1 1e9 1e400 -1e-400 NaN Infinity null true false {} [] "" "x" 2147483648 99999999999999999999
A B1 Normal Abuse 1-1 5-1,5 [0052,0114] [,] [0005,] 00:00:00.0 1:02.5 -1.0 -1,-1 ## # - _ / .. .mp4 .npy ego: \\ '
\\u0000 \\ud800 \\n {"a":1} [1,2] [[1,2]] [[2,1]] [["x"]] {'a':'b'} D. __#1_label_B9 a,b,c a"b \xff \xc3\xa9
""".split()
SPACE = (b"", b" ", b"  ", b"\t", b"\n", b"\r", b"\0", b",", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"x" * 300)
"""Small things to which one format or another gives a meaning."""


@st.composite
def damage(draw: st.DrawFn, data: bytes) -> bytes:
    """One small change: mostly a word that is another, so that the form stays and the meaning does not."""
    what = draw(st.sampled_from((*WORDS, *SPACE)))
    change = draw(st.sampled_from(("word", "word", "word", "word", "cut", "put", "twice", "lines")))
    words = list(re.finditer(rb'[^\s,\[\]{}":=<>]+', data))
    if change == "word" and words:
        word = draw(st.sampled_from(words))
        return data[: word.start()] + what + data[word.end() :]
    if change == "lines":
        lines = data.split(b"\n")
        lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(lines)))
        return b"\n".join(lines)
    start = draw(st.integers(0, len(data)))
    end = min(len(data), start + draw(st.sampled_from((1, 4, 20, 200))))
    if change == "cut":
        return data[:start] + data[end:]
    return data[:start] + (what if change == "put" else data[start:end]) + data[start:]


@pytest.mark.parametrize("dataset", DATASETS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.data())
def test_no_small_damage_ends_in_a_traceback(dataset: str, drawn: st.DataObject) -> None:
    files = dict(sound(dataset))
    for _ in range(drawn.draw(st.sampled_from((1, 1, 1, 2, 3)), label="changes")):
        name = drawn.draw(st.sampled_from(sorted(files)), label="file")
        files[name] = packed(files[name], lambda part: drawn.draw(damage(part), label="damaged"))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        put(folder, files)
        said = outcome(dataset, folder)
        assert not isinstance(said, str) or names(said, folder, dataset), said

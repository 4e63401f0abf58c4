import io
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import DTypeLike

from rocot.errors import ConfigError
from rocot.sources.known.arrays import marked, runs
from rocot.sources.known.files import Files


def saved(values: object, dtype: DTypeLike = np.uint8) -> bytes:
    file = io.BytesIO()
    np.save(file, np.array(values, dtype=dtype), allow_pickle=True)
    return file.getvalue()


def read(folder: Path, data: bytes) -> list[bool] | None:
    """None where it is at fault."""
    (folder / "a.npy").write_bytes(data)
    files = Files(folder)
    frames = marked(files, folder / "a.npy")
    if frames is None:
        with pytest.raises(ConfigError, match=r"a\.npy: "):
            files.check()
        return None
    files.check()
    return [bool(value) for value in frames]


@pytest.mark.parametrize("dtype", [np.uint8, np.bool_, np.int64, np.float32, np.float64, ">f8", np.float16])
def test_marks_are_read_whatever_kind_of_number_holds_them(tmp_path: Path, dtype: DTypeLike) -> None:
    assert read(tmp_path, saved([0, 1, 1, 0], dtype)) == [False, True, True, False]


def test_later_versions_of_the_format_are_read(tmp_path: Path) -> None:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.array([1, 0], dtype=np.uint8), version=(2, 0))
    assert read(tmp_path, file.getvalue()) == [True, False]


GOOD = saved([0, 1])


@pytest.mark.parametrize(
    "data",
    [
        saved([0, 2]),
        saved([0.0, 0.5], np.float64),
        saved([0.0, float("nan")], np.float64),
        saved([[0, 1], [1, 0]]),
        saved(1),
        saved([], np.uint8),
        saved([{"frame": 1}], object),
        saved(["a"], "U1"),
        GOOD[:-1],
        GOOD + b"\0",
        GOOD[:40],
        GOOD[:7],
        b"\x93NUMPY\x01\x00\xff\xff" + GOOD[10:],
        GOOD.replace(b"(2,)", b"(999999999,)"),
        b"0 0 1 1",
    ],
)
def test_what_is_no_mark_for_each_frame_is_a_fault_of_the_file(tmp_path: Path, data: bytes) -> None:
    assert read(tmp_path, data) is None


def test_a_pickle_is_never_run(tmp_path: Path) -> None:
    done = tmp_path / "done"

    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return open, (str(done), "w")  # type: ignore[return-value]

    assert read(tmp_path, saved([Trap()], object)) is None
    assert not done.exists()


@given(st.lists(st.booleans(), min_size=1))
def test_runs_cover_the_marked_frames_and_no_others(marks: list[bool]) -> None:
    made = [False] * len(marks)
    stretches = runs(np.array(marks))
    for start, end in stretches:
        made[start:end] = [True] * (end - start)
    assert made == marks
    assert all(first[1] < second[0] for first, second in pairwise(stretches))

"""What matched files are: measured once, kept, and no bad file in the way of the others."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import apsw
import pytest

from rocot.errors import StoreError, VideoError
from rocot.sources.known.annotated import Annotated
from rocot.sources.known.dataset import Counting
from rocot.sources.known.settle import Found
from rocot.sources.manifest.finding import Finding
from rocot.sources.manifest.matching import Matching
from rocot.sources.manifest.probing import other_lengths, probe
from rocot.video.av_reader import AvReader
from rocot.video.mark import mark_of
from rocot.video.protocol import Look, Survey, Taken
from rocot.video.survey import survey
from tests.contracts.numbered import film


class Reader(AvReader):
    """In this process."""

    def survey(self, path: Path) -> Survey:
        return survey(path)


class Counted(Reader):
    """Counts the files that it is asked for."""

    def __init__(self) -> None:
        self.probed: list[str] = []

    def survey(self, path: Path) -> Survey:
        self.probed.append(path.name)
        return super().survey(path)


class Renamed(Counted):
    name = "other"


def laid(root: Path, *names: str) -> Matching:
    """A film of three seconds under each name."""
    root.mkdir(exist_ok=True)
    made = film(root / "first.mp4").path.read_bytes()
    for number, name in enumerate(names):
        (root / name).write_bytes(made + b"\0\0\0\x0cfree" + number.to_bytes(4, "big"))
    return Matching(root, {f"toy/{Path(name).stem}": name for name in names}, ())


def probed(matching: Matching, cache: Path, reader: Counted | None = None) -> tuple[dict[str, Found], list[Finding]]:
    return probe(matching, reader or Counted(), cache / "probes.sqlite", threads=2)


def test_a_file_is_measured(tmp_path: Path) -> None:
    matching = laid(tmp_path / "videos", "a.mp4")
    found, findings = probed(matching, tmp_path)
    path = matching.root / "a.mp4"
    assert findings == []
    one = found["toy/a"]
    assert (one.path, one.fps, one.frames, one.duration) == ("a.mp4", 25.0, 75, 3.0)
    assert one.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert one.mark == mark_of(path)
    assert len(one.hashes) == 16
    assert [number for number, digits in enumerate(one.hashes) if digits != "0" * 16] == [0, 1, 8, 9]


def test_the_second_time_no_file_is_opened(tmp_path: Path) -> None:
    matching = laid(tmp_path / "videos", "a.mp4", "b.mp4")
    first, again = Counted(), Counted()
    before = probed(matching, tmp_path, first)
    assert probed(matching, tmp_path, again) == before
    assert (sorted(first.probed), again.probed) == (["a.mp4", "b.mp4"], [])


def test_a_file_that_was_moved_is_not_measured_again(tmp_path: Path) -> None:
    matching = laid(tmp_path / "videos", "a.mp4")
    probed(matching, tmp_path)
    (matching.root / "a.mp4").rename(matching.root / "z.mp4")
    again = Counted()
    found, _ = probed(Matching(matching.root, {"toy/a": "z.mp4"}, ()), tmp_path, again)
    assert again.probed == []
    assert found["toy/a"].path == "z.mp4"


@pytest.mark.parametrize("change", ["time", "size", "end", "reader"])
def test_a_file_that_changed_is_measured_again(tmp_path: Path, change: str) -> None:
    matching = laid(tmp_path / "videos", "a.mp4")
    before, _ = probed(matching, tmp_path)
    path, again = matching.root / "a.mp4", Renamed() if change == "reader" else Counted()
    kept = path.stat()
    if change == "time":
        os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns + 1))
    if change == "size":
        path.write_bytes(path.read_bytes() + b"\0\0\0\x08free")
    if change == "end":
        path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    if change in {"size", "end"}:
        os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    found, _ = probed(matching, tmp_path, again)
    assert again.probed == ["a.mp4"]
    assert (found["toy/a"].sha256 != before["toy/a"].sha256) == (change in {"size", "end"})


def test_a_bad_file_is_a_finding_and_is_tried_again(tmp_path: Path) -> None:
    matching = laid(tmp_path / "videos", "a.mp4", "bad.mp4", "pipe.mp4", "empty.mp4")
    (matching.root / "bad.mp4").write_bytes(b"no video at all" * 100)
    (matching.root / "empty.mp4").write_bytes(b"")
    (matching.root / "pipe.mp4").unlink()
    os.mkfifo(matching.root / "pipe.mp4")
    found, findings = probed(matching, tmp_path)
    assert list(found) == ["toy/a"]
    assert [(finding.kind, finding.video) for finding in findings] == [
        ("corrupt", "bad.mp4"),
        ("corrupt", "empty.mp4"),
        ("corrupt", "pipe.mp4"),
    ]
    assert "not a video" in findings[1].detail
    again = Counted()
    assert probed(matching, tmp_path, again) == (found, findings)
    assert again.probed == ["bad.mp4"]


def test_progress_is_told_after_every_video(tmp_path: Path) -> None:
    matching = laid(tmp_path / "videos", "a.mp4", "b.mp4", "bad.mp4")
    (matching.root / "bad.mp4").write_bytes(b"bad")
    told: list[tuple[int, int]] = []
    probe(matching, Reader(), tmp_path / "probes.sqlite", 2, lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_record_that_cannot_be_read_is_made_again(tmp_path: Path) -> None:
    matching = laid(tmp_path / "videos", "a.mp4")
    before = probed(matching, tmp_path)
    with apsw.Connection(str(tmp_path / "probes.sqlite")) as connection:
        connection.execute("""UPDATE probe SET probe = '{"fps": "many"}'""")
    connection.close()
    again = Counted()
    assert probed(matching, tmp_path, again) == before
    assert again.probed == ["a.mp4"]


def test_a_cache_of_another_layout_is_made_anew(tmp_path: Path) -> None:
    matching = laid(tmp_path / "videos", "a.mp4")
    before = probed(matching, tmp_path)
    with apsw.Connection(str(tmp_path / "probes.sqlite")) as connection:
        connection.pragma("user_version", 99)
        connection.execute("ALTER TABLE probe RENAME COLUMN probe TO something")
    connection.close()
    assert probed(matching, tmp_path) == before


def test_a_cache_that_cannot_be_used_says_that_it_may_be_deleted(tmp_path: Path) -> None:
    (tmp_path / "probes.sqlite").write_bytes(b"no database " * 1000)
    with pytest.raises(StoreError, match=r"probes.sqlite: .*delete the file, which only saves time"):
        probed(laid(tmp_path / "videos", "a.mp4"), tmp_path)


def test_another_program_s_database_is_left_alone(tmp_path: Path) -> None:
    with apsw.Connection(str(tmp_path / "probes.sqlite")) as connection:
        connection.execute("CREATE TABLE probe (theirs)")
    connection.close()
    with pytest.raises(StoreError, match="another program"):
        probed(laid(tmp_path / "videos", "a.mp4"), tmp_path)


class Halting(Reader):
    """Fails as a program with a bug would."""

    def read(
        self, path: Path, times: Sequence[float], look: Look, *, tolerance: float = 0.0, salvage: bool = False
    ) -> Taken:
        raise RuntimeError("a bug")


def test_a_bug_keeps_its_traceback(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="a bug"):
        probe(laid(tmp_path / "videos", "a.mp4"), Halting(), tmp_path / "probes.sqlite", 2)


INTERRUPTED = """
import sys, time
from pathlib import Path
from rocot.sources.manifest.matching import Matching
from rocot.sources.manifest.probing import probe
from rocot.video.av_reader import AvReader
from rocot.video.survey import survey

class Slow(AvReader):
    def survey(self, path):
        if path.name > "d":
            time.sleep(0.5)
        return survey(path)

root, cache = map(Path, sys.argv[1:])
paths = {path.stem: path.name for path in sorted(root.iterdir())}
probe(Matching(root, paths, ()), Slow(), cache, 2, lambda done, total: print(done, flush=True))
"""


def test_an_interrupt_stops_at_once_and_loses_nothing_that_was_measured(tmp_path: Path) -> None:
    names = [f"{letter}{number:02}.mp4" for letter in "ce" for number in range(40)]
    matching = laid(tmp_path / "videos", *names)
    (matching.root / "first.mp4").unlink()
    cache = tmp_path / "probes.sqlite"
    command = [sys.executable, "-c", INTERRUPTED, str(matching.root), str(cache)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        done = next(int(line) for line in process.stdout if int(line) >= 42)
        process.send_signal(signal.SIGINT)
        done = max([done, *(int(line) for line in process.stdout)])
        process.wait(30)
    assert process.returncode not in {0, None}
    assert done < 70  # each of the 38 that were left takes half a second
    again = Counted()
    found, findings = probe(matching, again, cache, 2)
    assert (len(found), findings) == (80, [])
    assert 80 - done - 1 <= len(again.probed) <= 80 - done


class Held(Reader):
    """Is still at the second file when the first is done, and for a while after."""

    def __init__(self) -> None:
        self.read_names: list[str] = []

    def survey(self, path: Path) -> Survey:
        if path.name == "b.mp4":
            time.sleep(0.5)
        return super().survey(path)

    def read(
        self, path: Path, times: Sequence[float], look: Look, *, tolerance: float = 0.0, salvage: bool = False
    ) -> Taken:
        self.read_names.append(path.name)
        return super().read(path, times, look, tolerance=tolerance, salvage=salvage)


def test_what_is_under_way_at_an_interrupt_goes_no_further(tmp_path: Path) -> None:
    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    reader = Held()
    with pytest.raises(KeyboardInterrupt):
        probe(laid(tmp_path / "videos", "a.mp4", "b.mp4"), reader, tmp_path / "probes.sqlite", 2, interrupt)
    assert reader.read_names == ["a.mp4"]


def said(name: str, seconds: float | None) -> Annotated:
    return Annotated(id=name, video=f"toy/{name}", split="train", file=f"{name}.mp4", duration=seconds, said="list:1")


def test_a_video_of_another_length_than_the_annotation_says_is_told_once() -> None:
    lasting = Found(path="x/a.mp4", fps=25.0, frames=75, duration=3.0, mark="", sha256="", hashes=())
    counting = Counting(unit="seconds", stated="seconds")
    records = [said("a", 3.5), said("b", 9.0), said("c", None), said("d", 2.0), said("d", 2.0)]
    found = {f"toy/{name}": lasting for name in "acd"}
    told = other_lengths(records, counting, found)
    assert [(each.kind, each.video, each.detail) for each in told] == [
        ("other length", "x/a.mp4", "3.0 s, the annotation says 2.0 s")
    ]


def test_as_many_frames_or_as_many_seconds_will_do_for_rates_are_rounded_and_films_thinned() -> None:
    film = Found(path="a.mp4", fps=29.97, frames=300_000, duration=10_010.0, mark="", sha256="", hashes=())
    counting = Counting(unit="frames", fps=30.0, stated="30 a second")
    record = Annotated(id="a", video="toy/a", split="train", file="a.mp4", frames=300_000, said="list:1")
    assert other_lengths([record], counting, {"toy/a": film}) == []
    thinned = Found(path="a.mp4", fps=15.0, frames=150_000, duration=10_000.0, mark="", sha256="", hashes=())
    assert other_lengths([record], counting, {"toy/a": thinned}) == []
    longer = record.model_copy(update={"frames": 300_100})
    assert [each.kind for each in other_lengths([longer], counting, {"toy/a": film})] == ["other length"]


def test_a_video_of_which_no_frame_can_be_had_is_corrupt(tmp_path: Path) -> None:
    class Blind(Reader):
        def read(
            self, path: Path, times: Sequence[float], look: Look, *, tolerance: float = 0.0, salvage: bool = False
        ) -> Taken:
            raise VideoError("damaged", f"{path.name}: nothing to see")

    found, (finding,) = probe(laid(tmp_path / "videos", "a.mp4"), Blind(), tmp_path / "probes.sqlite", 2)
    assert (found, finding.detail) == ({}, "damaged: a.mp4: nothing to see")

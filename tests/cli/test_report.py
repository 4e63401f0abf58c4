"""`rocot report`: a page or JSON of a run, of a release, of nothing usable."""

import json
import shutil
import subprocess
import sys

from tests.cli.bench import Bench
from tests.release.test_validate import shard, values


def test_a_runs_page_has_its_frames_and_its_json_its_numbers(bench: Bench) -> None:
    bench.lay(length=1)
    assert bench.rocot("generate", "--recipe", "own.toml").returncode == 0
    done = bench.rocot("report")
    assert done.returncode == 0, done.stderr
    assert "runs/own/report.html (" in done.stdout
    assert "The rows come from 2 videos" in done.stdout
    text = (bench.folder / "runs" / "own" / "report.html").read_text()
    assert text.count("<img ") == 4 * text.count("<article ") > 0

    told = json.loads(bench.rocot("report", "runs/own", "--json").stdout)
    assert told["flips"]["rows"] == 6
    assert [one["stage"] for one in told["spent"]] == ["reason", "reflect", "revise"]
    validated = json.loads(bench.rocot("validate", "--json").stdout)
    assert {name: told["flips"][name] for name in validated["outcomes"]} == validated["outcomes"]

    assert bench.rocot("report", "--no-frames", "--out", "shown.html").returncode == 0
    assert "<img " not in (bench.folder / "shown.html").read_text()

    shutil.copytree(bench.folder / "runs" / "own" / "release", bench.folder / "taken")
    done = bench.rocot("report", "taken")
    assert done.returncode == 0, done.stderr
    assert "<img " not in (bench.folder / "report.html").read_text()


def test_what_cannot_be_used_has_one_line(bench: Bench) -> None:
    for words, what in ((("nowhere",), "nowhere: is not there"), ((), "no run below runs/")):
        done = bench.rocot("report", *words)
        assert done.returncode == 2
        assert what in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_rows_that_fit_no_schema_are_told_and_end_with_a_code_of_their_own(bench: Bench) -> None:
    rows = values(4)
    rows[2]["outcome"] = "excellent"
    shard(bench.folder, rows)
    done = bench.rocot("report", "some.parquet")
    assert done.returncode == 1
    assert "1 rows do not fit the schema and stand in no number" in done.stdout
    assert (bench.folder / "report.html").is_file()
    done = bench.rocot("report", "some.parquet", "--json")
    assert (done.returncode, json.loads(done.stdout)["unreadable"]) == (1, 1)


FULL = """
import resource, sys
from rocot.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
main()
"""


def test_a_page_that_is_cut_off_takes_no_other_ones_place(bench: Bench) -> None:
    """A limit on the size of files stands for a full disk: the write fails in the same place."""
    shard(bench.folder, values(4))
    assert bench.rocot("report", "some.parquet").returncode == 0
    before = (bench.folder / "report.html").read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(len(before) // 2), "report", "some.parquet"],
        cwd=bench.folder,
        env=bench.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "report.html: cannot be written (File too large); choose another place with --out" in done.stderr
    assert (bench.folder / "report.html").read_bytes() == before
    assert sorted(path.name for path in bench.folder.iterdir()) == ["report.html", "some.parquet"]


def test_a_page_goes_where_a_link_leads_and_into_a_pipe(bench: Bench) -> None:
    shard(bench.folder, values(4))
    (bench.folder / "pages").mkdir()
    (bench.folder / "report.html").symlink_to("pages/mine.html")
    assert bench.rocot("report", "some.parquet").returncode == 0
    assert (bench.folder / "report.html").is_symlink()
    text = (bench.folder / "pages" / "mine.html").read_text()
    assert bench.rocot("report", "some.parquet", "--out", "/dev/stdout").stdout.startswith(text)
    assert bench.rocot("report", "some.parquet", "--out", "pages").returncode == 2


def test_a_page_that_cannot_be_written_says_where(bench: Bench) -> None:
    bench.lay()
    assert bench.rocot("generate", "--recipe", "own.toml").returncode == 0
    done = bench.rocot("report", "--out", "none/such.html")
    assert done.returncode == 2
    assert "none/such.html: cannot be written" in done.stderr

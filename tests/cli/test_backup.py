"""Backups on the real command line; tests/storage/test_s3.py has an object store, and a part that is killed."""

import asyncio
import json
import shutil
import time
from pathlib import Path

import pytest

from rocot.cli import NOT_KEPT
from rocot.cli.backing import Backup, begin, ended
from rocot.cli.telling import Words
from rocot.engine.store import Store
from rocot.errors import BackupError, ServiceError
from rocot.storage.keeping import Keeping
from rocot.storage.place import PassingError, Place
from tests.cli.bench import Bench
from tests.servers.chat import ChatServer

GENERATE = ("generate", "--recipe", "own.toml", "--backup", "kept")


def test_a_run_goes_on_from_its_backup_on_another_machine(bench: Bench) -> None:
    bench.lay()
    made = bench.rocot(*GENERATE)
    assert made.returncode == 0, made.stderr
    assert f"note: runs/own: backed up to file://{bench.folder}/kept (number 1, " in made.stderr
    shutil.rmtree(bench.folder / "runs")
    again = bench.rocot(*GENERATE, "--log-json")
    assert again.returncode == 0, again.stderr
    *events, end = [json.loads(line) for line in again.stderr.splitlines()]
    notices = [event["message"] for event in events if event["event"] == "notice"]
    assert [notice.partition(" (")[0] for notice in notices] == [
        "runs/own: restored",
        f"runs/own: nothing new since the backup at file://{bench.folder}/kept",
    ]
    assert (end["event"], {stage["done"] - stage["reused"] for stage in end["stages"]}) == ("end", {0})


def test_a_run_is_backed_up_and_restored_by_hand(bench: Bench) -> None:
    bench.lay()
    assert bench.rocot("generate", "--recipe", "own.toml").returncode == 0
    done = bench.rocot("backup", "own", "kept")
    assert done.returncode == 0, done.stderr
    assert "runs/own: backed up to file://" in done.stdout
    back = bench.rocot("restore", "kept", "elsewhere")
    assert back.returncode == 0, back.stderr
    assert back.stdout.startswith("elsewhere: restored (from file://")
    exported = bench.rocot("export", "elsewhere")
    assert exported.returncode == 0, exported.stderr
    release = Path("release", "data", "train-00000-of-00001.parquet")
    assert (bench.folder / "elsewhere" / release).read_bytes() == (bench.folder / "runs/own" / release).read_bytes()
    assert bench.rocot("restore", "kept", "elsewhere").stdout.startswith("elsewhere: it is that already")


def there(folder: Path) -> None:
    """Waits for a backup."""
    while not list(folder.glob("*.json")):
        time.sleep(0.05)


async def test_a_run_whose_backup_another_one_has_overtaken_stops_asking(bench: Bench) -> None:
    bench.lay(model="openai:m", length=0.25)
    async with ChatServer(latency=0.5) as server:
        words = ("--base-url", server.base_url, "--workers", "1", "--backup-every", "0.005")
        running = asyncio.create_task(asyncio.to_thread(bench.rocot, *GENERATE, *words))
        await asyncio.to_thread(there, bench.folder / "kept")
        await asyncio.to_thread(bench.rocot, "restore", "kept", "theirs")
        more = ("generate", "--recipe", "own.toml", "--run", "theirs", "--limit", "3", "--base-url", server.base_url)
        server.latency = 0.05
        theirs = await asyncio.to_thread(bench.rocot, *more, "--backup", "kept", "--workers", "64")
        ours = await running
        calls = server.counts.total()
    codes = (theirs.returncode, ours.returncode)
    assert codes in {(0, 2), (2, 0)}, theirs.stderr + ours.stderr
    lost = ours if ours.returncode else theirs
    assert "holds what this run does not" in lost.stderr or "meanwhile" in lost.stderr
    assert calls


async def test_a_run_that_could_not_be_backed_up_has_an_exit_code_of_its_own(bench: Bench) -> None:
    bench.lay(model="openai:m")
    kept, aside = bench.folder / "kept", bench.folder / "aside"
    async with ChatServer(latency=0.5) as server:
        words = ("--base-url", server.base_url, "--workers", "1", "--backup-every", "0.005")
        running = asyncio.create_task(asyncio.to_thread(bench.rocot, *GENERATE, *words))
        await asyncio.to_thread(there, kept)
        kept.rename(aside)
        kept.write_text("no folder")
        done = await running
    assert done.returncode == NOT_KEPT, done.stderr
    assert "runs/own: not backed up, and stays as it is: file://" in done.stderr
    command = f"rocot backup runs/own file://{kept}"
    assert command in done.stderr
    failed = bench.rocot(*command.split()[1:])
    assert (failed.returncode, "not backed up" in failed.stderr) == (NOT_KEPT, True)
    kept.unlink()
    aside.rename(kept)
    sent = bench.rocot(*command.split()[1:])
    assert (sent.returncode, "backed up to" in sent.stdout) == (0, True), sent.stderr


def test_a_run_that_failed_and_could_not_be_backed_up_tells_both(tmp_path: Path) -> None:
    place = Place(str(tmp_path / "kept"))
    (tmp_path / "kept").write_text("no folder")
    with Store(tmp_path / "run"):
        keeping = Keeping(tmp_path / "run", place, 60, print)
        with pytest.raises(BackupError, match=r"(?s)the key is refused.*not backed up"), ended(keeping, Words()):
            raise ServiceError("the key is refused")


def test_a_url_that_does_not_answer_may_do_so_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(place: Place) -> None:
        raise PassingError(f"{place}: cannot be reached")

    monkeypatch.setattr(Place, "check", away)
    monkeypatch.setattr("rocot.cli.backing.HERE", frozenset())
    with pytest.raises(BackupError, match="cannot be reached"):
        begin(Backup(str(tmp_path / "kept"), 10), tmp_path / "run", None, Words())


def test_a_place_that_cannot_be_used_is_told_before_anything_is_asked(bench: Bench) -> None:
    bench.lay()
    (bench.folder / "kept").write_text("a file")
    refused = bench.rocot(*GENERATE)
    assert refused.returncode == 2
    assert "rocot: file://" in refused.stderr
    assert not list(bench.folder.glob("runs/own/run.sqlite"))
    both = bench.rocot(*GENERATE, "--batch")
    assert both.returncode == 2
    assert "leave one of them out" in both.stderr
    for words in (
        ("generate", "--recipe", "own.toml", "--backup", ""),
        ("launch", "slurm", "--parts", "2", "--backup", ""),
        ("restore", "", "elsewhere"),
    ):
        empty = bench.rocot(*words)
        assert empty.returncode == 2
        assert "the URL is empty" in empty.stderr
    assert not list(bench.folder.glob("runs/own/run.sqlite"))
    secret = bench.rocot("backup", "own", "s3://me:canary@lab/x")
    assert secret.returncode == 2
    assert "canary" not in secret.stderr + secret.stdout


def test_a_backup_of_another_part_is_refused_before_anything_is_restored(bench: Bench) -> None:
    bench.lay(length=0.5)
    first = ("generate", "--recipe", "own.toml", "--part", "1/2", "--run", "runs/own")
    assert bench.rocot(*first, "--backup", "kept").returncode == 0
    for words, asked in ((("--part", "2/2"), "part 2 of 2"), ((), "a whole run")):
        done = bench.rocot("generate", "--recipe", "own.toml", *words, "--run", "runs/far", "--backup", "kept")
        assert done.returncode == 2
        assert f"kept: holds part 1 of 2, and {asked} was asked for; give each its own URL" in done.stderr
        assert not list((bench.folder / "runs").glob("far*/run.sqlite"))


def test_what_is_withdrawn_stays_so_when_the_run_goes_on_from_its_backup(bench: Bench) -> None:
    bench.lay(length=0.5)
    with (bench.folder / "videos" / "b.mp4").open("ab") as film:  # not the same file again
        film.write(b"\0")
    assert bench.rocot(*GENERATE).returncode == 0
    done = bench.rocot("withdraw", "own/b", "--purge")
    assert done.returncode == 0, done.stderr
    again = bench.rocot(*GENERATE)
    assert again.returncode == 0, again.stderr
    assert "restored" not in again.stderr
    assert "backed up to" in again.stderr
    assert bench.rocot("restore", "kept", "elsewhere").returncode == 0
    assert bench.rocot("export", "elsewhere").returncode == 0
    manifest = json.loads((bench.folder / "elsewhere/release/manifest.json").read_text())
    assert manifest["withdrawn"] == ["own/b"]

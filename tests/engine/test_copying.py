import asyncio
from pathlib import Path

import apsw
import pytest

from rocot.engine.claims import held
from rocot.engine.copying import LOCK, arriving, check_store, copied, take_place, untouched
from rocot.engine.database import open_to_read, translated
from rocot.engine.door import entering
from rocot.engine.history import goes_on_from, history_of
from rocot.engine.reader import FILE, WORKERS, StoreReader
from rocot.engine.store import Store
from rocot.errors import StoreError
from tests.engine.toys import attempt


async def ask(run: Path, *calls: str) -> None:
    with Store(run) as store:
        for call in calls:
            await store.add_attempt(attempt(call, call.encode()))


async def test_a_copy_is_taken_while_somebody_writes_and_is_of_one_moment(tmp_path: Path) -> None:
    with Store(tmp_path / "run") as store:
        await store.add_attempt(attempt("first", b"one"))
        writing = [asyncio.ensure_future(store.add_attempt(attempt(f"call {n}", b"x" * 999))) for n in range(200)]
        with copied(tmp_path / "run") as folder:
            await asyncio.gather(*writing)
            assert [path.name for path in folder.iterdir()] == [FILE]
            with StoreReader(folder, touch=False) as copy:
                assert copy.reply_to("first") == b"one"
                assert copy.rows(str, "PRAGMA integrity_check") == ["ok"]
                assert goes_on_from(store, history_of(copy))
                told = copy.rows(int, "SELECT sum(attempts) FROM spent")[0]
                assert told == copy.rows(int, "SELECT count(*) FROM attempt")[0]
    assert not list((tmp_path / "run").glob(".copy-*"))


async def test_one_process_copies_at_a_time_and_what_a_killed_one_left_goes(tmp_path: Path) -> None:
    run = tmp_path / "run"
    await ask(run, "first")
    (run / ".copy-killed").mkdir()
    (run / ".copy-killed" / FILE).write_bytes(b"half")
    with held(run / LOCK, alone=True), pytest.raises(StoreError, match="another process copies it"), copied(run, 0.01):
        pass
    with copied(run) as folder:
        assert [path.name for path in run.glob(".copy-*")] == [folder.name]


async def test_a_full_disk_is_told_of_a_copy_without_what_sqlite_knows_nothing_of(tmp_path: Path) -> None:
    await ask(tmp_path / "run", "first")
    source, target = open_to_read(tmp_path / "run" / FILE), apsw.Connection(str(tmp_path / "copy"))
    target.pragma("max_page_count", 2)
    with (
        pytest.raises(StoreError) as told,
        translated(tmp_path / "copy"),
        target.backup("main", source, "main") as copy,
    ):
        copy.step()
    target.close()
    source.close()
    assert str(told.value).endswith(
        "the disk is full; all that was acknowledged is kept: free some space and run the same again"
    )


async def test_a_store_goes_on_from_what_it_was_and_from_no_other(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    await ask(one, "first")
    with copied(one) as folder, arriving(other) as arrived:
        (folder / FILE).rename(arrived / FILE)
        with untouched(other):
            take_place(arrived, other)
    with StoreReader(one) as store:
        before = history_of(store)
    await ask(one, "second")
    with StoreReader(one) as here, StoreReader(other) as there:
        assert history_of(there) == before
        assert goes_on_from(here, before)
        assert not goes_on_from(there, history_of(here))
    await asyncio.sleep(0.002)  # attempts are dated to the millisecond
    await ask(other, "second")
    with StoreReader(one) as here, StoreReader(other) as there:
        assert not goes_on_from(there, history_of(here))
        assert not goes_on_from(here, history_of(there))


async def test_a_store_takes_the_place_of_another_with_all_that_its_log_held(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    await ask(old, "old")
    await ask(new, "new")
    with Store(old), arriving(old) as folder:
        (new / FILE).rename(folder / FILE)
        check_store(folder)
        with pytest.raises(StoreError, match="somebody works on it"), untouched(old):
            take_place(folder, old)
    await ask(new, "new")
    with arriving(old) as folder:
        (new / FILE).rename(folder / FILE)
        with untouched(old):
            take_place(folder, old)
    with StoreReader(old) as store:
        assert (store.reply_to("new"), store.reply_to("old")) == (b"new", None)


async def test_nobody_opens_a_run_while_its_store_is_replaced(tmp_path: Path) -> None:
    run, other = tmp_path / "run", tmp_path / "other"
    await ask(run, "old")
    await ask(other, "new")
    with untouched(run):
        opening = asyncio.create_task(asyncio.to_thread(Store, run))
        with pytest.raises(TimeoutError):  # for however long that takes
            await asyncio.wait_for(asyncio.shield(opening), 0.3)
        with pytest.raises(StoreError, match="bringing back a backup"), entering(run / WORKERS, patience=0):
            pass
        take_place(other, run)
    with await opening as store:
        assert (store.reply_to("new"), store.reply_to("old")) == (b"new", None)


async def test_no_store_is_replaced_while_somebody_opens_it(tmp_path: Path) -> None:
    await ask(tmp_path, "old")
    with entering(tmp_path / WORKERS), entering(tmp_path / WORKERS):
        with pytest.raises(StoreError, match="somebody works on it"), untouched(tmp_path):
            pass
        await ask(tmp_path, "two open it at once")
    with untouched(tmp_path):
        pass


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database at all, and long enough to be read as one" * 99)
    with pytest.raises(StoreError):
        check_store(tmp_path)

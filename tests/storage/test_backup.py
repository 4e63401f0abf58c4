import asyncio
import json
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import apsw
import pytest

from rocot.core.part import Part
from rocot.engine.parts import begin_part
from rocot.engine.purge import purge
from rocot.engine.reader import FILE, StoreReader
from rocot.engine.store import Store
from rocot.errors import RunError, StorageError, StoreError
from rocot.storage.backup import OvertakenError, back_up, newest, restore
from rocot.storage.keeping import Keeping
from rocot.storage.place import Place
from tests.engine.toys import attempt


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(str(tmp_path / "kept"))


def ask(run: Path, *calls: str) -> Path:
    async def asked() -> None:
        with Store(run) as store:
            for call in calls:
                await store.add_attempt(attempt(call, call.encode()))
        await asyncio.sleep(0.002)  # attempts are dated to the millisecond

    asyncio.run(asked())
    return run


def calls(run: Path) -> list[str]:
    with StoreReader(run) as store:
        return store.rows(str, "SELECT call FROM attempt ORDER BY seq")


def test_a_run_comes_back_on_another_machine(tmp_path: Path, place: Place) -> None:
    run = ask(tmp_path / "run", "a", "b")
    saved = back_up(run, place).saved
    assert (saved.sequence, saved.history.attempts) == (1, 2)
    done = restore(place, tmp_path / "new" / "run")
    assert done.was == "nothing"
    assert calls(tmp_path / "new" / "run") == ["a", "b"]
    assert not list((tmp_path / "new" / "run").glob(".*"))


def test_what_has_not_changed_is_not_sent_again(tmp_path: Path, place: Place) -> None:
    run = ask(tmp_path / "run", "a")
    assert back_up(run, place).sent
    assert not back_up(run, place).sent
    assert len(place.names()) == 2


async def _withdraw(run: Path) -> None:
    with Store(run) as store:
        await store.add_recipe("f", '{"withdrawn": 1}')


async def _list_to_its_end(run: Path) -> None:
    with Store(run) as store:
        await store.start_listing()
        await store.end_listing("train")


def _purge(run: Path) -> None:
    purge(run, ["toy"], lambda _: False)


CHANGES: Mapping[str, Callable[[Path], object]] = {
    "withdrawn": lambda run: asyncio.run(_withdraw(run)),
    "listed": lambda run: asyncio.run(_list_to_its_end(run)),
    "purged": _purge,
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_adds_no_call_is_kept_as_well_and_never_undone(tmp_path: Path, place: Place, name: str) -> None:
    run = ask(tmp_path / "run", "a", "b")
    back_up(run, place)
    other = tmp_path / "other"
    restore(place, other)
    CHANGES[name](run)
    assert restore(place, run).was == "ahead"
    assert back_up(run, place).sent
    assert not back_up(run, place).sent
    assert restore(place, tmp_path / "third").was == "nothing"
    assert not back_up(tmp_path / "third", place).sent
    if name != "listed":  # which whoever goes on does anyhow
        with pytest.raises(OvertakenError):
            back_up(ask(other, "c"), place)


def test_two_that_changed_apart_are_told(tmp_path: Path, place: Place) -> None:
    run, other = ask(tmp_path / "run", "a"), tmp_path / "other"
    back_up(run, place)
    restore(place, other)
    asyncio.run(_withdraw(other))
    time.sleep(0.002)  # recipes are dated to the millisecond
    asyncio.run(_withdraw(run))
    back_up(ask(run, "b"), place)
    with pytest.raises(StoreError, match="neither it nor the backup"):
        restore(place, other)


def test_a_backup_is_of_one_part(tmp_path: Path, place: Place) -> None:
    for number, name in ((1, "one"), (2, "two")):
        with Store(tmp_path / name) as store:
            asyncio.run(begin_part(store, Part(number=number, of=3)))
    back_up(ask(tmp_path / "one", "a"), place)
    shutil.copyfile(tmp_path / "one" / FILE, tmp_path / "two" / FILE)  # all that it holds, and more
    meddled = apsw.Connection(str(tmp_path / "two" / FILE))
    meddled.execute("UPDATE part SET number = 2")
    meddled.close()
    with pytest.raises(OvertakenError, match="it is of another run"):
        back_up(ask(tmp_path / "two", "b"), place)


def test_a_copy_that_is_gone_is_sent_again_and_told_to_who_wants_it(tmp_path: Path, place: Place) -> None:
    run = ask(tmp_path / "run", "a")
    saved = back_up(run, place).saved
    place.remove(saved.file)
    with pytest.raises(StorageError, match=rf"{saved.file} is gone, and .*json tells of it.*; back up again"):
        restore(place, tmp_path / "new")
    assert back_up(run, place).sent
    assert restore(place, tmp_path / "new").was == "nothing"


def test_half_an_upload_is_taken_away(tmp_path: Path, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(place: Place, file: Path, name: str) -> None:
        place.write(name, file.read_bytes()[:100])
        raise StorageError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Place, "send", full)
        with pytest.raises(StorageError, match="the disk is full"):
            back_up(ask(tmp_path / "run", "a"), place)
    assert place.names() == []
    assert back_up(tmp_path / "run", place).sent


def test_two_backups_stay(tmp_path: Path, place: Place) -> None:
    run = tmp_path / "run"
    for call in "abcd":
        back_up(ask(run, call), place)
    assert [name[:8] for name in place.names()] == ["00000003", "00000003", "00000004", "00000004"]


def test_an_upload_that_was_killed_counts_for_nothing(tmp_path: Path, place: Place) -> None:
    run = ask(tmp_path / "run", "a")
    back_up(run, place)
    place.write(f"00000002-{'0' * 32}.sqlite", b"half of a copy")
    assert calls_of(place, tmp_path / "one") == ["a"]
    place.write(f"00000002-{'0' * 32}.json", b'{"format": 1, "seq')
    assert calls_of(place, tmp_path / "two") == ["a"]
    assert back_up(ask(run, "b"), place).saved.sequence == 3
    assert calls_of(place, tmp_path / "three") == ["a", "b"]
    back_up(ask(run, "c"), place)
    back_up(ask(run, "d"), place)
    assert not [name for name in place.names() if "0" * 32 in name]


def calls_of(place: Place, run: Path) -> list[str]:
    restore(place, run)
    return calls(run)


def test_a_run_that_is_behind_is_brought_up_to_date_and_one_that_is_ahead_stays(tmp_path: Path, place: Place) -> None:
    run, other = ask(tmp_path / "run", "a"), tmp_path / "other"
    back_up(run, place)
    restore(place, other)
    back_up(ask(run, "b"), place)
    assert restore(place, other).was == "behind"
    assert calls(other) == ["a", "b"]
    assert restore(place, other).was == "same"
    assert restore(place, ask(other, "c")).was == "ahead"
    assert calls(other) == ["a", "b", "c"]


@pytest.mark.parametrize("there", [False, True])
def test_what_somebody_asks_while_a_backup_comes_is_not_lost(tmp_path: Path, place: Place, *, there: bool) -> None:
    class Slow(Place):
        def fetch(self, name: str, file: Path) -> None:
            super().fetch(name, file)
            ask(other, "meanwhile")

    run, other = ask(tmp_path / "run", "a"), tmp_path / "other"
    back_up(run, place)
    if there:
        restore(place, other)
        back_up(ask(run, "b"), place)
    with pytest.raises(StoreError, match="worked on it meanwhile"):
        restore(Slow(place.url), other)
    assert calls(other) == (["a", "meanwhile"] if there else ["meanwhile"])


def test_a_run_that_went_another_way_is_not_replaced_and_replaces_nothing(tmp_path: Path, place: Place) -> None:
    run, other = ask(tmp_path / "run", "a"), tmp_path / "other"
    back_up(run, place)
    restore(place, other)
    back_up(ask(run, "b"), place)
    ask(other, "mine", "and mine")
    with pytest.raises(StoreError, match=r"neither .* goes on from the other"):
        restore(place, other)
    assert calls(other) == ["a", "mine", "and mine"]
    with pytest.raises(OvertakenError, match="another process has gone on"):
        back_up(other, place)
    assert calls_of(place, tmp_path / "third") == ["a", "b"]


def test_a_process_that_was_given_up_for_lost_cannot_undo_its_successor(tmp_path: Path, place: Place) -> None:
    lost, successor = ask(tmp_path / "lost", "a"), tmp_path / "successor"
    back_up(lost, place)
    restore(place, successor)
    back_up(ask(successor, "b"), place)
    with pytest.raises(OvertakenError):
        back_up(ask(lost, *"xyz"), place)
    assert calls_of(place, tmp_path / "now") == ["a", "b"]


def test_processes_that_share_a_run_share_its_backups(tmp_path: Path, place: Place) -> None:
    run, faults = ask(tmp_path / "run", "a"), []

    def keep() -> None:
        try:
            back_up(run, place)
        except RunError as error:
            faults.append(error)

    for call in "bcd":
        ask(run, call)
        both = [threading.Thread(target=keep) for _ in range(2)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
    assert not faults
    assert calls_of(place, tmp_path / "other") == list("abcd")


@pytest.mark.parametrize("spoil", [lambda copy: copy[:-1], lambda copy: copy[:-1] + b"x"])
def test_a_copy_that_is_not_the_one_that_was_sent_is_refused(
    tmp_path: Path, place: Place, spoil: Callable[[bytes], bytes]
) -> None:
    back_up(ask(tmp_path / "run", "a"), place)
    (name,) = [name for name in place.names() if name.endswith(".sqlite")]
    copy = place.read(name)
    assert copy is not None
    place.write(name, spoil(copy))
    with pytest.raises(StorageError, match="not the file that was sent"):
        restore(place, tmp_path / "new")
    assert not (tmp_path / "new" / FILE).exists()


def test_an_empty_place_and_a_newer_format_are_told(tmp_path: Path, place: Place) -> None:
    with pytest.raises(StorageError, match="no backup lies there"):
        restore(place, tmp_path / "new")
    saved = back_up(ask(tmp_path / "run", "a"), place).saved
    place.write(f"{saved.stem}.json", json.dumps({**saved.model_dump(), "format": 3}).encode())
    with pytest.raises(StorageError, match="upgrade rocot"):
        newest(place)


def test_a_run_is_kept_while_it_goes_on(tmp_path: Path, place: Place) -> None:
    run, done = ask(tmp_path / "run", "a"), threading.Event()
    keeping = Keeping(run, place, 0.01, lambda _: done.set())
    with keeping.going(done.set):
        while newest(place) is None:
            done.wait(0.01)
    assert not done.is_set()
    ask(run, "b")
    assert keeping.last().saved.history.attempts == 2


def test_a_backup_that_fails_is_told_and_tried_again_and_one_that_was_overtaken_ends(
    tmp_path: Path, place: Place
) -> None:
    run, told, over = ask(tmp_path / "run", "a"), threading.Event(), threading.Event()
    said: list[str] = []
    kept = tmp_path / "kept"
    kept.write_text("a file, where a folder was to be")

    def remark(text: str) -> None:
        said.append(text)
        told.set()

    with Keeping(run, place, 0.01, remark).going(over.set):
        assert told.wait(30)
        kept.unlink()
        while newest(place) is None:
            over.wait(0.01)
        assert not over.is_set()
        back_up(ask(tmp_path / "another", "b"), other := Place(str(tmp_path / "theirs")))
        for name in place.names():
            place.remove(name)
        for name in other.names():
            place.write(name, other.read(name) or b"")
        ask(run, "c")
        assert over.wait(30)
    assert "tried again" in said[0]

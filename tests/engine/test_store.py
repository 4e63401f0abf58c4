import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from rocot.engine.clip_rows import Listed
from rocot.engine.outcome import Outcome
from rocot.engine.packed import MOST
from rocot.engine.reader import FILE, StoreReader
from rocot.engine.schema import APPLICATION, CURRENT, STEPS
from rocot.engine.store import Store
from rocot.engine.tables import attempts, sum_spent
from rocot.errors import ConfigError, StoreError
from tests.engine.toys import Making, Workshop, attempt


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "run") as opened:
        yield opened


def outcome(item: str = "toy#0", given: str = "in", payload: str = '{"a":1}', after: int | None = 1) -> Outcome:
    return Outcome(
        item=item,
        clip="toy",
        rollout=0,
        stage="speak",
        fingerprint="f",
        input=given,
        after=after,
        kind="done",
        payload=payload,
    )


def meddle(store: StoreReader, statement: str) -> None:
    """What another program, or a failing disk, may do to the file."""
    # By apsw, since two SQLite libraries in one process undo each other's file locks (sqlite.org/howtocorrupt.html).
    connection = apsw.Connection(str(store.path))
    connection.execute(statement)
    assert connection.changes() > 0
    connection.close()


async def test_a_clip_that_lies_elsewhere_in_a_listing_is_not_written_anew(tmp_path: Path) -> None:
    places: dict[str, int] = {}
    for folder in (tmp_path / "run", tmp_path / "run"):
        with Store(folder) as store:
            (link,) = await store.list_clips([Listed("toy", "train", 7 - len(places), "{}")])
            places |= {f"{len(places)} at {link}": store.clips("train")[0].position}
    assert places == {"0 at -1": 7, "1 at -1": 7}


async def test_the_newest_whole_reply_is_the_reply(store: Store) -> None:
    assert store.reply_to("call") is None
    await store.add_attempt(attempt("call", b"half", ok=False))
    assert store.reply_to("call") is None
    await store.add_attempt(attempt("call", b"first"))
    await store.add_attempt(attempt("call", b"second"))
    await store.add_attempt(attempt("call", b"", ok=False))
    await store.add_attempt(attempt("other", b"other"))
    assert store.reply_to("call") == b"second"
    assert (store.spent.attempts, store.spent.failed, store.spent.cached_tokens) == (5, 2, 300)


async def test_an_attempt_keeps_what_the_server_told_of_its_rates_and_what_it_cost(store: Store) -> None:
    rates = {"x-ratelimit-remaining-requests": "41", "retry-after": "2"}
    await store.add_attempt(replace(attempt("call", b"first"), headers=rates, cost=0.25))
    await store.add_attempt(attempt("call", b"second"))
    kept = store.rows(lambda *row: row, "SELECT headers, cost FROM attempt ORDER BY seq")
    assert [(json.loads(headers or "{}"), cost) for headers, cost in kept] == [(rates, 0.25), ({}, None)]
    [spent] = sum_spent(store)
    assert (spent.cost, spent.unpriced_prompt) == (0.25, attempt("call", b"").prompt_tokens)


async def test_replies_are_found_by_what_they_are_about(store: Store) -> None:
    for call, body, status in (("a", b"one", 200), ("b", b"two", 200), ("c", b"busy", 503)):
        await store.add_attempt(
            replace(attempt(call, body, ok=status == 200), item="toy#0", stage="speak", status=status)
        )
    await store.add_attempt(replace(attempt("d", b"other"), item="toy#1", stage="speak", status=200))
    assert [(reply.call, reply.body) for reply in store.replies_about("toy#0", "speak")] == [
        ("b", b"two"),
        ("a", b"one"),
    ]
    meddle(store, "UPDATE attempt SET sha256 = '' WHERE call = 'b'")
    assert [reply.call for reply in store.replies_about("toy#0", "speak")] == ["a"]


async def test_a_damaged_reply_is_counted_and_not_there(store: Store) -> None:
    await store.add_attempt(attempt("call", b"first"))
    await store.add_attempt(attempt("call", b"second"))
    meddle(store, "UPDATE attempt SET body = CAST('sfcond' AS BLOB) WHERE body = CAST('second' AS BLOB)")
    assert store.reply_to("call") == b"first"
    assert store.damaged == 1
    meddle(store, "UPDATE attempt SET body = zeroblob(5)")
    assert store.reply_to("call") is None
    assert store.damaged == 3


@pytest.mark.parametrize("column", ["payload", "kind", "reason", "detail", "sha256"])
async def test_a_damaged_outcome_is_counted_and_not_there(store: Store, column: str) -> None:
    await store.add_outcome(outcome())
    assert store.outcome("toy#0", "f", "in") == outcome()
    meddle(store, f"UPDATE outcome SET {column} = 'failed'")
    assert store.outcome("toy#0", "f", "in") is None
    assert store.follower(1, "f", "toy#0") is None
    assert store.damaged == 2


async def test_damage_is_mended_by_running_again_and_nothing_is_paid(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    await shop.work()
    whole = shop.harvest()
    with Store(tmp_path) as store:
        meddle(store, "UPDATE outcome SET payload = replace(payload, 'tin', 'tim') WHERE item LIKE 'toy/00003%'")
        meddle(store, "UPDATE clip SET record = replace(record, '00005', '00006') WHERE id = 'toy/00005'")
    graded, lost = shop.harvest()
    assert len(graded) == 16
    assert {(loss.kind, loss.reason) for loss in lost} == {("missing", "damaged")}
    await shop.work()
    assert shop.speaks == []
    assert shop.harvest() == whole


@pytest.mark.parametrize("column", ["payload", "reason", "detail", "sha256"])
@pytest.mark.parametrize("damage", ["CAST(x'd2ff' AS TEXT)", "x'd2ff'", "7"])
async def test_an_outcome_that_is_no_text_any_more_is_damaged_too(store: Store, column: str, damage: str) -> None:
    await store.add_outcome(outcome())
    meddle(store, f"UPDATE outcome SET {column} = {damage}")
    assert store.outcome("toy#0", "f", "in") is None
    assert store.follower(1, "f", "toy#0") is None


async def test_bytes_that_are_no_text_are_mended_by_running_again_and_nothing_is_paid(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    await shop.work()
    whole = shop.harvest()
    broken = "CAST(CAST(substr({0}, 1, 9) AS BLOB) || x'd286ff' AS TEXT)"
    with Store(tmp_path) as store:
        meddle(store, f"UPDATE outcome SET payload = {broken.format('payload')} WHERE item LIKE 'toy/00003%'")
        meddle(store, f"UPDATE clip SET record = {broken.format('record')} WHERE id = 'toy/00005'")
        meddle(store, "UPDATE attempt SET body = 5, sha256 = x'ff' WHERE seq = 1")
    assert {(loss.kind, loss.reason) for loss in shop.harvest()[1]} == {("missing", "damaged")}
    await shop.work()
    assert shop.speaks == []
    assert shop.harvest() == whole


async def test_text_that_no_checksum_covers_is_told_as_damage(store: Store) -> None:
    await store.add_attempt(attempt("call", b"first"))
    meddle(store, "UPDATE attempt SET request_id = CAST(x'd2ff' AS TEXT)")
    with pytest.raises(StoreError, match=r"run\.sqlite: it is damaged; salvage .* no UTF-8"):
        list(attempts(store))
    assert store.reply_to("call") == b"first"


async def test_the_last_made_outcome_counts_and_the_others_are_kept(store: Store) -> None:
    first = await store.add_outcome(outcome(given="a"))
    second = await store.add_outcome(outcome(given="b"))
    assert second > first
    assert [it.after for it in store.outcomes_of("toy#0")] == [None, 1]
    found = store.outcome("toy#0", "f", "a")
    assert found is not None
    await store.relink(found, 1)
    assert [it.after for it in store.outcomes_of("toy#0")] == [1, None]


async def test_an_outcome_that_is_made_again_gets_a_number_of_its_own(store: Store) -> None:
    """What followed the old one must not be taken to follow the new one."""
    old = await store.add_outcome(outcome())
    assert await store.add_outcome(outcome(payload='{"a":2}')) != old
    assert [it.payload for it in store.outcomes_of("toy#0")] == ['{"a":2}']


PROSE = "".join(f"At {second} s the man by the gate turns to the left. " for second in range(200))


def said(item: str = "toy#0", *, text: str = PROSE) -> Outcome:
    return replace(outcome(item), payload=json.dumps({"words": text}))


async def test_long_replies_lie_deflated_and_read_as_they_came(store: Store) -> None:
    for body in (PROSE.encode(), os.urandom(2000), b"short"):
        await store.add_attempt(attempt("call", body))
        assert store.reply_to("call") == body
    plain, lying = store.rows(lambda *row: row, "SELECT sum(length(body)), sum(packed) FROM attempt")[0]
    assert lying == 1
    assert plain < len(PROSE) / 2 + 2100


async def test_what_was_made_of_a_reply_takes_next_to_nothing_beside_it(store: Store) -> None:
    noise = os.urandom(1500).hex()
    made = said(text=noise)
    await store.add_attempt(attempt("call", noise.encode(), item="toy#0"))
    await store.add_outcome(made)
    await store.add_outcome(said("toy#1", text=noise))
    assert [it.payload for it in store.outcomes_of("toy#0") + store.outcomes_of("toy#1")] == [made.payload] * 2
    beside, alone = store.rows(int, "SELECT length(payload) FROM outcome ORDER BY seq")
    assert beside < 100
    assert alone > 1500


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE attempt SET body = zeroblob(900)",
        "UPDATE attempt SET packed = 0",
        "UPDATE attempt SET seq = 7",
        "UPDATE outcome SET payload = CAST(x'789c' AS BLOB)",
        "UPDATE outcome SET payload = zeroblob(9)",
        "UPDATE outcome SET base = 3",
    ],
)
async def test_damage_to_what_is_deflated_is_counted_and_its_outcome_not_there(store: Store, damage: str) -> None:
    await store.add_attempt(attempt("call", PROSE.encode(), item="toy#0"))
    await store.add_outcome(said())
    assert store.outcome("toy#0", "f", "in") == said()
    meddle(store, damage)
    assert store.outcome("toy#0", "f", "in") is None
    assert store.damaged == 1


async def test_a_bomb_in_a_damaged_store_stays_small(store: Store) -> None:
    await store.add_attempt(attempt("call", PROSE.encode()))
    bomb = zlib.compress(bytes(MOST + 1))
    meddle(store, f"UPDATE attempt SET body = x'{bomb.hex()}'")
    assert store.reply_to("call") is None


async def test_long_replies_of_an_older_layout_are_read_as_they_lie_and_its_sums_are_kept(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        await store.add_attempt(attempt("call", PROSE.encode()))
        await store.add_attempt(attempt("call", ok=False))
        meddle(store, f"UPDATE attempt SET body = CAST('{PROSE}' AS BLOB) WHERE kind = 'ok'")
        spent = sum_spent(store)
    as_layout(tmp_path / FILE, 1)
    with Store(tmp_path) as store:
        assert store.reply_to("call") == PROSE.encode()
        assert [(part.attempts, part.failed, part.prompt_tokens) for part in sum_spent(store)] == [
            (part.attempts, part.failed, part.prompt_tokens) for part in spent
        ]


async def test_writes_that_come_together_share_a_transaction(store: Store) -> None:
    commits = 0

    def count() -> bool:
        nonlocal commits
        commits += 1
        return False

    store._writer._connection.set_commit_hook(count)
    await asyncio.gather(*(store.add_attempt(attempt(str(number))) for number in range(400)))
    assert 1 <= commits <= 40


async def test_a_write_that_cannot_be_done_takes_no_other_down(store: Store) -> None:
    writes = [store.list_clips([Listed(key, "train", 0, "{}")]) for key in ("a", "b", "a", "c")]
    writes.append(store.list_clips([Listed("lone \udc80 surrogate", "train", 0, "{}")]))
    done = await asyncio.gather(*writes, store.add_attempt(attempt("call")), return_exceptions=True)
    assert [type(it) for it in done] == [list, list, ConfigError, list, UnicodeEncodeError, type(None)]
    assert [row.id for row in store.clips("train")] == ["a", "b", "c"]
    assert store.reply_to("call") is not None


def test_any_sqlite_tool_reads_the_store_while_it_grows(tmp_path: Path) -> None:
    script = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT call FROM attempt').fetchall())"

    def read() -> str:
        return subprocess.check_output([sys.executable, "-c", script, str(tmp_path / FILE)], text=True).strip()

    async def grow() -> None:
        with Store(tmp_path) as store:
            await store.add_attempt(attempt("one"))
            assert await asyncio.to_thread(read) == "[('one',)]"
            await store.add_attempt(attempt("two"))

    asyncio.run(grow())
    assert read() == "[('one',), ('two',)]"


def test_a_closed_store_is_one_file(tmp_path: Path) -> None:
    asyncio.run(Workshop(tmp_path).work())
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [FILE]


async def test_the_recipe_is_noted_when_it_changes(store: Store) -> None:
    assert store.recipe() is None
    for recipe in ("{}", "{}", '{"a":1}'):
        await store.add_recipe("f", recipe)
    last = store.recipe()
    assert last is not None
    assert last.recipe == '{"a":1}'
    assert store.rows(int, "SELECT count(*) FROM recipe") == [2]


async def test_an_older_layout_is_brought_up_to_date_and_pays_nothing_again(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    await shop.work()
    whole = shop.harvest()
    as_layout(tmp_path / FILE, 1)
    with StoreReader(tmp_path) as reader:
        assert reader.rows(int, "SELECT user_version FROM pragma_user_version") == [CURRENT]
        assert reader.reply_to("tin:0:toy/00000#0") == b"tin:0:toy/00000#0"
    await shop.work()
    assert shop.speaks == []
    assert shop.harvest() == whole


def as_layout(path: Path, version: int) -> None:
    """A store as an older layout had it, with the same contents."""
    newer = path.with_name("newer.sqlite")
    path.rename(newer)
    with sqlite3.connect(path) as connection:
        connection.executescript("".join(STEPS[:version]))
        connection.executescript(f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {version};")
        connection.execute("ATTACH ? AS newer", (str(newer),))
        for table in ("meta", "recipe", "clip", "attempt", "outcome"):
            columns = ", ".join(row[1] for row in connection.execute(f"PRAGMA main.table_info({table})"))
            connection.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}")
    connection.close()


def test_a_store_of_a_newer_rocot_is_refused(tmp_path: Path) -> None:
    Store(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    for opener in (Store, StoreReader):
        with pytest.raises(StoreError, match=r"newer rocot \(layout 99.*upgrade rocot"):
            opener(tmp_path)


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("CREATE TABLE song (title TEXT)")
    connection.close()
    for opener in (Store, StoreReader):
        with pytest.raises(StoreError, match="another program"):
            opener(tmp_path)


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("dear diary, " * 400)
    for opener in (Store, StoreReader):
        with pytest.raises(StoreError, match="no SQLite file"):
            opener(tmp_path)


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        ("DROP TABLE attempt", "the table attempt, the trigger attempt_is_spent;"),
        ("DROP TABLE claim", "the table claim;"),
        ("ALTER TABLE batch DROP COLUMN tag", "the column batch.tag;"),
        ("DROP TRIGGER attempt_is_spent", "the trigger attempt_is_spent;"),
    ],
)
def test_a_store_that_lacks_a_part_is_refused_in_words(tmp_path: Path, change: str, lost: str) -> None:
    Store(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute(change)
    connection.close()
    for opener in (Store, StoreReader):
        with pytest.raises(StoreError) as caught:
            opener(tmp_path)
        assert f"somebody has changed it: it has lost {lost}" in str(caught.value)
        assert "put back a copy" in str(caught.value)


@pytest.mark.parametrize("version", [0, -1])
def test_a_store_without_a_layout_is_refused_in_words(tmp_path: Path, version: int) -> None:
    Store(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    for opener in (Store, StoreReader):
        with pytest.raises(StoreError, match=rf"does not say which layout it has \(got {version}"):
            opener(tmp_path)


def test_an_older_store_that_lacks_a_part_is_refused_before_it_is_changed(tmp_path: Path) -> None:
    Store(tmp_path).close()
    as_layout(tmp_path / FILE, 3)
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("DROP TABLE outcome")
    connection.close()
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(StoreError, match="it has lost the table outcome;"):
        StoreReader(tmp_path)
    assert (tmp_path / FILE).read_bytes() == before


@pytest.mark.parametrize("touch", [True, False])
def test_an_empty_store_is_told_as_such_and_generate_takes_it(tmp_path: Path, touch: bool) -> None:
    (tmp_path / FILE).touch()
    with pytest.raises(StoreError, match=r"run\.sqlite is empty: .* run `rocot generate` again"):
        StoreReader(tmp_path, touch=touch)
    assert not (tmp_path / FILE).stat().st_size, "a reader makes nothing of it"
    Store(tmp_path).close()
    StoreReader(tmp_path, touch=touch).close()


def test_a_folder_without_a_run_is_told_as_such_and_stays_empty(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no run here"):
        StoreReader(tmp_path)
    assert not list(tmp_path.iterdir())


def test_places_where_no_store_can_be_made_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be made"):
        Store(tmp_path / "file" / "run")
    (tmp_path / "run" / FILE).mkdir(parents=True)
    with pytest.raises(StoreError, match=r"run\.sqlite: it cannot be opened"):
        Store(tmp_path / "run")
    with pytest.raises(StoreError, match="cannot be made"):
        Store(Path("/proc/run"))


async def test_a_full_disk_is_told_and_what_was_acknowledged_stays(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    with Store(tmp_path) as store:
        store._writer._connection.pragma("max_page_count", 40)
        acknowledged = []

        async def fill() -> None:
            for number in range(1000):
                await store.add_attempt(attempt(str(number), os.urandom(2000)))
                acknowledged.append(str(number))

        with pytest.raises(StoreError, match=r"the disk is full; .*run the same again"):
            await fill()
    assert 10 < len(acknowledged) < 1000
    with Store(tmp_path) as store:
        assert all(store.reply_to(call) for call in acknowledged)
        assert store.rows(str, "PRAGMA integrity_check") == ["ok"]
    assert await shop.work() == "finished"


@pytest.fixture
def mounts(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "mounted"
    place.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may mount a file system")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)], check=False).returncode:
        pytest.skip("this system lets nobody mount a tmpfs")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


async def test_a_run_that_fills_its_disk_goes_on_once_there_is_room(mounts: Path) -> None:
    ballast, shop, making = mounts / "ballast", Workshop(mounts / "run"), Making(count=200)
    ballast.write_bytes(b"x" * 7_000_000)
    with pytest.raises(StoreError, match=r"free"):
        await shop.work(making)
    ballast.unlink()
    with StoreReader(shop.folder) as reader:
        acknowledged = {row.item for row in attempts(reader)}
    assert acknowledged
    assert await shop.work(making) == "finished"
    assert len(shop.speaks) == 400 - len(acknowledged)
    assert not acknowledged & set(shop.speaks)
    assert len(shop.harvest(making)[0]) == 400


async def test_a_medium_that_cannot_be_written_is_told_but_can_be_read(mounts: Path) -> None:
    await Workshop(mounts / "run").work()
    await asyncio.to_thread(subprocess.run, ["mount", "-o", "remount,ro", str(mounts)], check=True)
    with pytest.raises(StoreError, match=r"writable, or choose another run folder"):
        Store(mounts / "run")
    with pytest.raises(StoreError, match=r"choose another run folder"):
        Store(mounts / "other")
    with StoreReader(mounts / "run") as reader:
        assert len(reader.clips("train")) == 10


async def test_a_locked_store_is_told(store: Store) -> None:
    store._writer._connection.set_busy_timeout(50)
    holder = apsw.Connection(str(store.path))
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="close what has it open"):
        await store.add_attempt(attempt("call"))
    holder.execute("ROLLBACK")
    holder.close()
    await store.add_attempt(attempt("call"))

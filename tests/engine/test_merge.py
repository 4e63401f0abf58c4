import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from rocot.core.part import Part
from rocot.engine.counts import count_stages
from rocot.engine.database import PAGE
from rocot.engine.door import entering
from rocot.engine.lately import span_of_calls
from rocot.engine.merge import CHUNK, Whole, merge
from rocot.engine.merged import Portion, asked_since, merged_from, stands, state_of, untouched
from rocot.engine.parts import begin_part
from rocot.engine.reader import FILE, WORKERS, RecipeRow, StoreReader
from rocot.engine.schema import CURRENT
from rocot.engine.store import Store
from rocot.engine.tables import sum_spent
from rocot.errors import StoreError
from tests.engine.test_store import outcome
from tests.engine.toys import Making, Toy, Workshop, attempt, fail_passing, toys
from tests.warm.command import warm

PARTS = 3
RECIPE = RecipeRow("f", "{}", "2026-01-01T00:00:00.000Z")
WHOLE = Whole((RECIPE,), {"train": True})


def share(number: int, count: int, *, mark: int = 0) -> list[Toy]:
    part = Part(number=number, of=PARTS)
    return [toy for toy in toys(count, mark=mark) if part.holds("toy", toy.id)]


def folder(root: Path, number: int) -> Path:
    return root / f"part-{number}"


async def make(root: Path, count: int = 20, **settings: object) -> None:
    """All parts of a run."""
    for number in range(1, PARTS + 1):
        shop = Workshop(folder(root, number))
        with Store(shop.folder) as store:
            await begin_part(store, Part(number=number, of=PARTS))
        await shop.work(Making(items=share(number, count), **settings))  # type: ignore[arg-type]


def portions(root: Path, parts: int = PARTS) -> list[Portion]:
    found = []
    for number in range(1, parts + 1):
        with StoreReader(folder(root, number)) as store:
            found.append(Portion.of(store, Part(number=number, of=parts)))
    return found


def unite(root: Path, parts: int = PARTS, whole: Whole = WHOLE, chunk: int = CHUNK) -> Path:
    out = root / "whole"
    out.mkdir(exist_ok=True)
    merge(portions(root, parts), out, replace(whole, before=stands(out)), "rocot test", chunk=chunk)
    return out


def dump(path: Path, table: str, columns: str = "*") -> list[tuple[object, ...]]:
    with StoreReader(path) as store:
        return sorted(store.rows(lambda *row: row, f"SELECT {columns} FROM {table}"), key=repr)


async def test_the_whole_holds_what_the_run_of_one_machine_does(tmp_path: Path) -> None:
    await make(tmp_path)
    one = Workshop(tmp_path / "one")
    await one.work(Making(count=20))
    whole = Workshop(unite(tmp_path))
    assert whole.harvest(Making(count=20)) == one.harvest(Making(count=20))
    with StoreReader(whole.folder) as merged, StoreReader(one.folder) as plain, Store(tmp_path / "none") as none:
        steps = tuple(one.plan(none, Making(count=20)))
        assert count_stages(merged, steps, "train") == count_stages(plain, steps, "train")
        (spent,), (wanted,) = sum_spent(merged), sum_spent(plain)
        assert (spent.attempts, spent.prompt_tokens) == (wanted.attempts, wanted.prompt_tokens)
        assert merged.recipe() == RECIPE
    kept = "call, item, stage, model, endpoint, kind, body, sha256, prompt_tokens, cached_tokens, cost, packed"
    assert dump(whole.folder, "attempt", kept) == dump(one.folder, "attempt", kept)
    made = "item, clip, rollout, stage, fingerprint, input, kind, payload, sha256, counted_as, seal, after IS NULL"
    assert dump(whole.folder, "outcome", made) == dump(one.folder, "outcome", made)


async def test_a_run_on_the_whole_asks_nothing_and_lists_what_there_is(tmp_path: Path) -> None:
    await make(tmp_path)
    whole = Workshop(unite(tmp_path))
    assert await whole.work(Making(count=20)) == "finished"
    assert (whole.winds, whole.speaks, whole.grades) == ([], [], [])
    assert whole.tally.ended == 20


async def test_the_layout_of_the_whole_is_that_of_any_store(tmp_path: Path) -> None:
    await make(tmp_path)
    whole, layout = unite(tmp_path), "type, name, sql"
    assert dump(whole, "sqlite_schema", layout) == dump(folder(tmp_path, 1), "sqlite_schema", layout)
    with Store(whole) as store:
        assert store.rows(str, "PRAGMA integrity_check") == ["ok"]
        assert store.rows(str, "PRAGMA journal_mode") == ["wal"]
        assert store.rows(int, "PRAGMA user_version") == [CURRENT]
    counted = """
        SELECT after, seq, step.id, coalesce(rollout, 0), ending.id FROM outcome JOIN step USING (fingerprint)
        JOIN ending ON ending.kind = outcome.kind AND ending.reason = outcome.reason
        AND ending.counted_as IS outcome.counted_as WHERE after IS NOT NULL
    """
    assert dump(whole, "standing") == dump(whole, f"({counted})")


@pytest.mark.parametrize("chunk", [1, 3, 7])
async def test_ranges_of_any_size_give_the_same_samples(tmp_path: Path, chunk: int) -> None:
    await make(tmp_path)
    wanted = Workshop(unite(tmp_path)).harvest(Making(count=20))
    whole = Workshop(unite(tmp_path, chunk=chunk))
    assert whole.harvest(Making(count=20)) == wanted
    assert await whole.work(Making(count=20)) == "finished"
    assert (whole.winds, whole.speaks, whole.grades) == ([], [], [])
    items = dump(whole.folder, "outcome", "seq, item")
    assert [item for _, item in sorted(items)] == sorted(str(item) for _, item in items) or chunk > 1


async def test_what_was_made_twice_over_is_carried_and_linked_as_it_was(tmp_path: Path) -> None:
    await make(tmp_path, accent="oak")
    await make(tmp_path, accent="tin", mark=0)
    shop = Workshop(folder(tmp_path, 1))
    await shop.work(Making(items=share(1, 20, mark=1)))  # other records: what followed the old ones follows no more
    before = dump(shop.folder, "outcome", "item, fingerprint, input, after IS NULL")
    whole = Workshop(unite(tmp_path))
    items = [toy for number in range(1, PARTS + 1) for toy in share(number, 20, mark=int(number == 1))]
    assert await whole.work(Making(items=items)) == "finished"
    assert (whole.winds, whole.speaks, whole.grades) == ([], [], [])
    after = dump(whole.folder, "outcome", "item, fingerprint, input, after IS NULL")
    assert {row[:3] for row in before} <= {row[:3] for row in after}
    dangling = """
        SELECT count(*) FROM outcome AS one WHERE after IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM outcome WHERE seq = one.after) AND NOT EXISTS (SELECT 1 FROM clip WHERE seq = -one.after)
    """
    with StoreReader(whole.folder) as store:
        assert store.rows(int, dangling) == [0]
    assert await whole.work(Making(items=toys(20), accent="oak")) == "finished"
    assert whole.speaks == [], "what the older recipe was answered is there as well"


async def test_results_that_are_deflated_with_their_replies_read_as_they_were(tmp_path: Path) -> None:
    for number in range(1, PARTS + 1):
        with Store(folder(tmp_path, number)) as store:
            await begin_part(store, Part(number=number, of=PARTS))
            said = " ".join(f"{number}{place:03d}" for place in range(300))
            for name in ("a", "b"):
                item = f"toy/{number}{name}#0"
                await store.add_attempt(replace(attempt(f"call {item}", said.encode()), item=item))
                made = outcome(item=item, payload=json.dumps({"said": f"{name} {said}"}), after=None)
                await store.add_outcome(replace(made, clip=item[:-2]))
    whole = unite(tmp_path)
    with StoreReader(whole) as store:
        assert store.rows(int, "SELECT count(*) FROM outcome WHERE base IS NOT NULL") == [2 * PARTS]
        for number in range(1, PARTS + 1):
            with StoreReader(folder(tmp_path, number)) as part:
                for name in ("a", "b"):
                    (found,), (wanted,) = (one.outcomes_of(f"toy/{number}{name}#0") for one in (store, part))
                    assert found.whole
                    assert found == wanted


async def test_what_failed_in_a_part_is_tried_again_in_the_whole(tmp_path: Path) -> None:
    await make(tmp_path, during=fail_passing)
    whole = Workshop(unite(tmp_path))
    assert len(whole.harvest(Making(count=20))[1]) == 40
    assert await whole.work(Making(count=20)) == "finished"
    assert len(whole.speaks) == 40


async def test_the_calls_of_the_whole_began_and_ended_when_those_of_its_parts_did(tmp_path: Path) -> None:
    await make(tmp_path)
    spans = [portion.span for portion in portions(tmp_path)]
    with StoreReader(unite(tmp_path)) as store:
        found = span_of_calls(store)
        assert not asked_since(store)
        assert (found is None) == all(span is None for span in spans)
        if found is not None:
            assert found.first == min(span.first for span in spans if span)
            assert found.last == max(span.last for span in spans if span)


async def test_a_merged_store_knows_its_parts_and_whether_it_went_on(tmp_path: Path) -> None:
    await make(tmp_path)
    whole = unite(tmp_path)
    states = {portion.part.number: portion.state for portion in portions(tmp_path)}
    with StoreReader(whole) as store:
        assert merged_from(store) == states
        assert untouched(store)
    await Workshop(whole).work(Making(count=20))
    with StoreReader(whole) as store:
        assert untouched(store), "a run that had nothing to do leaves it as it was"
    await Workshop(whole).work(Making(count=21))
    with StoreReader(whole) as store:
        assert not untouched(store)
        assert asked_since(store)
    with StoreReader(folder(tmp_path, 1)) as store:
        assert merged_from(store) == {}
        assert not untouched(store)


async def test_a_part_that_goes_on_meanwhile_is_found_out(tmp_path: Path) -> None:
    await make(tmp_path, count=10)
    before = portions(tmp_path)
    await make(tmp_path, count=20)
    (tmp_path / "whole").mkdir()
    with pytest.raises(StoreError, match="it was worked on meanwhile"):
        merge(before, tmp_path / "whole", WHOLE, "rocot test")
    assert list((tmp_path / "whole").iterdir()) == []
    after = portions(tmp_path)
    assert [one.state == other.state for one, other in zip(before, after, strict=True)] == [False] * PARTS


async def test_a_damaged_part_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    await make(tmp_path, count=60)
    found = portions(tmp_path)
    path = folder(tmp_path, 2) / FILE
    octets = bytearray(path.read_bytes())
    for page in range(3, len(octets) // PAGE):
        octets[page * PAGE : page * PAGE + 200] = b"\xff" * 200
    path.write_bytes(octets)
    (tmp_path / "whole").mkdir()
    with pytest.raises(StoreError, match=r"part-2/run\.sqlite: it is damaged"):
        merge(found, tmp_path / "whole", WHOLE, "rocot test")
    assert list((tmp_path / "whole").iterdir()) == []


async def test_a_merge_takes_the_place_of_an_older_one_with_its_log(tmp_path: Path) -> None:
    await make(tmp_path, count=10)
    whole = unite(tmp_path)
    with StoreReader(whole) as reader:
        state = state_of(reader)
    await make(tmp_path, count=20)
    assert len(Workshop(unite(tmp_path)).harvest(Making(count=20))[0]) == 40
    with StoreReader(whole) as reader:
        assert state_of(reader) != state


@pytest.mark.parametrize("merged_before", [False, True])
async def test_what_is_paid_in_the_folder_while_parts_are_merged_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, merged_before: bool
) -> None:
    await make(tmp_path, count=10)
    whole = unite(tmp_path) if merged_before else tmp_path / "whole"
    seen = replace(WHOLE, before=stands(whole))
    found = portions(tmp_path)

    def pay(_: object) -> None:
        with Store(whole) as store, ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, store.add_attempt(attempt("new", b"paid"))).result()

    monkeypatch.setattr("rocot.engine.merge._check_still", pay)
    whole.mkdir(exist_ok=True)
    with pytest.raises(StoreError, match=r"whole: somebody has worked on a run there meanwhile.*name another folder"):
        merge(found, whole, seen, "rocot test")
    with StoreReader(whole) as store:
        assert store.reply_to("new") == b"paid"
    assert [path.name for path in whole.iterdir() if "merging" in path.name] == []


async def test_a_folder_that_somebody_opens_to_work_on_it_is_left_as_it_is(tmp_path: Path) -> None:
    await make(tmp_path, count=10)
    whole = unite(tmp_path)
    await make(tmp_path, count=20)
    with entering(whole / WORKERS), pytest.raises(StoreError, match="somebody works on it"):
        unite(tmp_path)
    assert len(Workshop(whole).harvest(Making(count=20))[0]) == 20


async def test_merges_that_are_killed_leave_nothing_that_looks_finished(tmp_path: Path) -> None:
    await make(tmp_path, count=60)
    dice, whole, killed = Random(5), tmp_path / "whole", 0
    for _ in range(6):
        words = (*warm(), "tests.engine.uniting", str(tmp_path), str(PARTS))
        process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
        await asyncio.sleep(dice.uniform(0.0, 0.25))
        if process.returncode is None:
            process.kill()
        await process.communicate()  # until the fork, which has this pipe too, is gone: `merge` wants to be alone
        killed += process.returncode != 0
        if (whole / FILE).exists():
            break
        assert not [path for path in whole.glob("*") if path.name == FILE]
    assert killed
    assert len(Workshop(unite(tmp_path)).harvest(Making(count=60))[0]) == 120
    assert [path.name for path in whole.iterdir() if "merging" in path.name] == []

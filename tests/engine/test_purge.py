"""What is purged is gone, to the byte; all else is as it was."""

import json
from pathlib import Path

import pytest

from rocot.engine.clip_rows import Listed
from rocot.engine.harvest import Harvest
from rocot.engine.outcome import Outcome
from rocot.engine.purge import purge
from rocot.engine.store import Store
from rocot.engine.tables import attempts, sum_spent
from rocot.errors import StoreError
from tests.engine.toys import Graded, Making, Toy, Workshop, attempt

NEIGHBOURS = ["toy/00002", "toy/00002#", "toy/00002#x", "toy/000021"]
"""Names that begin as the one that goes, and are others'."""


def none(_: str) -> bool:
    """No frame is in the cache."""
    return False


def holding(folder: Path, needle: bytes) -> list[Path]:
    """The files in which these bytes stand."""
    return [path for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()]


async def test_clips_go_with_their_replies_and_results_and_others_stay(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    await shop.work(Making(items=[Toy(id=name, mark=1) for name in NEIGHBOURS]))
    before, _ = shop.harvest(Making(items=()))
    with Store(tmp_path) as store:
        asked, spent = list(attempts(store)), sum_spent(store)
    gone = purge(tmp_path, ["toy/00002"], none)
    assert (gone.clips, gone.replies, gone.results, gone.frames) == (1, 2, 5, 0)
    after, lost = shop.harvest(Making(items=()))
    assert [item for item in before if item.id != "toy/00002"] == after
    assert not lost
    with Store(tmp_path) as store:
        assert [one.item for one in attempts(store)] == [
            one.item for one in asked if one.item not in {"toy/00002#0", "toy/00002#1"}
        ]
        assert sum_spent(store) == spent, "what was paid was paid"


async def test_frames_go_before_the_rows_that_tell_of_them(tmp_path: Path) -> None:
    clip = Toy(id="toy/one", mark=1)
    digest = "ab" * 32
    with Store(tmp_path) as store:
        (link,) = await store.list_clips([Listed(clip.key, "train", 0, clip.model_dump_json())])
        payload = json.dumps({"frames": [{"digest": digest}]})
        await store.settle([Outcome(clip.key, clip.key, None, "frame", "f", "in", link, "done", payload)], [])

    def interrupted(told: str) -> bool:
        assert told == digest
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        purge(tmp_path, [clip.key], interrupted)
    gone = purge(tmp_path, [clip.key], lambda told: told == digest)
    assert (gone.clips, gone.results, gone.frames) == (1, 1, 1)


async def test_no_byte_of_a_purged_reply_is_left_in_the_folder(tmp_path: Path) -> None:
    secret = b'{"said": "' + bytes(range(65, 91)) * 8 + b'"}'
    with Store(tmp_path) as store:
        for number in range(40):
            item = "toy/secret#0" if number == 20 else f"toy/{number}#0"
            body = secret if number == 20 else b'{"said": "little"}'
            await store.add_attempt(attempt(str(number), body, item=item))
    assert holding(tmp_path, b"toy/secret")
    purge(tmp_path, ["toy/secret"], none)
    assert not holding(tmp_path, b"toy/secret")
    with Store(tmp_path) as store:
        assert len(list(attempts(store))) == 39


async def test_a_run_at_work_is_not_purged(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        await store.add_attempt(attempt("a", item="toy#0"))
        with pytest.raises(StoreError, match="1 at work on it just now"):
            purge(tmp_path, ["toy"], none)
        assert len(list(attempts(store))) == 1


async def test_unwanted_clips_are_told_once_and_not_followed(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    await shop.work(Making(count=3))
    with Store(tmp_path) as store:
        plan = tuple(shop.plan(store, Making(count=3)))
        found = list(Harvest(store, Toy, plan, Graded, lambda item: item.key == "toy/00001").items("train"))
    told = [(one.key, one.kind) for one in found if not isinstance(one, Graded)]
    assert told == [("toy/00001", "withheld")]
    assert len(found) == 5

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from rocot.core.reply import parse_answer, parse_opinion, parse_review
from rocot.engine.attempt import Attempt
from rocot.engine.clip_rows import Listed
from rocot.engine.outcome import Outcome
from rocot.engine.store import Store
from rocot.stages.reread import Reread, reread
from rocot.teacher.completion import spelt
from tests.stages.stubs import ANSWER, CLIP

GOOD = json.dumps(ANSWER)
REFUSED = Outcome(
    item=f"{CLIP.id}#0",
    clip=CLIP.id,
    rollout=0,
    stage="reason",
    fingerprint="f",
    input="i",
    after=1,
    kind="failed",
    reason="bad json",
)


def done(text: str, initial: object) -> Outcome:
    payload = json.dumps({"question": "?", "initial": initial, "initial_said": {"text": text, "model": "m"}})
    return replace(REFUSED, kind="done", reason="", payload=payload)


def replied(body: bytes, *, ok: bool = True, status: int = 200) -> Attempt:
    return Attempt(
        call="c",
        item=REFUSED.item,
        stage="reason",
        model="openai:m",
        endpoint="http://there",
        ok=ok,
        reason="" if ok else "length",
        status=status,
        body=body,
        prompt_tokens=7,
    )


def again(folder: Path, outcome: Outcome, attempts: Sequence[Attempt]) -> tuple[Reread, list[Outcome], int]:
    """What came of reading again; the outcomes that are left, and how many attempts there are."""
    with Store(folder) as store:

        async def through() -> Reread:
            await store.list_clips([Listed(CLIP.id, "train", 0, CLIP.model_dump_json())])
            for attempt in attempts:
                await store.add_attempt(attempt)
            await store.add_outcome(outcome)
            return await reread(store)

        found = asyncio.run(through())
        return found, store.outcomes_of(outcome.item), store.rows(int, "SELECT count(*) FROM attempt")[0]


def test_a_refused_reply_that_parses_now_is_set_back(tmp_path: Path) -> None:
    found, left, attempts = again(tmp_path, REFUSED, [replied(spelt(GOOD, "m"))])
    assert (found.replies, dict(found.changed), left) == (1, {("reason", "parses now"): 1}, [])
    assert attempts == 1


def test_a_reply_that_still_does_not_parse_is_left_and_counted(tmp_path: Path) -> None:
    found, left, _ = again(tmp_path, REFUSED, [replied(spelt("{", "m"))])
    assert (dict(found.changed), dict(found.failing)) == ({}, {("reason", "bad json"): 1})
    assert left == [REFUSED]


def test_bytes_that_were_no_whole_reply_and_are_now_are_noted_as_one(tmp_path: Path) -> None:
    cut = replace(REFUSED, reason="length")
    found, left, attempts = again(tmp_path, cut, [replied(spelt(GOOD, "m"), ok=False)])
    assert (found.changed.total(), left, attempts) == (1, [], 2)
    with Store(tmp_path) as store:
        assert store.reply_to("c") == spelt(GOOD, "m")
        assert store.rows(int, "SELECT sum(prompt_tokens) FROM attempt") == [7], "paid once"


@pytest.mark.parametrize("attempts", [[], [replied(b"busy", ok=False, status=503)]])
def test_a_failure_without_a_reply_is_none_to_read(tmp_path: Path, attempts: list[Attempt]) -> None:
    found, left, _ = again(tmp_path, replace(REFUSED, reason="overloaded", passing=True), attempts)
    assert (found.replies, len(left)) == (0, 1)


def test_what_reads_as_it_did_is_left(tmp_path: Path) -> None:
    read = parse_answer(GOOD, "grounding", CLIP.classes).model_dump(mode="json")
    found, left, _ = again(tmp_path, done(GOOD, read), [])
    assert (found.replies, found.changed.total(), len(left)) == (1, 0, 1)


def test_what_reads_otherwise_is_set_back(tmp_path: Path) -> None:
    read = parse_answer(GOOD, "grounding", CLIP.classes).model_dump(mode="json") | {"label": "Normal"}
    found, left, _ = again(tmp_path, done(GOOD, read), [])
    assert (dict(found.changed), left) == ({("reason", "read otherwise"): 1}, [])


def test_what_parses_no_more_is_set_back(tmp_path: Path) -> None:
    found, left, _ = again(tmp_path, done("<answer>Normal</answer>", {}), [])
    assert (dict(found.changed), left) == ({("reason", "parses no more"): 1}, [])


def checked(stage: str, field: str, said: object, **found: object) -> Outcome:
    payload = json.dumps({field: {"unchecked": None, "said": said, **found}})
    return replace(REFUSED, stage=stage, kind="done", reason="", payload=payload)


OPINION = json.dumps({"evidence": [], "reasoning": "They talk.", "label": "Normal"})
REVIEW = json.dumps({"points": [{"error": "late", "reason": "They talk.", "verdict": "real"}]})


@pytest.mark.parametrize("stage", ["reanswer", "counterfactual"])
def test_the_replies_of_blind_looks_are_read_again(tmp_path: Path, stage: str) -> None:
    said, read = {"text": OPINION, "model": "m"}, parse_opinion(OPINION, CLIP.classes).model_dump(mode="json")
    found, _, _ = again(tmp_path / "same", checked(stage, stage, said, opinion=read), [])
    assert (found.replies, found.changed.total()) == (1, 0)
    found, _, _ = again(tmp_path / "other", checked(stage, stage, said, opinion=read | {"label": None}), [])
    assert dict(found.changed) == {(stage, "read otherwise"): 1}


def test_the_replies_of_critics_are_read_again(tmp_path: Path) -> None:
    said, read = {"text": REVIEW, "model": "m"}, parse_review(REVIEW).model_dump(mode="json")
    found, _, _ = again(tmp_path / "same", checked("critic", "critic", said, review=read), [])
    assert (found.replies, found.changed.total()) == (1, 0)
    found, _, _ = again(tmp_path / "other", checked("critic", "critic", said, review={"points": []}), [])
    assert dict(found.changed) == {("critic", "read otherwise"): 1}


def test_a_check_that_asked_nobody_has_no_reply_to_read(tmp_path: Path) -> None:
    silent = checked("critic", "critic", None, review=None)
    found, left, _ = again(tmp_path, silent, [])
    assert (found.replies, left) == (0, [silent])

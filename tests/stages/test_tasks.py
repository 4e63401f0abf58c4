"""The four tasks, each asked in both dialects, and what comes of their answers."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from rocot.assets import TASKS, load_prompts
from rocot.core.gate import Gate
from rocot.core.record import Json
from rocot.core.reflection import Framed, Judged
from rocot.core.reply import Dialect, schema_of
from rocot.core.row import Row
from rocot.core.span import Span
from rocot.core.task import Posed, Task, shuffled
from rocot.core.truth import Truth
from rocot.engine.stage import Rejected
from rocot.release.consistency import contradictions
from rocot.sources.protocol import TruthOf
from rocot.stages.judge import Judge
from rocot.stages.reason import Reason
from rocot.stages.reflect import Reflect
from rocot.stages.revise import Revise
from tests.builders import EDITION
from tests.stages.stubs import ANSWER, FRAMED, REFLECTION, REVISED, Known, Listed, spoken

GOLDEN = Path(__file__).parents[1] / "golden"
FIGHT = Truth(labels=("Fighting",), spans=(Span(start=4, end=8),))
OPTIONS = ("They shake hands", "They exchange blows", "One of them falls asleep")
SEEN: dict[str, Json] = {key: ANSWER[key] for key in ("evidence", "reasoning")}
CHECKED = {**REFLECTION, "checks": []}
REPLIES: dict[Task, dict[Dialect, Sequence[Json]]] = {
    "grounding": {
        "json": [ANSWER, REFLECTION, REVISED],
        "tagged": [
            "<think>Blows are exchanged.</think><answer>Fighting</answer><glue>[[3, 7.5]]</glue>",
            "<reflection>The first blow falls at 4 s.</reflection><verdict>revise</verdict>",
            "<think>Blows are exchanged from 4 s.</think><answer>Fighting</answer><glue>[[4, 7.5]]</glue>",
        ],
    },
    "classification": {
        "json": [SEEN | {"label": "Normal"}, CHECKED, SEEN | {"label": "Fighting"}],
        "tagged": [
            "<think>They talk.</think><answer>Normal</answer>",
            "<reflection>The first blow falls at 4 s.</reflection><verdict>revise</verdict>",
            "<think>Blows are exchanged.</think><answer>fighting</answer>",
        ],
    },
    "qa": {
        "json": [SEEN | {"choice": "Unclear"}, CHECKED, SEEN | {"choice": "B"}],
        "tagged": [
            "<think>They stand close.</think><answer>A</answer>",
            "<reflection>The first blow falls at 4 s.</reflection><verdict>revise</verdict>",
            "<think>Blows are exchanged.</think><answer>(b) They exchange blows</answer>",
        ],
    },
    "reasoning": {
        "json": [
            SEEN | {"description": "Two men talk.", "label": "Normal"},
            CHECKED,
            SEEN | {"description": "Two men talk, then strike each other.", "label": "Fighting"},
        ],
        "tagged": [
            "<think>They talk.</think><description>Two men talk.</description><answer>Normal</answer>",
            "<reflection>The first blow falls at 4 s.</reflection><verdict>revise</verdict>",
            "<think>Blows.</think><description>They strike each other.</description><answer>Fighting</answer>",
        ],
    },
}


def framed(task: Task) -> Framed:
    if task != "qa":
        return FRAMED.model_copy(update={"task": task})
    posed = Posed(number=0, text="What do the two men do?", order=shuffled(3, 7, FRAMED.id), seed=7)
    return FRAMED.model_copy(update={"task": "qa", "classes": OPTIONS, "posed": posed})


def truth_of(task: Task) -> Truth:
    return FIGHT.model_copy(update={"choice": OPTIONS[1]}) if task == "qa" else FIGHT


async def judged(task: Task, teacher: Listed, truth: TruthOf, *, guided: bool = False) -> Judged:
    prompts = load_prompts(task=task)
    reasoned = await Reason(prompts, teacher)(framed(task))
    reflected = await Reflect(prompts, teacher, truth if guided else None)(reasoned)
    item = await Judge(Gate(), truth)(await Revise(prompts, teacher)(reflected))
    assert not isinstance(item, Rejected)
    return item


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("dialect", ["json", "tagged"])
async def test_the_three_asks_read_as_their_golden_files(task: Task, dialect: Dialect) -> None:
    teacher = Listed(REPLIES[task][dialect], dialect)
    await judged(task, teacher, Known(yard__one=truth_of(task)))
    for name, ask in zip(("reason", "reflect", "revise"), teacher.asked, strict=True):
        golden = GOLDEN / f"ask_{task}_{name}_{dialect}.txt"
        assert spoken(ask) == golden.read_text(encoding="utf-8"), f"{golden.name} differs from what is asked now"


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("dialect", ["json", "tagged"])
async def test_a_corrected_answer_makes_a_row_that_agrees_with_itself(task: Task, dialect: Dialect) -> None:
    item = await judged(task, Listed(REPLIES[task][dialect], dialect), Known(yard__one=truth_of(task)))
    row = Row.of(item, EDITION)
    assert item.outcome == ("confirmed" if task == "grounding" else "corrected")
    assert row.revised.label == (OPTIONS[1] if task == "qa" else "Fighting")
    assert (row.revised.spans is None, row.scores.revised_tiou is None) == (task != "grounding",) * 2
    assert row.graded_on == {"grounding": "label+span", "qa": "choice"}.get(task, "label")
    assert list(contradictions(row, item.faults)) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"text": "Where do they stand?"}, "the question does not hold 'Where do they stand?'"),
        ({"seed": 9}, "drawn again from the seed"),
        ({"order": (0, 2, 1)}, "options in the order [0, 2, 1], drawn again from the seed"),
        ({"order": (0, 1, 2, 3)}, "options in the order [0, 1, 2, 3], drawn again from the seed"),
    ],
)
async def test_a_question_that_was_posed_otherwise_contradicts_its_row(change: dict[str, object], told: str) -> None:
    item = await judged("qa", Listed(REPLIES["qa"]["json"]), Known(yard__one=truth_of("qa")))
    row = Row.of(item, EDITION)
    assert row.posed is not None
    altered = row.model_copy(update={"posed": row.posed.model_copy(update=change)})
    (fault,) = contradictions(altered, item.faults)
    assert fault.rule == "posed disagrees"
    assert told in fault.detail


@pytest.mark.parametrize("task", TASKS)
async def test_the_truth_is_in_the_guided_turn_and_in_no_other(task: Task) -> None:
    blind, guided = Listed(REPLIES[task]["json"]), Listed(REPLIES[task]["json"])
    truth = Known(yard__one=truth_of(task))
    await judged(task, blind, truth)
    await judged(task, guided, truth, guided=True)
    told = {"grounding": "Fighting, at 4.00-8.00 s", "qa": "the right option is B. They exchange blows"}
    wanted = f"against the annotation of this clip: {told.get(task, 'Fighting')}."
    assert all("annotation" not in spoken(ask) for ask in blind.asked)
    assert [wanted in spoken(ask) for ask in guided.asked] == [False, True, False]


async def test_the_chat_of_a_question_gives_its_letter() -> None:
    item = await judged("qa", Listed(REPLIES["qa"]["json"]), Known(yard__one=truth_of("qa")))
    chat = Row.of(item, EDITION).messages
    assert "A. They shake hands\nB. They exchange blows\nC. One" in chat[0].content
    assert "<answer>Unclear</answer>" in chat[1].content
    assert chat[1].content.endswith("<answer>B</answer>")


@pytest.mark.parametrize("task", TASKS)
def test_what_is_concluded_is_written_last(task: Task) -> None:
    keys = list(json.loads(json.dumps(schema_of(task, ("A", "B"))["properties"])))
    assert keys[0] == "evidence"
    assert keys.index("reasoning") < min(keys.index(key) for key in ("label", "choice", "spans") if key in keys)


@pytest.mark.parametrize(("answered", "right"), [(Truth(), None), (truth_of("qa"), True)])
async def test_a_question_that_nobody_has_answered_is_not_graded(answered: Truth, right: bool | None) -> None:
    item = await judged("qa", Listed(REPLIES["qa"]["json"]), Known(yard__one=answered))
    assert item.scores.revised_right is right
    assert item.scores.revised_abnormal_right is None


@pytest.mark.parametrize("task", TASKS)
async def test_an_answer_that_abstains_is_never_right(task: Task) -> None:
    open_ended = {**SEEN, "choice" if task == "qa" else "label": "unclear"}
    open_ended |= {"spans": []} if task == "grounding" else {}
    open_ended |= {"description": "Two men stand close."} if task == "reasoning" else {}
    replies = [open_ended, CHECKED | {"verdict": "keep"}, open_ended]
    for truth in (truth_of(task), Truth(labels=("Normal",), spans=()), Truth(spans=())):
        item = await judged(task, Listed(replies), Known(yard__one=truth))
        assert item.revised.abstained
        assert (item.outcome, item.scores.revised_label_right) == ("unresolved", False)
        assert item.scores.revised_abnormal_right in {None, False}
        assert not {fault.rule for fault in item.faults} & {"unknown label", "label contradicts spans"}


@pytest.mark.parametrize("order", [None, (0, 0, 0), (-1, 0, 1), (0, 1)])
async def test_a_question_whose_options_stand_in_no_order_disagrees(order: tuple[int, ...] | None) -> None:
    item = await judged("qa", Listed(REPLIES["qa"]["json"]), Known(yard__one=truth_of("qa")))
    row = Row.of(item, EDITION)
    assert row.posed is not None
    posed = None if order is None else row.posed.model_copy(update={"order": order})
    spoilt = row.model_copy(update={"posed": posed})
    assert [fault.rule for fault in contradictions(spoilt, item.faults)] == ["posed disagrees"]


async def test_a_description_that_the_chat_does_not_hold_disagrees() -> None:
    item = await judged("reasoning", Listed(REPLIES["reasoning"]["json"]), Known(yard__one=truth_of("reasoning")))
    row = Row.of(item, EDITION)
    told = row.revised.model_copy(update={"description": "Something else that nobody said."})
    spoilt = row.model_copy(update={"revised": told})
    assert [fault.rule for fault in contradictions(spoilt, item.faults)] == ["messages disagree"]

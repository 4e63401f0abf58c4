"""The three checks: what they show and ask, what they never do, and what stands in the item."""

from pathlib import Path

import pytest

from rocot.assets import load_prompts
from rocot.core.answer import Answer
from rocot.core.gate import Gate
from rocot.core.prompt import Ask, Text
from rocot.core.record import Json
from rocot.core.reflection import About, Criticised, Frame, Framed, Revised
from rocot.core.reply import Dialect
from rocot.core.span import Span
from rocot.core.truth import Truth
from rocot.errors import VideoError
from rocot.recipe import FramesRecipe
from rocot.stages.blind import Blind
from rocot.stages.counterfactual import Counterfactual
from rocot.stages.critic import Critic, spelt
from rocot.stages.judge import Judge
from rocot.stages.reanswer import Reanswer
from rocot.teacher.protocol import Compose, Parse, Reply
from rocot.video.protocol import Sampled
from tests.builders import answer, framed, reflection, said
from tests.stages.stubs import Known, Listed, spoken
from tests.stages.test_sample_frames import Camera

GOLDEN = Path(__file__).parents[1] / "golden"
PROMPTS = load_prompts()
OPINION: dict[str, Json] = {
    "evidence": [{"start": 5.0, "end": 7.0, "observation": "Two men exchange blows."}],
    "reasoning": "Blows are exchanged, nobody plays.",
    "label": "Fighting",
}
REVIEW: dict[str, Json] = {
    "points": [
        {"error": "It starts before 4 s.", "reason": "At 3 s they still talk.", "verdict": "real"},
        {"error": "A third man is missed.", "reason": "No answer speaks of one.", "verdict": "not real"},
    ]
}
TAGGED_OPINION = "<think>Blows are exchanged at 5 s.</think><answer>Unclear</answer>"
TAGGED_REVIEW = (
    "<error>It starts before 4 s.</error><reason>At 3 s they still talk.</reason><verdict>Real.</verdict>\n"
    "<error>A third man.</error><reason>None is there.</reason><verdict>cannot tell</verdict>"
)


def revised(last: Answer | None = None, *, verdict: str = "revise", relook: tuple[Frame, ...] = ()) -> Revised:
    """A clip of 16 s, a frame every 2 s at 1, 3, 5 ..., and a revised answer that names 4 to 8 s."""
    return Revised(
        **dict(framed()),
        question="What happens from 0.00 s to 16.00 s?",
        initial=answer([(2.0, 8.0)]),
        initial_said=said("1"),
        relook=relook,
        reflection=reflection(verdict, "The SECRET critique: they still talk at 3 s."),
        reflection_said=said("2"),
        revised=last or answer(),
        revised_said=said("3"),
    )


def reanswer(teacher: Listed, camera: Camera | None = None, count: int = 4, **recipe: object) -> Reanswer:
    chosen = FramesRecipe.model_validate({"count": 8, **recipe})
    return Reanswer(Blind(PROMPTS, teacher), count, chosen, camera or Camera())


def times(ask: Ask) -> list[float]:
    return [part.time for turn in ask.turns for part in turn.parts if not isinstance(part, Text)]


def texts(ask: Ask) -> list[str]:
    return [part.text for turn in ask.turns for part in turn.parts if isinstance(part, Text)]


async def asks(dialect: Dialect) -> dict[str, Ask]:
    """Every ask of the checks, by name."""
    opinion, review = (OPINION, REVIEW) if dialect == "json" else (TAGGED_OPINION, TAGGED_REVIEW)
    found = {}
    closer = (Frame(time=4.5, digest="4" * 64, width=320, height=240),)
    for name, reply, item in (
        ("reanswer", opinion, revised()),
        ("counterfactual", opinion, revised()),
        ("critic_text", review, revised()),
        ("critic_frames", review, revised(relook=closer)),
    ):
        teacher = Listed([reply], dialect)
        stages = {
            "reanswer": reanswer(teacher),
            "counterfactual": Counterfactual(Blind(PROMPTS, teacher)),
            "critic_text": Critic(PROMPTS, teacher),
            "critic_frames": Critic(PROMPTS, teacher, seeing=True),
        }
        await stages[name](item)  # type: ignore[operator]  # each takes a revised item
        found[name] = teacher.asked[0]
    return found


@pytest.mark.parametrize("dialect", ["json", "tagged"])
async def test_the_checks_ask_as_their_golden_files(dialect: Dialect) -> None:
    for name, ask in (await asks(dialect)).items():
        golden = GOLDEN / f"ask_{name}_{dialect}.txt"
        assert spoken(ask) == golden.read_text(encoding="utf-8"), f"{golden.name} differs from what is asked now"


async def test_a_fresh_answer_is_given_from_the_revised_spans_and_an_interval_around_them() -> None:
    teacher, camera = Listed([OPINION]), Camera()
    item = await reanswer(teacher, camera)(revised())
    assert camera.asked == [((3, 5, 7, 9), 0, False)]
    assert times(teacher.asked[0]) == [3, 5, 7, 9]
    assert item.reanswer is not None
    assert [frame.time for frame in item.reanswer.frames] == [3, 5, 7, 9]
    assert item.reanswer.opinion is not None
    assert item.reanswer.opinion.label == "Fighting"
    assert item.reanswer.said is not None
    assert item.reanswer.said.call == teacher.asked[0].key


async def test_what_is_left_of_an_abnormal_clip_is_all_but_the_spans_and_an_interval_around_them() -> None:
    teacher = Listed([OPINION])
    item = await Counterfactual(Blind(PROMPTS, teacher))(revised())
    assert times(teacher.asked[0]) == [1, 11, 13, 15]
    assert item.counterfactual is not None
    assert [frame.time for frame in item.counterfactual.frames] == [1, 11, 13, 15]


async def test_a_normal_answer_is_asked_about_its_whole_clip_and_about_its_middle() -> None:
    teacher, camera = Listed([OPINION, OPINION]), Camera()
    await reanswer(teacher, camera)(revised(answer(())))
    await Counterfactual(Blind(PROMPTS, teacher))(revised(answer(())))
    assert camera.asked == []
    assert [times(ask) for ask in teacher.asked] == [[1, 3, 5, 7, 9, 11, 13, 15], [5, 7, 9, 11]]


OPEN = answer((), label="Unclear")
NOWHERE = answer((), label="Fighting")
WHOLE = answer([(0.0, 16.0)])
OUTSIDE = answer([(40.0, 50.0)])


@pytest.mark.parametrize(
    ("last", "of_reanswer", "of_counterfactual"),
    [
        (NOWHERE, "no span", "no span"),
        (OPEN, "answer unclear", "answer unclear"),
        (WHOLE, None, "no frame left"),
        (OUTSIDE, "no frame there", None),
    ],
)
async def test_where_there_is_nothing_to_look_at_nobody_is_asked_and_the_item_says_why(
    last: Answer, of_reanswer: str | None, of_counterfactual: str | None
) -> None:
    first, second = Listed([OPINION]), Listed([OPINION])
    item = revised(last)
    looked = (await reanswer(first)(item)).reanswer
    left = (await Counterfactual(Blind(PROMPTS, second))(item)).counterfactual
    assert looked is not None
    assert left is not None
    assert (looked.unchecked, left.unchecked) == (of_reanswer, of_counterfactual)
    for found, teacher in ((looked, first), (left, second)):
        assert (found.opinion is None) == (found.said is None) == (not teacher.asked) == (found.unchecked is not None)


class Torn(Camera):
    """A file that gives no further frame."""

    async def sample(self, clip: object, times: object, *, tolerance: float = 0.0, salvage: bool = False) -> Sampled:
        raise VideoError("damaged", "nothing can be read there")


async def test_damage_costs_the_check_where_the_recipe_takes_damaged_files_and_the_sample_where_not() -> None:
    item = await reanswer(Listed([]), Torn(), damaged="partial")(revised())
    assert item.reanswer is not None
    assert item.reanswer.unchecked == "no frame there"
    with pytest.raises(VideoError):
        await reanswer(Listed([]), Torn())(revised())


async def test_both_blind_asks_are_worded_alike_so_that_neither_tells_what_it_is_for() -> None:
    found = await asks("json")
    one, other = (
        [text for text in texts(found[name]) if not text.startswith("<")] for name in ("reanswer", "counterfactual")
    )
    assert one == other
    assert len(one) == 3


async def test_a_blind_ask_holds_nothing_of_what_was_said() -> None:
    for name, ask in (await asks("json")).items():
        blind = not name.startswith("critic")
        assert [turn.role for turn in ask.turns if turn.role == "assistant"] == []
        for words in ("SECRET", "Blows are exchanged; a greeting", "two figures close in", "4.00-8.00", "2.00-8.00 s"):
            assert not blind or words not in spoken(ask), (name, words)


async def test_a_critic_reads_the_first_answer_and_the_reflection_and_not_the_revised_answer() -> None:
    item = revised(answer([(5.0, 6.0)], reasoning="The REVISED reasoning."))
    teacher = Listed([REVIEW])
    found = await Critic(PROMPTS, teacher)(item)
    asked = spoken(teacher.asked[0])
    assert "Answer: Fighting. Spans: 2.00-8.00 s." in asked
    assert "The SECRET critique" in asked
    assert "REVISED" not in asked
    assert times(teacher.asked[0]) == []
    assert found.critic is not None
    assert found.critic.review is not None
    assert [point.verdict for point in found.critic.review.points] == ["real", "not real"]


@pytest.mark.parametrize("seeing", [False, True])
async def test_pictures_are_loaded_for_a_critic_that_sees_and_for_no_other(seeing: bool) -> None:
    shown: list[int] = []

    class Watched(Listed):
        async def ask(self, compose: Compose, item: About, stage: str, parse: Parse) -> tuple[Ask, Reply]:
            shown.append(len(item.shown))
            return await super().ask(compose, item, stage, parse)

    await Critic(PROMPTS, Watched([REVIEW]), seeing=seeing)(revised())
    assert shown == [8 if seeing else 0]


async def test_a_reflection_that_names_no_error_is_not_criticised() -> None:
    teacher = Listed([])
    item = await Critic(PROMPTS, teacher)(revised(verdict="keep"))
    assert item.critic is not None
    assert (item.critic.unchecked, item.critic.review, teacher.asked) == ("no error named", None, [])


async def test_tagged_replies_are_read() -> None:
    looked = (await reanswer(Listed([TAGGED_OPINION], "tagged"))(revised())).reanswer
    critic = (await Critic(PROMPTS, Listed([TAGGED_REVIEW], "tagged"))(revised())).critic
    assert looked is not None
    assert looked.opinion is not None
    assert looked.opinion.label is None
    assert critic is not None
    assert critic.review is not None
    assert [point.verdict for point in critic.review.points] == ["real", "cannot tell"]


async def test_truth_and_names_are_in_no_ask_of_a_check() -> None:
    for ask in (await asks("json")).values():
        whole = ask.model_dump_json()
        assert "yard" not in whole
        assert "v0.mp4" not in whole
        assert "4.25" not in whole


async def test_the_judge_hands_on_what_the_checks_found_whichever_are_on() -> None:
    truth = Known(yard__v0=Truth(labels=("Fighting",), spans=(Span(start=4.25, end=8),)))
    normal: Json = OPINION | {"label": "Normal"}
    item = await Critic(PROMPTS, Listed([REVIEW]))(await reanswer(Listed([normal]))(revised()))
    judged = await Judge(Gate(), truth)(item)
    assert (judged.reanswer, judged.counterfactual, judged.critic) == (item.reanswer, None, item.critic)
    assert [fault.rule for fault in judged.faults] == ["blind reanswer disagrees"]
    unreal: Json = {"points": [{"error": "Late.", "reason": "They talk.", "verdict": "not real"}]}
    left = await Counterfactual(Blind(PROMPTS, Listed([OPINION])))(revised())
    doubted = await Judge(Gate(), truth)(await Critic(PROMPTS, Listed([unreal]))(left))
    assert [fault.rule for fault in doubted.faults] == ["counterfactual still abnormal", "critic finds no error"]
    plain = await Judge(Gate(), truth)(revised())
    assert (plain.reanswer, plain.counterfactual, plain.critic, plain.faults) == (None, None, None, ())


def test_what_changes_an_ask_changes_the_identity() -> None:
    teacher, other = Listed([]), Listed([], model="other")
    told = [
        reanswer(teacher).identity,
        reanswer(teacher, count=5).identity,
        reanswer(other).identity,
        Counterfactual(Blind(PROMPTS, teacher)).identity,
        Counterfactual(Blind(PROMPTS, other)).identity,
        Critic(PROMPTS, teacher).identity,
        Critic(PROMPTS, teacher, seeing=True).identity,
        Critic(PROMPTS, other).identity,
    ]
    assert len({str(identity) for identity in told}) == len(told)


def test_an_item_has_a_place_for_every_check() -> None:
    item = Criticised(**dict(revised()))
    assert (item.reanswer, item.counterfactual, item.critic) == (None, None, None)
    assert isinstance(item, Framed)


def test_a_critic_reads_the_answers_of_every_task() -> None:
    plain = Answer(evidence=(), reasoning="He runs.", label="Robbery", spans=None)
    assert spelt(plain) == "He runs.\nAnswer: Robbery."
    told_of = plain.model_copy(update={"description": "A man grabs a bag."})
    assert spelt(told_of) == "A man grabs a bag.\nHe runs.\nAnswer: Robbery."
    assert spelt(answer(())).endswith("Answer: Normal. Spans: none.")

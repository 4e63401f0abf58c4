"""Questions with options: each a clip of its own, options shuffled for it alone, what cannot be put told."""

from collections import Counter
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from rocot.core.blind import Choice, blind
from rocot.core.clip import Clip
from rocot.core.span import Span
from rocot.core.task import Question, shuffled
from rocot.core.truth import Truth
from rocot.recipe import TaskRecipe, Windows
from rocot.sources.protocol import Skipped, Video
from rocot.sources.truths import Truths
from rocot.sources.windows import clips

FIGHT = Truth(labels=("Fighting",), spans=(Span(start=2, end=4),))
WHO = Question(text="Who falls?", options=("Nobody", "A man", "A dog"), answer=1)


class Listed:
    """A source of these videos."""

    name = "s"

    def __init__(self, videos: Sequence[Video]) -> None:
        self.found = videos

    def videos(self, split: str) -> Sequence[Video]:
        return self.found


def video(name: str, *questions: Question, duration: float = 200.0) -> Video:
    return Video(
        id=name,
        source="s",
        split="train",
        path=f"/videos/{name}.mp4",
        duration=duration,
        mark="m",
        classes=("Normal", "Fighting"),
        truth=FIGHT,
        questions=questions,
    )


def posed(videos: Sequence[Video], **task: object) -> tuple[list[Clip], list[Skipped], Truths]:
    truths, skipped = Truths(), list[Skipped]()
    recipe = TaskRecipe.model_validate({"kind": "qa", **task})
    found = list(clips([Listed(videos)], "train", Windows(), truths, skipped.append, task=recipe))  # type: ignore[list-item]
    return found, skipped, truths


def test_each_question_is_a_clip_of_the_whole_video() -> None:
    found, skipped, _ = posed([video("a", WHO, WHO), video("b", WHO)])
    assert [clip.id for clip in found] == ["s/a?1", "s/a?2", "s/b?1"]
    assert {(clip.start, clip.end, clip.task) for clip in found} == {(0.0, 200.0, "qa")}
    assert skipped == []


def test_the_truth_is_the_text_of_the_right_option_however_it_is_shuffled() -> None:
    found, _, truths = posed([video(f"v{number}", WHO) for number in range(40)])
    assert {truths(clip).choice for clip in found} == {"A man"}
    assert {clip.classes.index("A man") for clip in found} == {0, 1, 2}
    for clip in found:
        assert clip.posed is not None
        assert clip.classes == tuple(WHO.options[place] for place in clip.posed.order)
    assert "A man" not in {key for clip in found for key in clip.model_dump(exclude={"classes"})}


def test_the_seed_is_recorded_and_another_one_shuffles_otherwise() -> None:
    videos = [video(f"v{number}", WHO) for number in range(20)]
    first, again, other = (posed(videos, seed=seed)[0] for seed in (1, 1, 2))
    assert first == again
    assert [clip.classes for clip in first] != [clip.classes for clip in other]
    assert {clip.posed.seed for clip in other if clip.posed} == {2}


def test_a_question_that_nobody_has_answered_is_asked_and_has_no_truth() -> None:
    found, _, truths = posed([video("a", WHO.model_copy(update={"answer": None}))])
    assert [truths(clip) for clip in found] == [Truth()]


def test_what_cannot_be_put_is_told() -> None:
    bad = (
        Question(text=" ", options=("a", "b")),
        Question(text="x", options=("a",)),
        Question(text="x", options=tuple(map(str, range(27)))),
        Question(text="x", options=("a", "")),
        Question(text="x", options=("A man", "a  MAN", "b")),
    )
    found, skipped, _ = posed([video("a", *bad, WHO), video("b")])
    assert [clip.id for clip in found] == ["s/a?6"]
    assert [(one.id, one.reason) for one in skipped] == [
        *((f"s/a?{number}", "bad question") for number in range(1, 6)),
        ("b", "no question"),
    ]
    assert "'A man'" in skipped[4].detail


@given(st.integers(2, 26), st.integers(0, 9), st.text(max_size=5))
def test_an_order_holds_every_option_once(count: int, seed: int, name: str) -> None:
    assert sorted(shuffled(count, seed, name)) == list(range(count))


def test_each_place_is_as_likely() -> None:
    places = Counter(shuffled(4, 0, f"s/{number}?1").index(0) for number in range(4000))
    assert all(900 < places[place] < 1100 for place in range(4))


options = st.lists(
    st.text("ab ", min_size=1, max_size=9).filter(str.strip),
    min_size=2,
    max_size=5,
    unique_by=lambda text: tuple(text.split()),
)
questions = options.flatmap(
    lambda texts: st.builds(
        Question, text=st.just("?"), options=st.just(tuple(texts)), answer=st.none() | st.integers(0, len(texts) - 1)
    )
)


@settings(max_examples=60)
@given(st.lists(questions, max_size=30))
def test_balanced_the_longest_option_is_right_no_more_often_than_by_chance(drawn: list[Question]) -> None:
    found, skipped, truths = posed([video("a", *drawn)], balance_lengths=True)
    choices = [
        Choice(options=drawn[clip.posed.number].options, answer=drawn[clip.posed.number].answer or 0)
        for clip in found
        if clip.posed is not None and truths(clip).choice is not None
    ]
    made = blind(choices)
    if made.questions:
        assert made.longest is not None
        asked = [question for question in drawn if question.answer is not None]
        chance = sum(1 / len(question.options) for question in asked) / len(asked)
        assert made.longest <= chance + 1e-9
    assert len(found) + len([one for one in skipped if one.reason != "no question"]) == len(drawn)

"""A student's texts as predictions."""

from rocot.evaluate.completions import THOUGHTLESS, Reading, read_all
from rocot.evaluate.prediction import LATEST, MOST_SPANS, Conclusion
from tests.evaluate.toys import OPTIONS

ANSWER = "<think>Blows.</think><answer>Fighting</answer><glue>[[1.0, 2.0]]</glue>"
CHANGED = "<think>Nobody.</think><answer>Normal</answer><glue>[]</glue>"
WHOLE = f"{ANSWER}<reflection>Too soon.</reflection><verdict>revise</verdict>{CHANGED}"


def test_both_answers_of_a_completion_are_read_and_an_unreadable_one_is_none() -> None:
    classes = ("Normal", "Fighting")
    readings = [Reading("a", "grounding", classes, WHOLE), Reading("b", "grounding", classes, "I cannot tell.")]
    (first, second), reasons = read_all(readings, "reflection")
    assert first.first == Conclusion(label="Fighting", spans=((1.0, 2.0),))
    assert first.final == Conclusion(label="Normal", spans=())
    assert (second.id, second.final, second.first) == ("b", None, None)
    assert reasons == {"no answer": 1}


def test_seconds_and_spans_without_end_are_cut_and_stay_spans() -> None:
    many = ", ".join(f"[{2 * at}, {2 * at + 1}]" for at in range(MOST_SPANS + 1))
    said = [ANSWER.replace("[[1.0, 2.0]]", glue) for glue in ("[[3, 2e9]]", "[[2e9, 1e300]]", f"[{many}]")]
    (late, later, full), reasons = read_all([Reading("a", "grounding", ("Fighting",), one) for one in said], "plain")
    assert late.final == Conclusion(label="Fighting", spans=((3.0, LATEST),))
    assert later.final == Conclusion(label="Fighting", spans=((LATEST - 1, LATEST),))
    assert full.final is not None
    assert len(full.final.spans or ()) == MOST_SPANS
    assert not reasons


def test_of_a_question_the_option_is_read() -> None:
    (only,), _ = read_all([Reading("a", "qa", OPTIONS, "<think>Running.</think><answer>B</answer>")], "plain")
    assert only.final == Conclusion(choice=OPTIONS[1])


def test_what_cannot_be_read_is_counted_by_its_reason() -> None:
    readings = [
        Reading("a", "grounding", ("Fighting", "Normal"), WHOLE),
        Reading("b", "grounding", ("Fighting", "Normal"), ANSWER),
        Reading("c", "grounding", ("Fighting", "Normal"), f"{ANSWER}<reflection>Too", whole=False),
        Reading("d", "grounding", ("Normal",), WHOLE.replace("Normal", "Riot")),
    ]
    made, reasons = read_all(readings, "reflection")
    assert [one.final is None for one in made] == [False, True, True, True]
    assert reasons == {"no second answer": 1, "cut off": 1, "unknown label": 1}
    assert made[1].first is not None


def test_without_a_thought_the_option_alone_is_read() -> None:
    texts = [f"{THOUGHTLESS}B</answer>", f"{THOUGHTLESS} B. {OPTIONS[1]} </answer>", f"{THOUGHTLESS}</answer>"]
    readings = [Reading(str(number), "qa", OPTIONS, text) for number, text in enumerate(texts)]
    made, reasons = read_all(readings, "reflection", think=False)
    assert [one.final for one in made] == [Conclusion(choice="B"), Conclusion(choice=f"B. {OPTIONS[1]}"), None]
    assert (reasons, {one.first for one in made}) == ({"no answer": 1}, {None})

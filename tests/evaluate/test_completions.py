"""A student's texts as predictions."""

from rocot.core.task import Task
from rocot.evaluate.case import Case
from rocot.evaluate.completions import completed
from rocot.evaluate.prediction import Conclusion
from tests.evaluate.toys import OPTIONS, asked, bench, case

ANSWER = "<think>Blows.</think><answer>Fighting</answer><glue>[[1.0, 2.0]]</glue>"
CHANGED = "<think>Nobody.</think><answer>Normal</answer><glue>[]</glue>"
WHOLE = f"{ANSWER}<reflection>Too soon.</reflection><verdict>revise</verdict>{CHANGED}"


def test_both_answers_of_a_completion_are_read_and_an_unreadable_one_is_none() -> None:
    texts = {"a": WHOLE, "b": "I cannot tell."}

    def student(case: Case, task: Task, classes: tuple[str, ...]) -> str:
        assert task == "grounding"
        assert "Fighting" in classes
        return texts[case.id]

    first, second = completed(bench([case("a", [(1, 2)]), case("b", [])]), student, "grounding", "reflection")
    assert first.first == Conclusion(label="Fighting", spans=((1.0, 2.0),))
    assert first.final == Conclusion(label="Normal", spans=())
    assert (second.id, second.final, second.first) == ("b", None, None)


def test_only_questions_are_put_to_a_student_of_questions() -> None:
    def student(case: Case, task: Task, classes: tuple[str, ...]) -> str:
        assert (case.id, task, classes) == ("a", "qa", OPTIONS)
        return "<think>Running.</think><answer>B</answer>"

    (only,) = completed(bench([asked("a", 1), case("b", [])]), student, "qa", "plain")
    assert only.final == Conclusion(choice=OPTIONS[1])

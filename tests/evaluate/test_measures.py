"""Questions, classes and reflection, on cases small enough to count by hand."""

from rocot.core.truth import NORMAL
from rocot.evaluate.answered import match
from rocot.evaluate.choosing import choosing
from rocot.evaluate.naming import naming
from rocot.evaluate.plot import lines
from rocot.evaluate.prediction import Prediction
from rocot.evaluate.result import evaluate
from tests.evaluate.toys import OPTIONS, asked, bench, case, perfect, predicted, said


def test_a_choice_counts_by_letter_or_text_and_a_missing_one_is_wrong() -> None:
    benchmark = bench([asked("a", 1), asked("b", 0), asked("c", 3), asked("d", 2), case("e", [])])
    predictions = [
        predicted("a", said(choice="b")),
        predicted("b", said(choice=OPTIONS[0].upper())),
        predicted("c", said(choice="E")),
    ]
    pairs = match(benchmark, predictions).pairs
    ours, theirs = choosing(pairs), choosing(pairs, skip_missing=True)
    assert (ours.questions, ours.unanswered, ours.accuracy.value) == (4, 2, 0.5)
    assert (theirs.questions, theirs.unanswered, theirs.accuracy.value) == (3, 1, 2 / 3)
    assert (ours.blind.longest, ours.blind.always_first, ours.over_longest.value) == (0.25, 0.25, 0.25)
    assert evaluate(benchmark, predictions).strange_choices == 1


def test_labels_are_graded_as_normal_or_not_by_class_and_in_common() -> None:
    benchmark = bench(
        [
            case("a", [(0, 1)], "Burglary"),
            case("b", []),
            case("c", [(0, 1)]),
            case("d", None),
            case("e", [(0, 1)], None),
        ]
    )
    predictions = [
        predicted("a", said("shoplifting", [(0, 1)])),
        predicted("b.mp4", said("normal", [(0, 1)])),
        predicted("yard/c", said("Juggling")),
        predicted("e", said(None, [(5, 6)])),
    ]
    found = naming(match(benchmark, predictions).pairs, benchmark)
    assert (found.binary.cases, found.binary.accuracy.value) == (5, 3 / 5)
    assert found.native is not None
    assert found.common is not None
    assert (found.native.cases, found.native.accuracy.value) == (4, 0)
    assert (found.common.cases, found.common.accuracy.value) == (4, 1 / 4)
    assert found.binary.commonest == 4 / 5
    assert found.unanswered == 1
    assert evaluate(benchmark, predictions).strange_labels == 1


def test_perfect_is_one_everywhere_and_nothing_is_zero() -> None:
    benchmark = bench(
        [asked("a", 1, [(0, 1), (2, 3)]), asked("b", 0, []), case("c", None)], frame_measure="roc_auc", vau_r1=True
    )
    whole, empty = evaluate(benchmark, perfect(benchmark)), evaluate(benchmark, [])
    for result, value in ((whole, 1), (empty, 0)):
        assert result.grounding is not None
        assert result.qa is not None
        assert result.classification is not None
        assert result.classification.native is not None
        assert result.classification.common is not None
        measured = (
            *(result.grounding.miou, result.grounding.r30, result.grounding.r50, result.grounding.r70),
            result.qa.accuracy,
            *(result.classification.binary.accuracy, result.classification.native.accuracy),
            result.classification.common.accuracy,
        )
        assert {one.value for one in measured} == {value}
    assert (whole.missing, empty.missing, empty.missing_ids) == (0, 3, ("a", "b", "c"))
    assert whole.reflection is None


def test_what_nobody_answered_is_not_measured() -> None:
    benchmark = bench([asked("a", 1), asked("b", 0)], vau_r1=True)
    only_choices = evaluate(benchmark, [predicted("a", said(choice="B"))])
    assert (only_choices.grounding, only_choices.classification) == (None, None)
    assert only_choices.vau_r1 is not None
    assert only_choices.vau_r1.grounding is None
    only_labels = evaluate(benchmark, [predicted("a", said("Fighting"))])
    assert (only_labels.grounding, only_labels.qa, only_labels.vau_r1) == (None, None, None)


def test_where_no_label_is_given_spans_are_graded_alone_and_no_class_is() -> None:
    benchmark = bench([case("a", [(0, 4)]), case("b", []), case("c", [(0, 4)]), case("d", [(0, 4)]), case("e", None)])
    right, wrong, none = said(pairs=[(0, 4)]), said(pairs=[(6, 9)]), said(pairs=[])
    predictions = [
        predicted("a", right, wrong),
        predicted("b", none, none),
        predicted("c", wrong, right),
        predicted("d", None, right),
        predicted("e", right, none),
    ]
    found = evaluate(benchmark, predictions)
    assert found.classification is not None
    assert (found.classification.native, found.classification.common) == (None, None)
    assert found.classification.binary.accuracy.value == 4 / 5
    assert found.reflection is not None
    flips = found.reflection.answers
    assert flips is not None
    assert (flips.corrected, flips.confirmed, flips.corrupted, flips.unresolved) == (1, 1, 2, 0)
    assert flips.ungraded == 1  # neither a span nor a label to hold it against
    assert [line.name for line in lines(found) if "class" in line.name] == []


def test_reflection_is_counted_over_cases_with_a_first_answer() -> None:
    benchmark = bench([asked("a", 1, [(0, 4)]), asked("b", 0, []), asked("c", 2, [(0, 4)]), asked("d", 0, [])])
    right, wrong = said("Fighting", [(0, 4)], "B"), said(NORMAL, [], "A")
    predictions: list[Prediction] = [
        predicted("a", right, wrong),
        predicted("b", wrong, wrong),
        predicted("c", None, said("Fighting", [(0, 4)], "C")),
        predicted("d", wrong),
    ]
    found = evaluate(benchmark, predictions).reflection
    assert found is not None
    for flips in (found.answers, found.choices):
        assert flips is not None
        assert (flips.rows, flips.corrected, flips.confirmed, flips.corrupted, flips.unresolved) == (3, 1, 1, 1, 0)
        assert (flips.rectification.value, flips.corruption.value) == (1, 0.5)
    assert found.grounding is not None
    assert (found.grounding.rows, found.grounding.first.value, found.grounding.last.value) == (2, 0.5, 0.5)


def test_predictions_of_no_case_are_told_and_count_nowhere() -> None:
    benchmark = bench([case("a", [(0, 1)])])
    found = evaluate(
        benchmark, [predicted("a", said("Fighting", [(0, 1)])), predicted("x", said("Fighting", [(0, 9)]))]
    )
    assert (found.predictions, found.unknown, found.unknown_ids, found.missing) == (2, 1, ("x",), 0)
    assert found.grounding is not None
    assert found.grounding.miou.value == 1

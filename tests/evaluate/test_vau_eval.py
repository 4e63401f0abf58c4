"""What ratings come to: silence is 0, a failed rating is nobody's fault."""

from collections import Counter

import pytest

from rocot.core.rating import AXES, Rating
from rocot.evaluate.answered import match
from rocot.evaluate.case import Case
from rocot.evaluate.prediction import Conclusion, Prediction
from rocot.evaluate.vau_eval import texts, vau_eval
from tests.evaluate.toys import bench, case


def told(name: str) -> Case:
    return case(name, [(1, 2)], reference=f"Description: {name} falls.")


def rated(number: int) -> Rating:
    return Rating(**{**dict.fromkeys(AXES, number), "fluency": 10})


CASES = [told("a"), told("b"), told("c"), case("d", [])]
SAID = [
    Prediction(id="a", final=Conclusion(label="Fighting"), said="A man falls."),
    Prediction(id="a", said="Nobody falls."),
    Prediction(id="b", final=Conclusion(label="Normal")),
    Prediction(id="d", said="Of a case without a reference."),
]


def test_only_what_was_said_of_a_case_with_a_reference_is_rated() -> None:
    found = texts(match(bench(CASES), SAID).pairs)
    assert list(found) == ["a#0", "a#1"]
    assert found["a#0"].answer == "Class: Fighting\nA man falls."
    assert found["a#1"].answer == "Nobody falls."
    assert found["a#0"].reference == "Description: a falls."


def test_silence_counts_as_0_and_a_failed_rating_not_at_all() -> None:
    pairs = match(bench(CASES), SAID).pairs
    found = vau_eval(pairs, "judge", {"a#0": rated(8)}, Counter({"timeout": 1}))
    assert found is not None
    assert (found.cases, found.silent, found.failed) == (3, 2, {"timeout": 1})
    assert found.classification.value == pytest.approx(8 / 3)
    assert found.fluency.value == pytest.approx(10 / 3)
    assert found.mean.value == pytest.approx((4 * 8 + 10) / 5 / 3)
    assert found.mean.low is not None


def test_where_there_is_nothing_to_rate_by_there_is_no_rating() -> None:
    assert vau_eval(match(bench([case("d", [])]), SAID).pairs, "judge", {}, Counter()) is None

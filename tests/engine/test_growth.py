import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocot.engine.growth import added, grown, input_of
from tests.engine.toys import Spoken, Toy, Wound

texts = st.text(st.characters(exclude_categories=["Cs"]))
wounds = st.builds(
    Wound,
    id=texts,
    path=texts,
    mark=st.integers(),
    turns=st.floats(allow_nan=False, allow_infinity=False),
    rollout=st.integers(0, 9),
)


@given(wounds, st.lists(texts).map(tuple))
def test_what_a_stage_added_comes_back_as_it_was(item: Wound, words: tuple[str, ...]) -> None:
    richer = Spoken(**dict(item), words=words)
    delta = added(item, richer, Spoken)
    assert set(json.loads(delta)) == {"words"}
    back = grown(item, Spoken, delta)
    assert back == richer
    assert back is not None
    assert back.path == item.path
    assert input_of(back, None) == input_of(richer, None)


@given(wounds, wounds)
def test_the_input_is_named_by_all_that_is_stored_and_by_nothing_else(one: Wound, other: Wound) -> None:
    same = one.model_copy(update={"path": ""}) == other.model_copy(update={"path": ""})
    assert (input_of(one, None) == input_of(other, None)) == same
    assert input_of(one, "truth") != input_of(one, None)


def test_a_payload_of_other_fields_does_not_fit() -> None:
    toy = Toy(id="toy")
    assert grown(toy, Wound, '{"turns":1.5,"rollout":0}') == Wound(id="toy", turns=1.5)
    assert grown(toy, Wound, '{"spins":1.5}') is None


def test_a_stage_that_makes_something_else_is_a_bug() -> None:
    item = Wound(id="toy", turns=1)
    with pytest.raises(TypeError, match="promised a Spoken and made a Wound"):
        added(item, item, Spoken)
    with pytest.raises(TypeError, match=r"changed turns of a Wound"):
        added(item, Spoken(**{**dict(item), "turns": 2.0}, words=()), Spoken)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocot.core.prompt import Ask, Picture, Prompt, Sampling, Text, Turn, stamp
from rocot.core.record import digest
from rocot.core.reply import Dialect, schema_of

ASK = Ask(
    model="openai:one",
    turns=(Turn(role="user", parts=(Text(text="what?"), Picture(time=1.5, digest="ab"))),),
    shape="grounding",
    dialect="json",
    classes=("Normal", "Fighting"),
    sampling=Sampling(),
)

CHANGES: dict[str, object] = {
    "model": "openai:two",
    "turns": (Turn(role="user", parts=(Text(text="what now?"), Picture(time=1.5, digest="ab"))),),
    "shape": "reflection",
    "dialect": "tagged",
    "classes": ("Normal", "Arson"),
    "sampling": Sampling(temperature=0.1),
    "rollout": 1,
}


def test_the_list_of_what_enters_a_key_is_whole() -> None:
    """A new field of Ask has to be thought of here: does it change what is sent?"""
    assert set(CHANGES) == set(Ask.model_fields)
    assert set(Sampling.model_fields) == {"temperature", "top_p", "max_tokens", "seed"}


@pytest.mark.parametrize("field", list(CHANGES))
def test_each_of_them_changes_the_key(field: str) -> None:
    assert ASK.model_copy(update={field: CHANGES[field]}).key != ASK.key


def test_a_frame_enters_by_its_bytes_and_its_time() -> None:
    keys = {
        ASK.model_copy(update={"turns": (Turn(role="user", parts=(picture,)),)}).key
        for picture in (Picture(time=1, digest="a"), Picture(time=2, digest="a"), Picture(time=1, digest="b"))
    }
    assert len(keys) == 3


def test_the_same_question_has_the_same_key_in_every_process() -> None:
    assert ASK.key == "aede1620f1ddc4b819fd7a1fc7a4b41d9ec58b10bd98873da1e31ae2538a3f65"


@pytest.mark.parametrize("dialect", ["json", "tagged"])
def test_a_key_is_the_digest_of_the_canonical_spelling(dialect: Dialect) -> None:
    ask = ASK.model_copy(update={"dialect": dialect, "turns": (*ASK.turns, *ASK.turns)})
    schema = schema_of(ask.shape, ask.classes) if dialect == "json" else None
    assert ask.key == digest({"ask": ask.model_dump(mode="json"), "schema": schema})


@given(text=st.text(), digest_of=st.text(), time=st.floats(allow_nan=False, allow_infinity=False))
def test_the_key_of_any_turn_is_that_of_its_canonical_spelling(text: str, digest_of: str, time: float) -> None:
    parts = Text(text=text), Picture(time=time, digest=digest_of), Text(text="what?")
    ask = ASK.model_copy(update={"turns": (Turn(role="user", parts=parts), Turn(role="assistant", parts=parts[:1]))})
    schema = schema_of(ask.shape, ask.classes)
    assert ask.key == digest({"ask": ask.model_dump(mode="json"), "schema": schema})


def test_each_rollout_sends_its_own_seed() -> None:
    seeded = ASK.model_copy(update={"sampling": Sampling(seed=7), "rollout": 2})
    assert (seeded.seed, ASK.seed) == (9, None)


def test_values_are_never_expanded_again() -> None:
    prompt = Prompt(name="x", text="$reflection")
    assert prompt.fill(reflection="costs $truth and ${truth}") == "costs $truth and ${truth}"
    with pytest.raises(KeyError):
        prompt.fill(other="x")


def test_a_stamp_has_two_decimals() -> None:
    assert stamp(12.5) == "<12.50s>"

import pytest

from rocot.core.prompt import Sampling
from rocot.errors import BudgetError
from rocot.prices import Price, Prices
from rocot.stages.asking import compose
from rocot.teacher.budget import MARGIN, Budget, Learned, Size, size_of
from rocot.teacher.protocol import Usage
from tests.contracts.teacher import ITEM, PROMPTS, Said

PRICES = Prices(model=(Price(name="openai:m", input=1.0, output=10.0),))


def test_calls_in_flight_count_against_the_ceiling() -> None:
    budget = Budget(max_calls=3, calls=1)
    assert budget.reserve(0)
    assert budget.reserve(0)
    with pytest.raises(BudgetError, match="--max-calls 3 is reached: 3 calls"):
        budget.reserve(0)
    budget.settle(0, 0)
    with pytest.raises(BudgetError):
        budget.reserve(0)


def test_a_call_that_was_not_made_is_not_counted() -> None:
    budget = Budget(max_calls=1)
    assert budget.reserve(0)
    budget.release(0)
    assert budget.reserve(0)


def test_the_worst_case_of_what_is_in_flight_is_set_aside() -> None:
    budget = Budget(max_cost=1.0, cost=0.2)
    assert budget.reserve(0.5)
    assert not budget.reserve(0.4), "it may fit once the other has ended"
    budget.settle(0.5, 0.1)
    assert budget.reserve(0.4)
    assert budget.cost == pytest.approx(0.3)
    budget.settle(0.4, 0.4)
    with pytest.raises(BudgetError, match=r"--max-cost 1 is reached: 0\.7 USD were spent .* may cost 0\.4"):
        budget.reserve(0.4)


def test_what_can_never_fit_is_told_at_once() -> None:
    budget = Budget(max_cost=1.0)
    assert budget.reserve(0.5)
    with pytest.raises(BudgetError):
        budget.reserve(1.1)


def test_a_model_without_a_price_has_no_cost() -> None:
    budget = Budget(PRICES)
    assert budget.price("openai:m", Usage(prompt=1_000_000, completion=100_000)) == 2.0
    assert budget.price("openai:other", Usage(prompt=1)) is None
    assert budget.price("scripted", Usage(prompt=1)) == 0


def test_a_size_bounds_every_tokenizer() -> None:
    asks = Said("openai:m")
    asks.sampling = Sampling(max_tokens=77)
    size = size_of(compose(PROMPTS, asks, ITEM, "grounding")("json"), ITEM)
    texts = sum(
        len(part.text.encode())
        for turn in compose(PROMPTS, asks, ITEM, "grounding")("json").turns
        for part in turn.parts
        if part.kind == "text"
    )
    assert size.prompt_most >= texts + 8 * (2833 + 5667)
    assert 8 * 4 * 3 < size.prompt < size.prompt_most
    assert size.reply_most == 77


def test_a_server_that_has_counted_prompts_is_believed_with_a_margin() -> None:
    learned, size = Learned(), Size(prompt=1000, prompt_most=90_000, reply_most=100)
    assert learned.most(size) == Usage(prompt=90_000, completion=100)
    assert learned.expected(size) == 1100
    learned.learn(size, Usage(prompt=2000))
    learned.learn(size, Usage(prompt=1500))
    learned.learn(size, Usage())
    assert learned.most(size) == Usage(prompt=int(2000 * MARGIN), completion=100)
    assert learned.expected(Size(500, 90_000, 100)) == 1100


def test_a_small_picture_may_take_as_much_as_a_large_one() -> None:
    large, small = Size(8000, 90_000, 100, pictures=4), Size(500, 90_000, 100, pictures=4)
    learned = Learned()
    learned.learn(large, Usage(prompt=34_000))
    assert learned.most(small).prompt == 34_000 * MARGIN
    assert learned.most(Size(250, 90_000, 100, pictures=2)).prompt == 17_000 * MARGIN
    assert learned.most(Size(80, 90_000, 100)).prompt == 80 * 34_000 / 8000 * MARGIN, "a text alone"


def test_a_prompt_with_an_unknown_number_of_pictures_tells_what_a_smaller_one_may_take() -> None:
    learned = Learned()
    learned.learn(Size(8000, 90_000, 100), Usage(prompt=34_000))
    assert learned.most(Size(500, 90_000, 100, pictures=4)).prompt == 34_000 * MARGIN

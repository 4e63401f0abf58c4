from pathlib import Path

import pytest

from rocot.errors import ConfigError
from rocot.prices import Prices
from rocot.toml_file import load

TABLE = '[[model]]\nname = "openai:m"\ninput = 2\ncached = 0.5\noutput = 8.0\n'


def test_cached_tokens_cost_their_own_price(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(TABLE)
    prices = load(path, Prices)
    assert prices.cost("openai:m", prompt=1_000_000, cached=400_000, completion=500_000) == pytest.approx(
        0.6 * 2 + 0.4 * 0.5 + 0.5 * 8
    )


def test_without_a_price_for_cached_tokens_they_cost_as_others() -> None:
    prices = Prices.model_validate({"model": [{"name": "openai:m", "input": 2, "output": 8}]})
    assert prices.cost("openai:m", prompt=100, cached=100, completion=0) == pytest.approx(200 / 1e6)


def test_a_model_without_a_price_has_no_cost_and_the_embedded_one_costs_nothing() -> None:
    assert Prices().cost("openai:m", prompt=1, cached=0, completion=1) is None
    assert Prices().cost("embedded", prompt=1, cached=0, completion=1) == 0


def test_the_faults_of_a_price_table_are_told_like_a_recipes(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(TABLE.replace("input = 2", "inptu = -2"))
    with pytest.raises(ConfigError) as caught:
        load(path, Prices)
    assert str(caught.value) == (
        f"{path}: 2 things to fix\n  model[0].input: missing\n"
        "  model[0].inptu: no such setting (got -2); did you mean input?"
    )


def test_what_a_cache_serves_is_no_dearer_than_other_input(tmp_path: Path) -> None:
    """Else the worst case of a call, which ceilings go by, would not be the worst."""
    path = tmp_path / "prices.toml"
    path.write_text(TABLE.replace("cached = 0.5", "cached = 2.5"))
    with pytest.raises(ConfigError, match=r"model\[0\].*cached must be at most input, 2 \(got 2\.5\)"):
        load(path, Prices)
    path.write_text(TABLE.replace("cached = 0.5", "cached = 2"))
    assert load(path, Prices).model


@pytest.mark.parametrize("currency", ["\\n", "a\\u001b[31m", " "])
def test_a_currency_is_printed_in_one_line(currency: str, tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(f'currency = "{currency}"\n{TABLE}')
    with pytest.raises(ConfigError, match=r"currency.*without line breaks"):
        load(path, Prices)


def test_a_batch_costs_its_share_and_as_much_as_others_where_none_is_given(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(f'{TABLE}batch = 0.5\n[[model]]\nname = "openai:n"\ninput = 2\noutput = 8.0\n')
    prices = load(path, Prices)
    for model, share in (("openai:m", 0.5), ("openai:n", 1.0)):
        whole = prices.cost(model, prompt=100, cached=50, completion=70)
        assert whole is not None
        assert prices.cost(model, prompt=100, cached=50, completion=70, batch=True) == pytest.approx(share * whole)


def test_a_model_with_two_prices_is_refused_and_both_are_named(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(TABLE + TABLE.replace("openai:m", "openai:n") + TABLE.replace("input = 2", "input = 3"))
    with pytest.raises(ConfigError) as caught:
        load(path, Prices)
    assert "model[0] and model[2] are both openai:m" in str(caught.value)
    assert "openai:n" not in str(caught.value)

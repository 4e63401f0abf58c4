"""How a run falls into parts, and how many a time or a price asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocot.cli.surveying import Shares
from rocot.core.part import Part
from tests.cli.bench import Bench

LOADS = st.lists(st.integers(1, 50), min_size=1, max_size=60)


def shared(loads: list[int]) -> Shares:
    shares = Shares(("ask",))
    for number, clips in enumerate(loads):
        shares.begin("yard", str(number))
        for _ in range(clips):
            shares.add({"ask": 3, "judge": 1})
    shares.price({"ask": 0.25})
    return shares


@given(LOADS, st.integers(1, 20))
def test_the_balance_is_that_of_the_parts_themselves(loads: list[int], parts: int) -> None:
    own = [0] * parts
    for number, clips in enumerate(loads):
        held = [one for one in range(1, parts + 1) if Part(number=one, of=parts).holds("yard", str(number))]
        own[held[0] - 1] += clips
    shares = shared(loads)
    for name, each in (("clips", 1.0), ("calls", 3.0), ("cost", 0.75)):
        spread = shares.spread(name, parts)
        assert (spread.least, spread.most) == (min(own) * each, max(own) * each)
        assert spread.mean * parts == pytest.approx(sum(loads) * each)


@given(LOADS, st.floats(1, 500))
def test_no_part_of_so_many_as_are_proposed_comes_to_more(loads: list[int], most: float) -> None:
    shares = shared(loads)
    parts = shares.fewest("clips", most)
    if parts is None:
        assert max(loads) > most, "else each video could have a part of its own, or about"
    else:
        assert shares.spread("clips", parts).most <= most
        if parts <= 64:
            assert all(shares.spread("clips", fewer).most > most for fewer in range(1, parts))


def test_a_plan_tells_how_even_parts_are_and_proposes_how_many(bench: Bench) -> None:
    bench.lay(length=0.5, films="abcdef")
    planned = bench.rocot("plan", "--recipe", "own.toml", "--parts", "2", "--calls-per-minute", "30", "--hours", "0.03")
    assert planned.returncode == 0, planned.stderr
    assert "36 clips of 6 videos" in planned.stdout, "no file is lost while another one's frames are read"
    lines = [line.split() for line in planned.stdout.splitlines()]
    assert ["2", "parts", "least", "mean", "most"] in lines
    assert next(line for line in lines if line[:1] == ["videos"])[2] == "3"
    assert next(line for line in lines if line[:1] == ["calls"])[2] == "54"
    assert "0.03 h a part: " in planned.stdout
    assert "30 calls a minute and part, as told" in planned.stdout
    impossible = bench.rocot("plan", "--recipe", "own.toml", "--calls-per-minute", "1", "--hours", "0.1")
    assert "one video alone takes 3 times that" in impossible.stdout


def test_the_pace_of_a_pilot_is_taken_and_prices_tell_the_cost_of_a_part(bench: Bench) -> None:
    bench.lay(length=0.5, films="abcdef", model="openai:m")
    (bench.folder / "prices.toml").write_text('[[model]]\nname = "openai:m"\ninput = 10.0\noutput = 40.0\n')
    unknown = bench.rocot("plan", "--recipe", "own.toml", "--hours", "1")
    assert unknown.returncode == 2
    assert "make a pilot" in unknown.stderr
    unpriced = bench.rocot("plan", "--recipe", "own.toml", "--max-cost", "1")
    assert unpriced.returncode == 2
    assert "--max-cost: a model has no price" in unpriced.stderr
    priced = bench.rocot("plan", "--recipe", "own.toml", "--max-cost", "1", "--prices", "prices.toml")
    assert priced.returncode == 0, priced.stderr
    assert "1.00 USD a part: " in priced.stdout
    assert "USD, at most" in priced.stdout


def test_what_costs_nothing_takes_no_parts(bench: Bench) -> None:
    bench.lay(length=0.5, films="ab")
    planned = bench.rocot("plan", "--recipe", "own.toml", "--max-cost", "3")
    assert planned.returncode == 0, planned.stderr
    assert planned.stdout.splitlines()[-1] == "What is to do costs nothing; --max-cost proposes no parts."
    words = ("--max-cost", "3", "--hours", "1", "--calls-per-minute", "30")
    both = bench.rocot("plan", "--recipe", "own.toml", *words)
    assert "What is to do costs nothing" in both.stdout
    assert "1 h a part: 1 part." in both.stdout
    assert "1 parts" in both.stdout, "what the hours ask for is told all the same"

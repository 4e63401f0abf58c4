"""How a model writes: by its own dice, up to a text, until nobody waits."""

from collections.abc import Mapping

import pytest

from rocot.student.model import load
from rocot.student.stack import torch
from rocot.student.writing import Begun, Draw, Writer, _Draws, _nucleus
from tests.student.parrot import TURN, parrot

SAYS = {TURN: ("<think>Grey.</think>", "<answer>Normal</answer>", "<reflection>", "It holds.")}


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Writer:
    folder = tmp_path_factory.mktemp("parrot")
    parrot(folder, SAYS)
    return Writer(load(str(folder)))


@pytest.fixture(scope="module")
def babbler(tmp_path_factory: pytest.TempPathFactory) -> Writer:
    """One that says every token as readily as any other."""
    folder = tmp_path_factory.mktemp("babbler")
    parrot(folder, {})
    return Writer(load(str(folder)))


def asked(text: str = "What is it?") -> Begun:
    return Begun(f"<|im_start|>user\n{text}<|im_end|>\n{TURN}", ())


def test_a_reply_ends_where_the_model_ends_it(writer: Writer) -> None:
    (one,) = writer.write([asked()], [Draw()], longest=20)
    assert (one.text, one.whole, one.tokens) == ("".join(SAYS[TURN]), True, 5)
    assert one.prompt > 5


def test_a_reply_goes_no_further_than_asked(writer: Writer) -> None:
    one, two = writer.write([asked(), asked("a longer question")], [Draw()] * 2, longest=20, until="<reflection>")
    assert one.text == two.text == "<think>Grey.</think><answer>Normal</answer><reflection>"
    assert one.whole
    assert (one.tokens, two.prompt > one.prompt) == (3, True)


def test_what_is_cut_off_is_not_whole(writer: Writer) -> None:
    (one,) = writer.write([asked()], [Draw()], longest=2)
    assert (one.text, one.whole) == ("<think>Grey.</think><answer>Normal</answer>", False)


def test_what_nobody_waits_for_is_not_written_to_its_end(writer: Writer) -> None:
    (one,) = writer.write([asked()], [Draw()], longest=20, halted=lambda: True)
    assert (one.tokens, one.whole) == (1, False)


def test_a_seed_draws_the_same_whatever_stands_beside_it(babbler: Writer) -> None:
    hot = [Draw(temperature=1.0, seed=seed) for seed in (1, 2, 3)]
    alone = [babbler.write([asked()], [draw], longest=12)[0].text for draw in hot]
    assert [one.text for one in babbler.write([asked()] * 3, hot, longest=12)] == alone
    assert len(set(alone)) == 3
    first, second = (babbler.write([asked()], [Draw(temperature=1.0)], longest=12)[0].text for _ in range(2))
    assert first != second


def test_tokens_are_drawn_as_often_as_they_are_likely() -> None:
    """Of 4,000 draws from 0.5, 0.3, 0.2 each share is within four standard errors."""
    count, shares = 4000, (0.5, 0.3, 0.2)
    scores = torch.tensor([shares]).log().repeat(count, 1)
    drawn = _Draws([Draw(temperature=1.0, seed=seed) for seed in range(count)], torch.device("cpu"))(None, scores)
    found: Mapping[int, int] = {token: int((drawn.argmax(dim=1) == token).sum()) for token in range(3)}
    for token, share in enumerate(shares):
        assert abs(found[token] / count - share) < 4 * (share * (1 - share) / count) ** 0.5


@pytest.mark.parametrize(("top_p", "left"), [(1.0, 3), (0.79, 2), (0.5, 1), (0.01, 1)])
def test_of_the_nucleus_the_likeliest_are_left(top_p: float, left: int) -> None:
    kept = _nucleus(torch.tensor([0.2, 0.5, 0.3]).log(), top_p)
    assert int(kept.isfinite().sum()) == left
    assert int(kept.argmax()) == 1

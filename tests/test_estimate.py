import pytest

from rocot.estimate import Answerer, Look, Wording, calls, image_tokens, lone

LOOK = Look(frames=16, width=560, height=448, octets=16 * 15_000)
WORDING = Wording(opening=4000, reflect=800, revise=400)
ONE, OTHER = Answerer(model="one", longest=1024), Answerer(model="other", longest=1024)


@pytest.mark.parametrize(("width", "height", "tokens"), [(28, 28, 1), (29, 28, 2), (560, 448, 320), (1, 1, 1)])
def test_an_image_costs_a_token_a_patch(width: int, height: int, tokens: int) -> None:
    assert image_tokens(width, height) == tokens


def test_the_asks_grow_and_repeat_what_came_before() -> None:
    reason, reflect, revise = calls(LOOK, WORDING, ONE, ONE, ONE)
    assert (reason.prompt, reason.repeated) == (16 * 320 + 1000, 0)
    assert (reflect.prompt, reflect.repeated) == (reason.prompt + 400 + 200, reason.prompt)
    assert (revise.prompt, revise.repeated) == (reason.prompt + 800 + 100, reason.prompt + 400)
    assert reason.octets == 16 * 20_000 + 4000


def test_another_reflector_has_no_prefix_to_share() -> None:
    _, reflect, revise = calls(LOOK, WORDING, ONE, OTHER, ONE)
    assert reflect.repeated == 0
    assert revise.repeated == revise.prompt - 900


def test_who_reflects_and_revises_shares_what_the_two_have_in_common() -> None:
    alone = calls(LOOK, WORDING, ONE, ONE, ONE)
    _, reflect, revise = calls(LOOK, WORDING, ONE, OTHER, OTHER)
    assert (reflect.repeated, revise.repeated) == (0, alone[2].repeated)
    assert calls(LOOK, WORDING, ONE, ONE, OTHER)[2].repeated == 0


def test_a_closer_look_is_sent_twice_and_repeated_once() -> None:
    plain = calls(LOOK, WORDING, ONE, ONE, ONE)
    reason, reflect, revise = calls(LOOK.model_copy(update={"relook": 4}), WORDING, ONE, ONE, ONE)
    more = 4 * 320
    assert reason == plain[0]
    assert (reflect.prompt, reflect.repeated) == (plain[1].prompt + more, plain[1].repeated)
    assert (revise.prompt, revise.repeated) == (plain[2].prompt + more, plain[2].repeated + more)
    assert revise.octets == plain[2].octets + 4 * 20_000


def test_a_reply_is_never_reckoned_longer_than_it_may_be() -> None:
    terse = Answerer(model="one", longest=100)
    assert [call.reply for call in calls(LOOK, WORDING, terse, terse, ONE)] == [100, 100, 400]


def test_an_ask_of_its_own_shares_nothing_and_may_show_nothing() -> None:
    shown, told = (lone("critic", LOOK, ONE, frames=frames, characters=4000) for frames in (4, 0))
    assert (shown.prompt, shown.repeated, shown.reply, shown.octets) == (4 * 320 + 1000, 0, 400, 4 * 20_000 + 4000)
    assert (told.prompt, told.octets) == (1000, 4000)

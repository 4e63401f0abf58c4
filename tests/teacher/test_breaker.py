from rocot.teacher.breaker import LEAST, WINDOW, Breaker


def failing(breaker: Breaker, times: int, now: float = 0.0) -> None:
    for _ in range(times):
        breaker.trouble("overloaded", "HTTP 503", now, probe=False)


def resting(breaker: Breaker) -> bool:
    return breaker.due is not None


def test_a_server_that_fails_every_call_is_left_alone() -> None:
    breaker = Breaker(1, 60)
    failing(breaker, LEAST - 1)
    assert not resting(breaker)
    failing(breaker, 1)
    assert resting(breaker)
    assert (breaker.reason, breaker.detail) == ("overloaded", "HTTP 503")


def test_a_server_that_fails_three_calls_of_ten_is_asked_on() -> None:
    breaker = Breaker(1, 60)
    for index in range(1000):
        if index % 10 < 3:
            failing(breaker, 1)
        else:
            breaker.fine(probe=False)
    assert not resting(breaker)


def test_a_server_that_has_answered_is_left_alone_once_nearly_every_call_fails() -> None:
    breaker = Breaker(1, 60)
    for _ in range(WINDOW):
        breaker.fine(probe=False)
    failing(breaker, LEAST)
    assert not resting(breaker)
    failing(breaker, WINDOW - LEAST)
    assert resting(breaker)


def test_a_server_that_has_too_much_to_do_is_left_alone_only_if_that_lasts() -> None:
    breaker = Breaker(1, 60)
    for now in range(10):
        breaker.trouble("rate limited", "", float(now), probe=False, lasting=10.0)
    assert not resting(breaker), "the pace will see to it"
    breaker.trouble("rate limited", "", 10.0, probe=False, lasting=10.0)
    assert resting(breaker)


def test_one_call_at_a_time_looks_again_at_growing_intervals() -> None:
    breaker = Breaker(1, 8)
    failing(breaker, LEAST, now=100.0)
    waits, now = [], 100.0
    for _ in range(6):
        assert breaker.due is not None
        assert not breaker.probe(breaker.due - 0.01)
        waits.append(breaker.due - now)
        now = breaker.due
        assert breaker.probe(now)
        assert not breaker.probe(now), "one at a time"
        breaker.trouble("overloaded", "", now, probe=True)
    assert all(0.75 * wait <= waited <= wait for wait, waited in zip([1, 2, 4, 8, 8, 8], waits, strict=True))


def test_a_probe_that_is_answered_brings_the_server_back() -> None:
    breaker = Breaker(1, 60)
    failing(breaker, LEAST)
    breaker.fine(probe=False)
    assert resting(breaker), "a straggler from before is no proof"
    assert breaker.probe(2)
    breaker.fine(probe=True)
    assert not resting(breaker)
    assert breaker.answered
    failing(breaker, LEAST - 1)
    assert not resting(breaker), "what was before is forgotten"


def test_a_probe_that_tells_nothing_lets_another_look() -> None:
    breaker = Breaker(1, 60)
    failing(breaker, LEAST)
    assert breaker.probe(2)
    breaker.undecided(probe=True)
    assert breaker.probe(2)


def test_it_knows_since_when_nothing_but_trouble_came() -> None:
    breaker = Breaker(1, 60)
    failing(breaker, 1, now=5)
    failing(breaker, 1, now=9)
    assert breaker.troubled == 5
    breaker.fine(probe=False)
    assert breaker.troubled is None

from rocot.teacher.rates import Rates


def starts(rates: Rates, count: int, tokens: int = 0) -> list[float]:
    times, now = [], 1000.0
    for _ in range(count):
        now = max(now, rates.due)
        times.append(now)
        rates.start(tokens, now)
    return times


def most_in_a_minute(times: list[float]) -> int:
    return max(sum(start <= time < start + 60 - 1e-6 for time in times) for start in times)


def test_no_minute_sees_more_calls_than_asked() -> None:
    for rpm in (1, 7, 60, 500):
        assert most_in_a_minute(starts(Rates(rpm=rpm), 3 * rpm + 2)) == rpm


def test_no_minute_sees_more_tokens_than_asked() -> None:
    assert most_in_a_minute(starts(Rates(tpm=10_000), 100, tokens=500)) == 20


def test_what_a_call_did_not_take_is_given_back() -> None:
    rates = Rates(tpm=6000)
    rates.start(100, 0.0)
    assert rates.due == 1
    rates.settle(100, 40)
    assert rates.due == 0.4


def test_a_pause_is_not_made_up_for() -> None:
    rates = Rates(rpm=60)
    rates.start(0, 0.0)
    rates.start(0, 1000.0)
    assert rates.due == 1001


def test_without_a_ceiling_nothing_waits() -> None:
    assert starts(Rates(), 5, tokens=10**9) == [1000.0] * 5
    assert not Rates(rpm=5).metered
    assert Rates(tpm=5).metered

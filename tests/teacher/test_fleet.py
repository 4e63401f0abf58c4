import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from time import monotonic

import pytest

from rocot.core.prompt import Ask, Sampling
from rocot.engine.chain import Cut
from rocot.errors import BudgetError, ServiceError, TeacherError
from rocot.prices import Price, Prices
from rocot.stages.asking import compose
from rocot.teacher.asker import Asker
from rocot.teacher.budget import Budget, size_of
from rocot.teacher.completion import spelt
from rocot.teacher.fleet import Fleet
from rocot.teacher.patience import Patience
from rocot.teacher.protocol import Raw, Usage
from rocot.teacher.rates import Rates
from rocot.teacher.scripted import ScriptedTeacher
from tests.contracts.teacher import ITEM, PROMPTS
from tests.servers.replies import error
from tests.teacher.doubles import Album, Notebook

HASTY = Patience(tries=6, base=0.002, longest=0.01, longest_wanted=0.1, unreachable=0.3, warming=0.6, outage=5)
DOWN = Raw(body=b"<html>Bad gateway</html>", status=502)
PRICES = Prices(model=(Price(name="scripted-1", input=1.0, output=10.0),))


class Switched(ScriptedTeacher):
    """A server that can be taken down: then every call fails as `down` says."""

    def __init__(self, endpoint: str = "a", *, latency: float = 0.0, script: Iterable[Raw | None] = ()) -> None:
        super().__init__(script, latency=latency)
        self.endpoint = endpoint
        self.down: Raw | TeacherError | None = None
        self.in_flight = self.most_in_flight = 0
        self.asked: list[str] = []

    async def send(self, ask: Ask, pictures: Mapping[str, bytes]) -> Raw:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if isinstance(self.down, TeacherError):
                self.sent += 1
                raise self.down
            if self.down is not None:
                self.sent += 1
                return self.down
            return await super().send(ask, pictures)
        finally:
            self.in_flight -= 1


class Loading(Switched):
    """Loads for so many seconds before it can be asked, or fails then."""

    def __init__(self, seconds: float, fault: ServiceError | None = None) -> None:
        super().__init__()
        self.seconds, self.fault, self.starts = seconds, fault, 0

    async def start(self) -> None:
        self.starts += 1
        await asyncio.sleep(self.seconds)
        if self.fault is not None:
            raise self.fault


class Priced(Switched):
    """Says what it counted."""

    model = "scripted-1"

    async def send(self, ask: Ask, pictures: Mapping[str, bytes]) -> Raw:
        await super().send(ask, pictures)
        return Raw(body=spelt("{}", "m", Usage(prompt=1000, completion=100)))


def asker(fleet: Fleet, notebook: Notebook | None = None) -> Asker:
    return Asker(fleet, notebook or Notebook(), Album(), sampling=Sampling(max_tokens=200))


async def ask(asks: Asker, number: int) -> str:
    item = ITEM.model_copy(update={"id": f"clip-{number}"})
    words = compose(PROMPTS, asks, item.fanned(number), "grounding")
    return (await asks.ask(words, item.fanned(number), "reason", str))[1].text


async def test_a_run_whose_server_goes_down_pauses_and_goes_on_by_itself() -> None:
    server, notebook = Switched(latency=0.001), Notebook()
    fleet = Fleet([server], most=8, patience=HASTY)
    asks = asker(fleet, notebook)
    await asyncio.gather(*[ask(asks, number) for number in range(8)])
    assert fleet.remarks() == []
    server.down = DOWN
    asking = [asyncio.create_task(ask(asks, number)) for number in range(8, 40)]
    await asyncio.sleep(0.15)
    assert [remark.split(",")[0] for remark in fleet.remarks()] == ["paused: a fails (server error)"]
    asked = server.sent
    assert asked < 8 + 40 + 15, "the pause is quiet"
    server.down = None
    assert len(await asyncio.gather(*asking)) == 32
    tries = Counter(attempt.item for attempt in notebook.attempts if not attempt.ok)
    assert max(tries.values()) < HASTY.tries + HASTY.probes
    assert not any(remark.startswith("paused") for remark in fleet.remarks())


@pytest.mark.parametrize("down", [DOWN, TeacherError("unreachable", "http://a", passing=True)])
async def test_a_server_that_never_answered_is_not_waited_for_long(down: Raw | TeacherError) -> None:
    server = Switched()
    server.down = down
    asks = asker(Fleet([server], patience=HASTY))
    begun = monotonic()
    ends = await asyncio.gather(*[ask(asks, number) for number in range(30)], return_exceptions=True)
    assert all(isinstance(end, ServiceError) for end in ends), Counter(map(repr, ends))
    assert 0.2 < monotonic() - begun < 30
    with pytest.raises(ServiceError, match="run the same command again"):
        await ask(asks, 99)


async def test_a_call_that_brings_the_server_down_by_itself_is_given_up() -> None:
    server = Switched()
    server.down = DOWN
    patience = Patience(tries=9, probes=3, base=0.001, longest=0.002, warming=60)
    with pytest.raises(TeacherError, match="server error"):
        await ask(asker(Fleet([server], patience=patience)), 0)
    assert server.sent <= 9 + 3


async def test_the_end_of_the_run_ends_the_pause() -> None:
    server, ending = Switched(), asyncio.Event()
    server.down = DOWN
    patience = Patience(base=60, warming=600)
    fleet = Fleet([server], patience=patience, halted=ending.is_set)
    asking = [asyncio.create_task(ask(asker(fleet), number)) for number in range(20)]
    await asyncio.sleep(0.05)
    ending.set()
    ends = await asyncio.wait_for(asyncio.gather(*asking, return_exceptions=True), 5)
    assert all(isinstance(end, Cut) for end in ends)


async def test_a_fault_that_every_call_would_meet_ends_all_that_wait() -> None:
    server = Switched(latency=0.01, script=[Raw(body=error("Incorrect API key", "invalid_api_key"), status=401)])
    asks = asker(Fleet([server], most=1, patience=HASTY))
    ends = await asyncio.gather(*[ask(asks, number) for number in range(10)], return_exceptions=True)
    assert all(isinstance(end, ServiceError) for end in ends)
    assert server.sent == 1


async def test_calls_spread_over_the_servers_and_a_clip_stays_with_its_own() -> None:
    servers = [Switched("a", latency=0.005), Switched("b", latency=0.005)]
    notebook = Notebook()
    asks = asker(Fleet(servers, most=8, patience=HASTY), notebook)
    await asyncio.gather(*[ask(asks, number) for number in range(200)])
    assert min(server.sent for server in servers) > 60
    assert max(server.most_in_flight for server in servers) <= 8
    assert Counter(attempt.endpoint for attempt in notebook.attempts) == {"a": servers[0].sent, "b": servers[1].sent}

    calm, notebook = [Switched("a"), Switched("b")], Notebook()
    asks = asker(Fleet(calm, most=8, patience=HASTY), notebook)
    for number in range(20):
        item = ITEM.model_copy(update={"id": f"clip-{number}"})
        for rollout in range(3):
            there = item.fanned(3 * number + rollout)
            await asks.ask(compose(PROMPTS, asks, there, "grounding"), there, "reason", str)
    homes = {(attempt.item.partition("#")[0], attempt.endpoint) for attempt in notebook.attempts}
    assert len(homes) == 20, "one server a clip"
    assert {endpoint for _, endpoint in homes} == {"a", "b"}


async def test_a_slow_server_gets_less() -> None:
    servers = [Switched("slow", latency=0.04), Switched("quick", latency=0.004)]
    asks = asker(Fleet(servers, most=64, patience=HASTY))
    gate = asyncio.Semaphore(8)

    async def one(number: int) -> None:
        async with gate:
            await ask(asks, number)

    await asyncio.gather(*[one(number) for number in range(200)])
    assert servers[1].sent > 2 * servers[0].sent


async def test_a_server_that_fails_is_left_alone_while_the_other_answers() -> None:
    servers = [Switched("a"), Switched("b")]
    servers[0].down = TeacherError("unreachable", "a", passing=True)
    fleet = Fleet(servers, most=8, patience=HASTY)
    asks = asker(fleet)
    await asyncio.gather(*[ask(asks, number) for number in range(60)])
    assert servers[1].sent == 60
    assert [remark.split(",")[0] for remark in fleet.remarks()] == ["left alone: a fails (unreachable)"]
    await asyncio.sleep(0.03)
    servers[0].down = None
    for number in range(60, 120):
        await ask(asks, number)
        await asyncio.sleep(0.001)
    assert fleet.remarks() == []
    assert servers[0].sent > 20


async def test_where_a_call_is_sent_is_no_part_of_its_key() -> None:
    notebook = Notebook()
    await ask(asker(Fleet([Switched("a")]), notebook), 0)
    other = Switched("b")
    await ask(asker(Fleet([other, Switched("c")]), notebook), 0)
    assert other.sent == 0


async def test_the_ceiling_on_calls_is_met_exactly_whatever_is_in_flight() -> None:
    server = Switched(latency=0.002, script=[DOWN, DOWN])
    asks = asker(Fleet([server], most=8, patience=HASTY, budget=Budget(max_calls=20, calls=3)))
    ends = await asyncio.gather(*[ask(asks, number) for number in range(40)], return_exceptions=True)
    assert server.sent == 17
    assert Counter(type(end) for end in ends) == {str: 15, BudgetError: 25}


async def test_the_ceiling_on_cost_is_never_crossed_and_nearly_reached() -> None:
    server, notebook = Priced(latency=0.002), Notebook()
    size = size_of(compose(PROMPTS, asker(Fleet([server])), ITEM, "grounding")("json"), ITEM)
    each, first = 0.002, (size.prompt_most + 2000) / 1e6
    budget = Budget(PRICES, max_cost=first + 20 * each)
    ends = await asyncio.gather(
        *[ask(asker(Fleet([server], most=8, budget=budget), notebook), number) for number in range(100)],
        return_exceptions=True,
    )
    made = sum(isinstance(end, str) for end in ends)
    assert {type(end) for end in ends} == {str, BudgetError}
    assert budget.cost == pytest.approx(made * each)
    assert budget.cost <= first + 20 * each
    assert sum(attempt.cost or 0 for attempt in notebook.attempts) == pytest.approx(budget.cost)


async def test_a_call_that_may_have_been_billed_counts_with_its_worst_case() -> None:
    server = Priced(latency=60)
    budget, notebook = Budget(PRICES, max_cost=100.0), Notebook()
    fleet = Fleet([server], deadline=0.01, patience=Patience(tries=1), budget=budget)
    with pytest.raises(TeacherError, match="timeout"):
        await ask(asker(fleet, notebook), 0)
    assert budget.cost > 0.002
    assert notebook.attempts[0].cost == budget.cost


async def test_a_long_wait_by_the_users_own_ceilings_is_told() -> None:
    fleet = Fleet([Switched()], rates=Rates(rpm=1))
    turn = await fleet.turn("a", None)
    assert fleet.remarks() == [], "nobody waits"
    waiting = asyncio.create_task(fleet.turn("b", None))
    await asyncio.sleep(0)
    (told,) = fleet.remarks()
    assert told.startswith("the next call to scripted in ")
    assert told.endswith(" s, by --rpm and --tpm")
    waiting.cancel()
    fleet.drop(turn)
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_ceiling_on_calls_a_minute_spaces_them() -> None:
    asks = asker(Fleet([Switched()], rates=Rates(rpm=3000)))
    begun = monotonic()
    await asyncio.gather(*[ask(asks, number) for number in range(11)])
    assert monotonic() - begun >= 0.2


async def test_a_ceiling_is_used_in_full_by_calls_that_waited_for_others() -> None:
    asks = asker(Fleet([Switched(latency=0.03)], most=4, rates=Rates(rpm=6000)))
    begun = monotonic()
    await asyncio.gather(*[ask(asks, number) for number in range(24)])
    assert monotonic() - begun < 1


async def test_a_turn_that_nobody_waits_for_any_more_is_given_back() -> None:
    fleet = Fleet([Switched()], most=1)
    turn = await fleet.turn("a", None)
    waiting = asyncio.create_task(fleet.turn("b", None))
    leaving = asyncio.create_task(fleet.turn("c", None))
    await asyncio.sleep(0)
    leaving.cancel()
    fleet.drop(turn)
    granted = await waiting
    fleet.drop(granted)
    assert await asyncio.wait_for(fleet.turn("d", None), 1)


async def test_a_server_that_stays_down_ends_the_run_in_the_end() -> None:
    server = Switched()
    patience = Patience(tries=50, probes=500, base=0.002, longest=0.01, unreachable=0.01, warming=0.01, outage=0.4)
    asks = asker(Fleet([server], patience=patience))
    await ask(asks, 0)
    server.down = DOWN
    begun = monotonic()
    with pytest.raises(ServiceError, match="has failed every call for"):
        await ask(asks, 1)
    assert 0.4 <= monotonic() - begun < 30


async def test_loading_a_model_takes_no_time_of_the_first_calls() -> None:
    server, notebook = Loading(1.0), Notebook()
    fleet = Fleet([server], deadline=0.7, patience=HASTY)
    asking = [asyncio.create_task(ask(asker(fleet, notebook), number)) for number in range(4)]
    await asyncio.sleep(0.3)
    assert fleet.remarks() == ["loading scripted, 0 s so far"]
    assert server.sent == 0
    await asyncio.gather(*asking)
    assert (server.starts, notebook.reasons) == (1, [""] * 4)
    assert fleet.remarks() == []


async def test_a_model_that_cannot_be_loaded_ends_the_run_with_its_own_words_and_no_attempt() -> None:
    server, notebook = Loading(0.05, ServiceError("vLLM cannot load it: no room")), Notebook()
    asks = asker(Fleet([server], patience=HASTY), notebook)
    ends = await asyncio.gather(*[ask(asks, number) for number in range(4)], return_exceptions=True)
    assert [str(end) for end in ends] == ["vLLM cannot load it: no room"] * 4
    with pytest.raises(ServiceError, match="no room"):
        await ask(asks, 9)
    assert (server.starts, server.sent, notebook.attempts) == (1, 0, [])


async def test_the_end_of_the_run_does_not_wait_for_a_model_that_loads() -> None:
    server, ending = Loading(60), asyncio.Event()
    asking = asyncio.create_task(ask(asker(Fleet([server], halted=ending.is_set)), 0))
    await asyncio.sleep(0.05)
    ending.set()
    with pytest.raises(Cut):
        await asyncio.wait_for(asking, 5)


async def test_a_model_is_not_loaded_for_what_is_on_record() -> None:
    notebook, later = Notebook(), Loading(60)
    await ask(asker(Fleet([Switched()]), notebook), 0)
    await asyncio.wait_for(ask(asker(Fleet([later]), notebook), 0), 5)
    assert later.starts == 0

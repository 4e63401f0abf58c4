import asyncio
from collections.abc import Mapping
from random import Random

import pytest

from rocot.core.prompt import Ask, Sampling
from rocot.errors import BudgetError, ServiceError, TeacherError
from rocot.prices import Price, Prices
from rocot.stages.asking import compose
from rocot.teacher.asker import Asker
from rocot.teacher.billing import may_be_billed
from rocot.teacher.budget import Budget
from rocot.teacher.completion import spelt
from rocot.teacher.faults import fault_in
from rocot.teacher.fleet import Fleet
from rocot.teacher.patience import Patience
from rocot.teacher.protocol import Raw, Usage
from rocot.teacher.scripted import ScriptedTeacher
from tests.contracts.teacher import ITEM, PROMPTS
from tests.servers.replies import error
from tests.teacher.doubles import Album, Notebook

PRICES = Prices(model=(Price(name="scripted-1", input=1.0, output=10.0),))
FILTERED = error("The response was filtered", "content_filter")
LONG = error("maximum context length is 4096 tokens", "context_length_exceeded")


def lost(reason: str) -> TeacherError:
    return TeacherError(reason, "", passing=True)


@pytest.mark.parametrize(
    ("status", "body"), [(200, b"{"), (202, b""), (400, FILTERED), (400, LONG), (408, b""), (409, b""), (499, b"")]
)
def test_what_the_model_may_have_worked_on_may_be_billed(status: int, body: bytes) -> None:
    assert may_be_billed(status, fault_in(Raw(body=body, status=status)), 0.1)


@pytest.mark.parametrize("status", [500, 502, 504, 520, 524])
def test_a_gateway_that_fails_may_bill(status: int) -> None:
    assert may_be_billed(status, fault_in(Raw(body=b"", status=status)), 0.01)


@pytest.mark.parametrize("status", [301, 307, 400, 401, 402, 403, 404, 405, 413, 422, 425, 429, 431])
def test_what_is_turned_away_unread_is_not_billed(status: int) -> None:
    fault = fault_in(Raw(body=error("no", None), status=status), answered=True)
    assert not may_be_billed(status, fault, 30.0)


@pytest.mark.parametrize("status", [503, 529])
def test_a_server_that_is_too_busy_bills_only_where_it_took_its_time(status: int) -> None:
    fault = fault_in(Raw(body=b"", status=status))
    assert not may_be_billed(status, fault, 0.2)
    assert may_be_billed(status, fault, 5.0)


@pytest.mark.parametrize("reason", ["timeout", "connection lost", "cancelled", "too long", "encoded reply"])
def test_a_reply_that_did_not_arrive_may_be_billed(reason: str) -> None:
    assert may_be_billed(0, lost(reason), 0.0)


@pytest.mark.parametrize("reason", ["unreachable", "no picture", "bad frame"])
def test_what_was_never_sent_is_not_billed(reason: str) -> None:
    assert not may_be_billed(0, lost(reason), 10.0)


class Charging(ScriptedTeacher):
    """Charges for all that it may, and tells the tokens of whole replies alone."""

    model = "scripted-1"

    def __init__(self, seed: int) -> None:
        super().__init__(latency=0.0)
        self.dice = Random(seed)
        self.charged = 0.0

    async def send(self, ask: Ask, pictures: Mapping[str, bytes]) -> Raw:
        prompt = self.dice.randint(900, 1200)
        whole, most = Usage(prompt=prompt, completion=100), Usage(prompt=prompt, completion=200)
        await asyncio.sleep(self.dice.uniform(0, 0.002))
        fate = self.dice.random()
        if fate < 0.6:
            self.charge(whole)
            return Raw(body=spelt("{}", "m", whole))
        if fate < 0.7:
            return Raw(body=b"", status=self.dice.choice([429, 503]))
        self.charge(most)
        if fate < 0.72:
            await asyncio.sleep(60)
        if fate < 0.8:
            raise lost("connection lost")
        if fate < 0.9:
            return Raw(body=b"oops", status=self.dice.choice([500, 502, 504]))
        return Raw(body=self.dice.choice([b"{", spelt("{}", "m"), b'{"choices": []}', error("late", 502)]))

    def charge(self, usage: Usage) -> None:
        self.charged += PRICES.cost(self.model, prompt=usage.prompt, cached=0, completion=usage.completion) or 0.0


async def run(seed: int, max_cost: float) -> tuple[Charging, Budget, Notebook]:
    teacher, notebook, budget = Charging(seed), Notebook(), Budget(PRICES, max_cost=max_cost)
    patience = Patience(tries=4, base=0.001, longest=0.002, warming=5)
    fleet = Fleet([teacher], most=8, deadline=0.5, patience=patience, budget=budget)
    asks = Asker(fleet, notebook, Album(), sampling=Sampling(max_tokens=200))

    async def ask(number: int) -> None:
        item = ITEM.model_copy(update={"id": f"clip-{number}"}).fanned(number)
        await asks.ask(compose(PROMPTS, asks, item, "grounding"), item, "reason", str)

    ends = await asyncio.gather(*[ask(number) for number in range(60)], return_exceptions=True)
    assert all(end is None or isinstance(end, TeacherError | BudgetError | ServiceError) for end in ends), ends
    return teacher, budget, notebook


@pytest.mark.parametrize("seed", range(30))
async def test_no_ceiling_is_crossed_by_what_is_charged(seed: int) -> None:
    ceiling = 0.3 + seed / 50
    teacher, budget, notebook = await run(seed, ceiling)
    assert teacher.charged <= budget.cost + 1e-9
    assert budget.cost <= ceiling
    assert sum(attempt.cost or 0.0 for attempt in notebook.attempts) == pytest.approx(budget.cost)


async def test_a_failure_costs_the_same_on_record_where_no_ceiling_is_set() -> None:
    teacher, notebook = Charging(3), Notebook()
    asks = Asker(
        Fleet([teacher], patience=Patience(tries=1), budget=Budget(PRICES)), notebook, Album(), sampling=Sampling()
    )
    teacher.dice = Random()
    teacher.dice.random = lambda: 0.85  # type: ignore[method-assign]
    with pytest.raises(TeacherError):
        await asks.ask(compose(PROMPTS, asks, ITEM, "grounding"), ITEM, "reason", str)
    assert (notebook.attempts[0].cost or 0.0) > 0.0

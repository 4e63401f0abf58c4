import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from apsw import Connection

from rocot.cli.batching import in_words
from rocot.core.record import Json
from rocot.engine.attempt import Attempt
from rocot.engine.batches import Batch, Batches, Queued, open_batches
from rocot.engine.lately import span_of_calls
from rocot.engine.reader import StoreReader
from rocot.engine.store import Store
from rocot.engine.tables import sum_spent
from rocot.errors import BudgetError, ConfigError, ServiceError
from rocot.teacher.batch_service import BatchService
from rocot.teacher.openai import OpenAITeacher
from rocot.teacher.spool import Limits
from rocot.teacher.wave import TRIES
from tests.servers import batches as serving
from tests.servers.batches import Asked, BatchServer
from tests.servers.replies import error, http
from tests.teacher.batch_bench import KEY, PRICES, Bench, paid_once

DONE: dict[str, tuple[int, dict[str, int], dict[str, int]]] = {
    "reason": (6, {}, {}),
    "reflect": (6, {}, {}),
    "revise": (6, {}, {}),
}


@pytest.fixture
async def server() -> AsyncIterator[BatchServer]:
    async with BatchServer() as server:
        yield server


def contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


LIVE: dict[int, tuple[int, list[str]]] = {}


async def calls(tmp_path: Path, count: int = 6) -> tuple[int, list[str]]:
    """How many calls the same work takes one by one, and what comes of it."""
    if count not in LIVE:
        async with BatchServer() as calm:
            bench = Bench(tmp_path / "live", calm.base_url, count, batch=False)
            await bench.made()
            LIVE[count] = len(calm.answered), bench.texts()
    return LIVE[count]


async def test_three_waves_make_what_single_calls_make(tmp_path: Path, server: BatchServer) -> None:
    bench = Bench(tmp_path / "run", server.base_url)
    assert await bench.made() == "finished"
    assert bench.told() == DONE
    assert bench.passes == 4
    number, texts = await calls(tmp_path)
    assert bench.texts() == texts
    paid_once(server, number)
    assert server.live == 0
    assert bench.states() == {"closed": 3}
    assert any(remark.startswith("waiting for 1 batch: ") for remark in bench.remarks)
    assert not list((tmp_path / "run" / "batches").iterdir())


async def test_a_second_run_sends_nothing(tmp_path: Path, server: BatchServer) -> None:
    await Bench(tmp_path, server.base_url).made()
    uploads = server.routes["POST /files"]
    again = Bench(tmp_path, server.base_url)
    assert await again.made() == "finished"
    assert (again.passes, server.routes["POST /files"]) == (1, uploads)


async def test_every_rollout_is_queued_in_the_same_wave(tmp_path: Path, server: BatchServer) -> None:
    bench = Bench(tmp_path, server.base_url, rollouts=3)
    assert await bench.made() == "finished"
    assert bench.passes == 4
    assert bench.told()["revise"][0] == 18


async def test_what_is_recorded_of_an_answer_is_what_a_single_call_leaves(tmp_path: Path, server: BatchServer) -> None:
    bench = Bench(tmp_path, server.base_url, prices=PRICES)
    await bench.made()
    for endpoint, status, request, latency, prompt, completion, cost, body in bench.rows(
        "endpoint, status, request_id, latency, prompt_tokens, completion_tokens, cost, length(body)"
    ):
        assert latency == 60.0 * server.looks, "what the batch says that it took"
        assert (endpoint, status) == (f"{server.base_url}/batches", 200)
        assert str(request).startswith("req_")
        assert isinstance(prompt, int)
        assert isinstance(completion, int)
        assert cost == pytest.approx((prompt + completion) * 1000 / 1e6 / 2), "half the price"
        assert body
    with StoreReader(tmp_path) as store:
        for part in sum_spent(store):
            assert part.batched_prompt == part.prompt_tokens > 0
        assert span_of_calls(store) is None, "they tell no pace"


@pytest.mark.parametrize(
    ("times", "seconds"),
    [
        ({"created_at": 10, "completed_at": 70}, 60),
        ({"created_at": 10, "expired_at": 86410}, 86400),
        ({"created_at": 10, "completed_at": None, "cancelled_at": 11.5}, 1.5),
        ({"created_at": 10}, 0),
        ({"completed_at": 10}, 0),
        ({"created_at": 70, "completed_at": 10}, 0),
        ({"created_at": "10", "completed_at": [70]}, 0),
        ({"created_at": 10**400, "completed_at": 10**400 + 60}, 0),
        ({"created_at": 0, "completed_at": 1_700_000_000}, 0),
    ],
)
async def test_how_long_a_batch_took_is_what_it_says_and_nothing_where_that_cannot_be(
    times: dict[str, Json], seconds: float
) -> None:
    async with BatchServer() as server:
        server.batches["b"] = serving.Batch("b", {"id": "b", "status": "completed", **times})
        teacher = OpenAITeacher("openai:m", base_url=server.base_url, api_key=KEY, connections=1)
        report = await BatchService(teacher).look("b")
        await teacher.close()
    assert report.seconds == seconds


async def test_files_are_split_by_calls_and_by_bytes(tmp_path: Path, server: BatchServer) -> None:
    server.limits = (2, 200_000_000)
    bench = Bench(tmp_path / "a", server.base_url, limits=Limits(calls=2), count=7)
    assert await bench.made() == "finished"
    assert max(len(batch.lines) for batch in server.batches.values()) == 2
    most = max(map(len, server.files.values()))
    server.limits = (50_000, most)
    bench = Bench(tmp_path / "b", server.base_url, limits=Limits(octets=most), count=7)
    assert await bench.made() == "finished"
    assert not any(batch.told["errors"] for batch in server.batches.values())


async def test_an_unknown_status_is_told_once_and_waited_for(tmp_path: Path) -> None:
    async with BatchServer(looks=6) as server:
        server.going = ("validating", "in_progress", "paused\n")
        bench = Bench(tmp_path / "run", server.base_url)
        assert await bench.made() == "finished"
        assert bench.told() == DONE
        (notice,) = bench.notices
        assert notice.startswith(f"{server.base_url} says of a batch that it is 'paused\\n', which is no status that")
        assert notice.endswith("it is waited for as one that goes on (the first was batch_0)")
        assert any(remark == "1 with the unknown status 'paused\\n'" for remark in bench.remarks)


@pytest.mark.parametrize("route", ["POST /batches", "GET /batches/ID", "GET /files/ID/content"])
async def test_an_endpoint_that_hangs_is_left_after_the_deadline(
    tmp_path: Path, server: BatchServer, route: str
) -> None:
    server.faults[route].append("hang")
    assert await Bench(tmp_path, server.base_url, 1, deadline=0.5).made() == "finished"
    assert set(server.answered.values()) == {1}


async def test_an_endless_file_of_answers_is_not_written_to_its_end(tmp_path: Path) -> None:
    async with BatchServer() as server:
        server.faults["GET /files/ID/content"].append("endless")
        with pytest.raises(ServiceError, match="too long"):
            await Bench(tmp_path, server.base_url, 1).made()
    assert sum(map(len, contents(tmp_path))) < 25_000_000


@pytest.mark.parametrize(
    "route", ["POST /files", "POST /batches", "GET /batches/ID", "GET /files/ID/content", "GET /batches"]
)
async def test_an_endpoint_that_fails_now_and_then_loses_nothing_and_repays_nothing(
    tmp_path: Path, server: BatchServer, route: str
) -> None:
    number, texts = await calls(tmp_path, count=2)
    server.faults[route].extend(["500", "rate", "lost", "", "cut", "json", "close"])
    bench = Bench(tmp_path / "run", server.base_url, count=2)
    assert await bench.made() == "finished"
    assert bench.texts() == texts
    assert len(server.faults[route]) < 5
    paid_once(server, number)
    assert len(server.batches) == 3, "a batch whose creation was answered by nothing is found by its tag"


async def test_a_call_of_an_expired_batch_is_asked_again_and_the_others_are_not(
    tmp_path: Path,
) -> None:
    number, texts = await calls(tmp_path)
    async with BatchServer(endings={0: "expired", 2: "expired"}) as server:
        bench = Bench(tmp_path / "run", server.base_url)
        assert await bench.made() == "finished"
        assert bench.texts() == texts
        paid_once(server, number)
    assert bench.rows("DISTINCT reason", "kind = 'failed'") == [("batch expired",)]


@pytest.mark.parametrize(
    ("fault", "reason", "times"),
    [
        ("500", "server error", TRIES),
        ("rate", "rate limited", TRIES),
        ("expired", "batch expired", TRIES),
        ("missing", "no line", TRIES),
        ("choices", "no choices", TRIES),
        ("filter", "content filter", 1),
        ("refusal", "refusal", 1),
        ("length", "length", 1),
        ("400", "bad request", 1),
    ],
)
async def test_a_call_that_keeps_failing_spoils_its_sample_by_name(
    tmp_path: Path, fault: str, reason: str, times: int
) -> None:
    broken: set[str] = set()

    def spoil(asked: Asked) -> str | None:
        if not broken:
            broken.add(asked.call)
        return fault if asked.call in broken else None

    async with BatchServer(spoil=spoil) as server:
        bench = Bench(tmp_path, server.base_url)
        assert await bench.made() == "finished"
        done, failed, _ = bench.told()["reason"]
        assert (done, failed) == (5, {reason: 1})
        assert server.asked[next(iter(broken))] == times
        assert bench.told()["revise"][0] == 5
    assert len(bench.rows("1", f"reason = '{reason}'")) == times


async def test_a_line_that_failed_once_is_asked_again_in_the_next_wave(tmp_path: Path) -> None:
    number, texts = await calls(tmp_path)
    async with BatchServer(spoil=lambda asked: "500" if asked.times == 1 else None) as server:
        bench = Bench(tmp_path / "run", server.base_url)
        assert await bench.made() == "finished"
        assert bench.texts() == texts
        assert set(server.asked.values()) == {2}
        paid_once(server, number)


async def test_a_server_that_takes_no_schema_is_asked_with_tags_in_the_next_wave(tmp_path: Path) -> None:
    no = http(400, error("response_format is not supported by this model"))
    async with BatchServer(spoil=lambda asked: no if "response_format" in asked.body else None) as server:
        bench = Bench(tmp_path, server.base_url)
        assert await bench.made() == "finished"
        assert bench.told() == DONE
        assert bench.passes == 5


async def test_a_reply_that_does_not_parse_is_repaired_in_a_wave_of_its_own(tmp_path: Path) -> None:
    babble = http(200, json.dumps({"choices": [{"finish_reason": "stop", "message": {"content": "Well."}}]}).encode())
    spoilt: set[str] = set()

    def spoil(asked: Asked) -> bytes | None:
        if spoilt:
            return None
        spoilt.add(asked.call)
        return babble

    async with BatchServer(spoil=spoil) as server:
        bench = Bench(tmp_path / "a", server.base_url, repair=True)
        assert await bench.made() == "finished"
        assert bench.told() == DONE
        assert bench.passes == 5


async def test_a_batch_that_is_found_faulty_stops_the_run_and_says_why(tmp_path: Path) -> None:
    async with BatchServer(endings={0: "failed"}) as server:
        bench = Bench(tmp_path, server.base_url)
        with pytest.raises(ServiceError, match=r"refuses a batch of 6 calls to openai:m: line 1: The provided model"):
            await bench.made()
        assert bench.states() == {"dropped": 1}
        assert await Bench(tmp_path, server.base_url).made() == "finished"
        assert set(server.answered.values()) == {1}


async def test_a_cancelled_batch_stops_the_run_and_keeps_what_it_answered(tmp_path: Path) -> None:
    async with BatchServer(endings={0: "cancelled"}) as server:
        with pytest.raises(ServiceError, match="was cancelled"):
            await Bench(tmp_path, server.base_url).made()
        assert Bench(tmp_path, server.base_url).rows("count(*)", "kind = 'ok'") == [(3,)]
        assert await Bench(tmp_path, server.base_url).made() == "finished"
        assert set(server.answered.values()) == {1}


@pytest.mark.parametrize(("fault", "told"), [("key", "refuses the API key"), ("credit", "credit is used up")])
@pytest.mark.parametrize("route", ["GET /batches", "POST /files", "POST /batches", "GET /batches/ID"])
async def test_a_hopeless_fault_stops_the_run_at_once(
    tmp_path: Path, server: BatchServer, route: str, fault: str, told: str
) -> None:
    server.faults[route].append(fault)
    with pytest.raises(ServiceError, match=told):
        await Bench(tmp_path, server.base_url).made()
    assert await Bench(tmp_path, server.base_url).made() == "finished"
    assert set(server.answered.values()) == {1}


async def test_hopeless_lines_are_recorded_before_they_stop_the_run(tmp_path: Path) -> None:
    first: set[str] = set()

    def spoil(asked: Asked) -> str | None:
        if len(first) < 6:
            first.add(asked.call)
        return "model" if asked.call in first and asked.times == 1 else None

    async with BatchServer(spoil=spoil) as server:
        bench = Bench(tmp_path, server.base_url)
        with pytest.raises(ServiceError, match="knows no such model"):
            await bench.made()
        assert bench.rows("count(*), min(reason)") == [(6, "http 404")]
        assert await bench.made() == "finished", "the model is there now: it is asked again"


async def test_sixteen_refusals_and_no_answer_stop_the_run(tmp_path: Path) -> None:
    async with BatchServer(spoil=lambda _: "400") as server:
        with pytest.raises(ServiceError, match="turned away all 16 calls of a batch, one with: HTTP 400: Invalid"):
            await Bench(tmp_path, server.base_url, count=16).made()


async def test_a_server_without_batches_is_asked_call_by_call(tmp_path: Path) -> None:
    async with BatchServer(batches=False) as server:
        with pytest.raises(ServiceError, match="there are no batches to send"):
            await Bench(tmp_path, server.base_url).made()


async def test_batches_wait_for_room_and_a_batch_that_is_too_large_is_cut(tmp_path: Path) -> None:
    number, texts = await calls(tmp_path, count=9)
    async with BatchServer(room=4) as server:
        bench = Bench(tmp_path / "run", server.base_url, count=9)
        assert await bench.made() == "finished"
        assert bench.texts() == texts
        paid_once(server, number)
        begun = [batch for batch in server.batches.values() if batch.told["errors"] is None]
        assert max(len(batch.lines) for batch in begun) <= 4
    async with BatchServer(room=0) as server:
        with pytest.raises(ServiceError, match="no room for a single call"):
            await Bench(tmp_path / "none", server.base_url).made()


async def test_a_ceiling_on_calls_is_never_crossed(tmp_path: Path, server: BatchServer) -> None:
    bench = Bench(tmp_path, server.base_url, max_calls=8)
    with pytest.raises(BudgetError, match="--max-calls 8 is reached: 8 calls"):
        await bench.made()
    assert sum(server.answered.values()) == 8
    assert await Bench(tmp_path, server.base_url).made() == "finished"
    assert set(server.answered.values()) == {1}


async def test_a_ceiling_on_cost_is_never_crossed_and_is_used(tmp_path: Path, server: BatchServer) -> None:
    free = Bench(tmp_path / "free", server.base_url, prices=PRICES)
    await free.made()
    cost = free.budget.cost
    bench = Bench(tmp_path / "run", server.base_url, prices=PRICES, max_cost=cost * 30)
    assert await bench.made() == "finished", "over several waves: what is set aside is more than what is paid"
    assert bench.budget.cost == pytest.approx(cost)
    assert any("left for later by the ceilings" in remark for remark in bench.remarks)
    asked = sum(server.answered.values())
    tight = Bench(tmp_path / "run", server.base_url, 7, prices=PRICES, max_cost=cost + 1)
    with pytest.raises(BudgetError, match=r"--max-cost .* is reached"):
        await tight.made()
    assert sum(server.answered.values()) == asked


async def test_open_batches_are_set_aside_by_the_next_run(tmp_path: Path) -> None:
    async with BatchServer(looks=10**9) as server:
        await interrupted(Bench(tmp_path, server.base_url), server)
        bench = Bench(tmp_path, server.base_url, max_calls=7)
        server.looks = 2
        with pytest.raises(BudgetError):
            await bench.made()
        assert sum(server.answered.values()) == 7


async def interrupted(bench: Bench, server: BatchServer) -> None:
    """A run that is asked to end while it waits for its first batch."""
    making = asyncio.create_task(bench.made())
    await server.looked.wait()
    before = asyncio.get_running_loop().time()
    bench.stop.request()
    assert await making == "interrupted"
    assert asyncio.get_running_loop().time() - before < 1


async def test_a_stop_ends_the_waiting_at_once_and_the_next_run_collects(tmp_path: Path) -> None:
    async with BatchServer(looks=10**9) as server:
        await interrupted(Bench(tmp_path, server.base_url), server)
        with Store(tmp_path) as store:
            assert in_words(open_batches(store)) == "1 batch is open, with 6 calls"
        assert not server.routes["POST /batches/ID/cancel"]
        server.looks = 2
        assert await Bench(tmp_path, server.base_url).made() == "finished"
        assert set(server.answered.values()) == {1}


async def test_while_batches_are_open_nothing_is_asked_without_them(tmp_path: Path) -> None:
    async with BatchServer(looks=10**9) as server:
        await interrupted(Bench(tmp_path, server.base_url), server)
        with pytest.raises(ConfigError, match="1 batch is open, with 6 calls; run it with --batch"):
            await Bench(tmp_path, server.base_url, batch=False).made()
        async with BatchServer() as other:
            with pytest.raises(ServiceError, match=r"are open at .* where this command asks nothing"):
                await Bench(tmp_path, other.base_url).made()
        assert server.live == 0


async def test_a_batch_that_the_service_does_not_know_is_not_paid_again(tmp_path: Path) -> None:
    async with BatchServer(looks=10**9) as server:
        await interrupted(Bench(tmp_path, server.base_url), server)
        server.batches.clear()
        with pytest.raises(ServiceError, match="does not know the batch batch_0 any more"):
            await Bench(tmp_path, server.base_url).made()

        def age(connection: Connection) -> None:
            connection.execute("UPDATE batch SET made = '2020-01-01'")

        with Store(tmp_path) as store:
            await store.change(age)
        server.looks = 2
        assert await Bench(tmp_path, server.base_url).made() == "finished", "after 30 days no service has it any more"


async def test_one_process_at_a_time_has_the_batches(tmp_path: Path) -> None:
    async with BatchServer(looks=10**9) as server:
        first = Bench(tmp_path, server.base_url)
        making = asyncio.create_task(first.made())
        await server.looked.wait()
        with pytest.raises(ConfigError, match="another process is at work on this run; --batch wants it alone"):
            await Bench(tmp_path, server.base_url).made()
        with pytest.raises(ConfigError, match="another process sends this run's calls by batch"):
            await Bench(tmp_path, server.base_url, batch=False).made()
        first.stop.request()
        await making


async def test_an_output_that_lacks_lines_is_read_again_and_never_taken_for_failures(
    tmp_path: Path, server: BatchServer
) -> None:
    server.faults["GET /files/ID/content"].extend(["short", "short"])
    bench = Bench(tmp_path, server.base_url)
    assert await bench.made() == "finished"
    assert set(server.answered.values()) == {1}
    server.faults["GET /files/ID/content"].extend(["short"] * 3)
    with pytest.raises(ServiceError, match="hands out 1 lines of the batch"):
        await Bench(tmp_path / "other", server.base_url, 7).made()


async def test_the_key_is_in_no_byte_even_if_the_service_quotes_it(tmp_path: Path) -> None:
    quoted = http(500, error(f"Incorrect key {KEY.get_secret_value()}"))
    async with BatchServer(spoil=lambda _: quoted) as server:
        bench = Bench(tmp_path, server.base_url)
        await bench.made()
        assert bench.told()["reason"][1] == {"server error": 6}
        server.faults["POST /files"].append("redirect")
        with pytest.raises(ServiceError, match="redirects elsewhere"):
            await Bench(tmp_path, server.base_url, count=7).made()
    files = contents(tmp_path)
    assert b"[key]" in b"".join(files)
    assert not [data for data in files if KEY.get_secret_value().encode() in data]


async def test_what_came_of_a_call_is_recorded_once_however_often_it_is_read(tmp_path: Path) -> None:
    attempt = Attempt(call="a", item="i", stage="reason", model="m", endpoint="e", ok=True, body=b"{}")
    with Store(tmp_path) as store:
        batches = Batches(store)
        await batches.seal(
            Batch("u", "m", "e", "sealed", "", "", "", 2, old=False),
            [Queued(call, "i", "reason", 1, 2, 3) for call in ("a", "b")],
        )
        assert await batches.record("u", [attempt, attempt]) == [attempt]
        assert await batches.record("u", [attempt]) == []
        assert await batches.record("other", [attempt]) == []
        assert [one.call for one in batches.waiting("u")] == ["b"]
        assert store.spent.attempts == 1
        assert (batches.tries("a"), batches.tries("b")) == (1, 0)


async def test_batches_that_are_looked_at_again_add_nothing(tmp_path: Path, server: BatchServer) -> None:
    bench = Bench(tmp_path, server.base_url)
    await bench.made()
    rows = bench.rows()

    def reopen(connection: Connection) -> None:
        connection.execute("UPDATE batch SET state = 'created'")

    with Store(tmp_path) as store:
        await store.change(reopen)
    again = Bench(tmp_path, server.base_url, 7)
    assert await again.made() == "finished"
    assert bench.rows("count(*)", "seq <= (SELECT max(seq) FROM attempt) - 3") == rows


@pytest.mark.parametrize(
    ("line", "billed"),
    [
        (http(200, json.dumps({"choices": [{"finish_reason": "length", "message": {"content": "{"}}]}).encode()), True),
        (http(500, error("Internal server error")), True),
        (http(400, error("The response was filtered", "content_filter")), True),
        (http(400, error("Invalid image", "invalid_image")), False),
    ],
)
async def test_a_line_that_tells_no_tokens_counts_as_a_call_of_its_own_would(
    line: bytes, tmp_path: Path, billed: bool
) -> None:
    async with BatchServer(spoil=lambda asked: line if asked.times == 1 else None) as server:
        bench = Bench(tmp_path, server.base_url, 1, prices=PRICES)
        await bench.made()
        (cost,), *_ = bench.rows("cost")
        assert isinstance(cost, float)
        assert cost > 1024 * 1000 / 1e6 / 2 if billed else not cost
        assert bench.budget.cost == pytest.approx(sum(float(str(each)) for (each,) in bench.rows("cost")))


class Odd(BatchServer):
    """Names its batches and files of answers as it is told, and lists batches without an end."""

    def __init__(self, *, batch: str | None = None, file: str | None = None, endless: bool = False) -> None:
        super().__init__(looks=1)
        self.batch, self.file, self.endless = batch, file, endless

    def _begun(self, asked: dict[str, Any]) -> bytes:
        return self._with(super()._begun(asked), "id", self.batch)

    def _looked_at(self, name: str) -> bytes:
        return self._with(super()._looked_at(name), "output_file_id", self.file)

    def _listed(self, limit: int, after: str | None) -> bytes:
        if self.endless:
            return http(200, json.dumps({"data": [{"id": "b", "status": "completed"}], "has_more": True}).encode())
        return super()._listed(limit, after)

    def _with(self, response: bytes, name: str, value: str | None) -> bytes:
        told = json.loads(response.partition(b"\r\n\r\n")[2])
        return response if value is None or not told[name] else http(200, json.dumps({**told, name: value}).encode())


ODD_NAMES = ["b\n\0", "b\ud800", "b" * 70_000, "b?x#y", "..", ""]


@pytest.mark.parametrize("name", ODD_NAMES)
async def test_a_batch_by_a_name_that_can_be_none_is_found_by_its_tag(tmp_path: Path, name: str) -> None:
    async with Odd(batch=name) as server:
        assert await Bench(tmp_path, server.base_url).made() == "finished"
        paid_once(server, 18)


@pytest.mark.parametrize("name", ODD_NAMES[:-1])
async def test_a_file_of_answers_by_a_name_that_can_be_none_is_not_asked_for(tmp_path: Path, name: str) -> None:
    async with Odd(file=name) as server:
        with pytest.raises(ServiceError, match="names a file of answers as nothing can be named"):
            await Bench(tmp_path, server.base_url).made()
        server.file = None
        assert await Bench(tmp_path, server.base_url).made() == "finished"
        paid_once(server, 18)


async def test_a_list_of_batches_without_an_end_is_given_up_and_nothing_is_begun_twice(tmp_path: Path) -> None:
    async with Odd(endless=True) as server:
        server.faults["POST /batches"].append("lost")
        with pytest.raises(ServiceError, match="a list of batches that does not end"):
            await Bench(tmp_path, server.base_url).made()
        server.endless = False
        assert await Bench(tmp_path, server.base_url).made() == "finished"
        paid_once(server, 18)


class Lying(BatchServer):
    """Hands every answer out twice, the second time without a choice, or says that it answered a million calls."""

    def __init__(self, *, twice: bool = False, many: bool = False) -> None:
        super().__init__(looks=1)
        self.twice, self.many = twice, many

    def _content(self, name: str) -> bytes:
        content = super()._content(name).partition(b"\r\n\r\n")[2]
        lines = [json.loads(line) for line in content.splitlines()]
        spoilt = [{**line, "response": {**line["response"], "body": {"choices": []}}} for line in lines]
        return http(200, b"".join(json.dumps(line).encode() + b"\n" for line in lines + spoilt * self.twice))

    def _looked_at(self, name: str) -> bytes:
        told = json.loads(super()._looked_at(name).partition(b"\r\n\r\n")[2])
        if self.many:
            told["request_counts"]["completed"] = 10**6
        return http(200, json.dumps(told).encode())


@pytest.mark.parametrize("lie", ["twice", "many"])
async def test_a_service_that_lies_about_what_it_answered_is_paid_once(tmp_path: Path, lie: str) -> None:
    async with Lying(**{lie: True}) as server:
        bench = Bench(tmp_path, server.base_url)
        assert await bench.made() == "finished"
        assert bench.told() == DONE
        paid_once(server, 18)

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from rocot.core.prompt import Ask, Sampling
from rocot.engine.attempt import Attempt
from rocot.errors import TeacherError
from rocot.stages.asking import compose
from rocot.teacher.asker import Asker
from rocot.teacher.fleet import Fleet
from rocot.teacher.held import COUNTED, MOST_HELD, MOST_LOST, TRIES, UNKNOWN, Held, Learning, holds_frames
from rocot.teacher.openai import OpenAITeacher
from rocot.teacher.patience import Patience
from rocot.teacher.protocol import Reply, Teacher
from rocot.teacher.request import Spelling
from tests.contracts.teacher import ITEM, PICTURES, PROMPTS, Said, TeacherContract
from tests.servers.chat import ChatServer
from tests.servers.holding import MISS, HoldingServer, pictures
from tests.servers.loop import Connection
from tests.servers.replies import error
from tests.teacher.doubles import Album, Notebook

ASK = compose(PROMPTS, Said("openai:m"), ITEM, "grounding")("json")
DIGESTS = [frame.digest for frame in ITEM.frames]
HASTY = Patience(tries=3, base=0.001, longest=0.01)


def made(server: ChatServer) -> OpenAITeacher:
    return OpenAITeacher("openai:m", base_url=server.base_url, api_key=None, connections=8)


class ListlessServer(ChatServer):
    """Never tells whose models it has."""

    def answer(self, connection: Connection, head: bytes, body: bytes) -> None:
        if not head.startswith(b"GET "):
            super().answer(connection, head, body)


@asynccontextmanager
async def holding(server: HoldingServer) -> AsyncIterator[OpenAITeacher]:
    async with server:
        teacher = made(server)
        yield teacher
        await teacher.close()


class TestHolding(TeacherContract):
    @pytest.fixture
    async def teacher(self) -> AsyncIterator[Teacher]:
        async with holding(HoldingServer()) as teacher:
            yield teacher


def spelt(ask: Ask = ASK, known: Sequence[str] | None = None) -> dict[str, Any]:
    value = json.loads(Spelling("m", official=False).body(ask, PICTURES, known))
    assert isinstance(value, dict)
    return value


def test_what_is_known_is_a_name_and_what_is_not_is_a_name_with_its_pixels() -> None:
    plain, none, some = spelt(), spelt(known=()), spelt(known=DIGESTS[2:4])
    parts = [part for part in some["messages"][1]["content"] if part["type"] == "image_url"]
    assert [part["uuid"] for part in parts] == DIGESTS
    assert [part["image_url"] is None for part in parts] == [False, False, True, True, *[False] * (len(DIGESTS) - 4)]
    for message in [*none["messages"], *some["messages"]]:
        for index, part in enumerate(message["content"] if isinstance(message["content"], list) else []):
            if part["type"] == "image_url":
                del part["uuid"]
                part["image_url"] = plain["messages"][1]["content"][index]["image_url"]
    assert none == some == plain, "nothing else is spelt otherwise"


def test_a_spelling_forgets_nothing_that_it_has_spelt_both_ways() -> None:
    spelling = Spelling("m", official=False)
    bodies = [spelling.body(ASK, PICTURES, known) for known in (None, (), DIGESTS, (), None, DIGESTS[:1], DIGESTS)]
    assert bodies[0] == bodies[4]
    assert bodies[1] == bodies[3]
    assert bodies[2] == bodies[6]
    assert [b"uuid" in body for body in bodies] == [False, *[True] * 3, False, True, True]


async def test_frames_are_sent_once_and_the_server_sees_the_same() -> None:
    server = HoldingServer()
    async with holding(server) as teacher:
        for rollout in range(3):
            raw = await teacher.send(ASK.model_copy(update={"rollout": rollout}), PICTURES)
            assert (raw.status, raw.referred) == (200, rollout > 0)
    assert server.seen[0] == server.seen[1] == server.seen[2]
    assert len(server.seen[0]) == len(DIGESTS)
    assert list(server.held) == DIGESTS
    first, *later = server.sizes[1:]
    assert all(size < first / 3 for size in later)


async def test_only_what_a_reply_has_confirmed_is_referred_to() -> None:
    server = HoldingServer(latency=0.05)
    async with holding(server) as teacher:
        await asyncio.gather(*[teacher.send(ASK.model_copy(update={"rollout": n}), PICTURES) for n in range(4)])
        assert server.misses == 1, "that of the name that nobody knows"
        assert len({tuple(seen) for seen in server.seen}) == 1


@pytest.mark.parametrize(("manner", "owner"), [("ignores", "vllm"), ("off", "vllm"), ("holds", "sglang")])
async def test_a_server_that_may_not_hold_them_is_sent_pixels(manner: str, owner: str) -> None:
    server = HoldingServer(manner=manner, owner=owner)
    async with holding(server) as teacher:
        for rollout in range(3):
            raw = await teacher.send(ASK.model_copy(update={"rollout": rollout}), PICTURES)
            assert (raw.status, raw.referred) == (200, False)
    bodies = [body for body in server.bodies if UNKNOWN.encode() not in body]
    assert len(bodies) == 3
    assert not any(b"uuid" in body for body in bodies)


async def test_a_server_is_asked_once_whether_it_holds_frames() -> None:
    async with ChatServer() as server:
        teacher = made(server)
        await asyncio.gather(*[teacher.send(ASK.model_copy(update={"rollout": n}), PICTURES) for n in range(8)])
        await teacher.send(ASK, PICTURES)
        assert (server.listed, server.counts.total()) == (1, 9)
        await teacher.close()


@pytest.mark.parametrize("host", ["api.openai.com", "x.openai.azure.com"])
async def test_openais_own_service_is_never_asked(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with HoldingServer() as server:
        monkeypatch.setenv("HTTP_PROXY", server.base_url.removesuffix("/v1"))
        teacher = OpenAITeacher("openai:m", base_url=f"http://{host}/v1", api_key=None, connections=1)
        for _ in range(2):
            assert (await teacher.send(ASK, PICTURES)).status == 200
        assert (server.listed, server.misses, len(server.sizes)) == (0, 0, 2)
        assert not any(b"uuid" in body for body in server.bodies)
        await teacher.close()


class Told:
    """A server that says these things, one after another."""

    def __init__(self, *told: tuple[int, bytes] | TeacherError) -> None:
        self.told = list(told)
        self.asked: list[str] = []

    async def __call__(self, path: str, body: bytes | None) -> tuple[int, bytes]:
        self.asked.append(path)
        said = self.told.pop(0)
        if isinstance(said, TeacherError):
            raise said
        return said


def listed(*models: object) -> tuple[int, bytes]:
    return 200, json.dumps({"object": "list", "data": models}).encode()


VLLM = listed({"id": "other", "owned_by": "me"}, {"id": "m", "owned_by": "vllm"})
MISSED = 400, error(MISS.format(0), 400, "BadRequestError")


@pytest.mark.parametrize(
    "models",
    [
        (404, b"{}"),
        (200, b"<html>"),
        (200, b"[" * 100_000),
        (200, b"[]"),
        (200, b'{"data": {}}'),
        listed(),
        listed(None, "m", {"id": "m"}),
        listed({"id": "m", "owned_by": "openai"}, {"id": "other", "owned_by": "vllm"}),
    ],
)
async def test_who_does_not_say_it_is_vllm_is_sent_no_name(models: tuple[int, bytes]) -> None:
    server = Told(models)
    assert not await holds_frames(server, "m")
    assert server.asked == ["models"]


@pytest.mark.parametrize(
    "reply", [(200, b"{}"), (400, error("Failed to apply")), (400, b""), (500, error(MISS)), (422, b"null")]
)
async def test_what_does_not_say_that_the_frame_is_missing_holds_none(reply: tuple[int, bytes]) -> None:
    assert not await holds_frames(Told(VLLM, reply), "m")


async def test_a_server_that_starts_late_is_asked_when_it_is_there() -> None:
    learning = Learning(Told(*[TeacherError("unreachable", "")] * 40, VLLM, MISSED), "m")
    for _ in range(40):
        assert await learning.held() is None
    held = await learning.held()
    assert held is not None
    assert await learning.held() is held


async def test_a_server_that_never_tells_is_not_asked_for_ever() -> None:
    server = Told(*[TeacherError("connection lost", "")] * 9)
    learning = Learning(server, "m")
    for _ in range(9):
        assert await learning.held() is None
    assert len(server.asked) == TRIES


async def test_a_call_that_gives_up_ends_no_learning() -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def slow(path: str, _: bytes | None) -> tuple[int, bytes]:
        begun.set()
        await go.wait()
        return VLLM if path == "models" else MISSED

    learning = Learning(slow, "m")
    first, second = asyncio.create_task(learning.held()), asyncio.create_task(learning.held())
    await begun.wait()
    first.cancel()
    go.set()
    assert await second is not None
    await learning.close()


async def test_learning_ends_with_its_teacher() -> None:
    learning = Learning(hang, "m")
    waiting = asyncio.create_task(learning.held())
    await asyncio.sleep(0.01)
    await asyncio.wait_for(learning.close(), 5)
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def hang(_: str, __: bytes | None) -> tuple[int, bytes]:
    await asyncio.sleep(60)
    return 200, b""


async def test_learning_leaves_a_call_the_most_of_its_deadline() -> None:
    learning = Learning(hang, "m", deadline=0.04)
    assert await asyncio.wait_for(learning.held(), 5) is None
    await learning.close()


async def test_a_server_whose_list_of_models_hangs_is_asked_all_the_same() -> None:
    async with ListlessServer() as server:
        teacher = OpenAITeacher("openai:m", base_url=server.base_url, api_key=None, connections=1, deadline=0.04)
        assert (await asyncio.wait_for(teacher.send(ASK, PICTURES), 5)).status == 200
        await teacher.close()


async def test_a_server_that_is_down_is_told_as_ever() -> None:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        teacher = OpenAITeacher("openai:m", base_url=url, api_key=None, connections=1)
        with pytest.raises(TeacherError) as caught:
            await teacher.send(ASK, PICTURES)
        assert caught.value.reason == "unreachable"
        await teacher.close()


def test_what_is_remembered_is_bounded() -> None:
    held = Held(room=10)
    for number in range(1000):
        held.answered(200, [f"{number}"], ())
    assert held.known([f"{number}" for number in range(1000)]) == {f"{number}" for number in range(990, 1000)}
    assert MOST_HELD < 100_000


def test_a_reply_keeps_a_frame_and_a_refusal_drops_it() -> None:
    held = Held(room=2)
    held.answered(200, ["a", "b"], ())
    held.answered(200, ["a"], ["a"])
    held.answered(200, ["c"], ())
    assert held.known(["a", "b", "c"]) == {"a", "c"}
    for status in (429, 401, 404):
        held.answered(status, ["a"], ["a"])
    assert held.known(["a"]) == {"a"}, "that was not about the frame"
    held.answered(400, ["a", "c"], ["a"])
    assert held.known(["a", "c"]) == {"c"}
    held.answered(503, ["c"], ["c"])
    assert held.known(["c"]) == frozenset()


def test_a_refusal_of_pixels_is_no_loss() -> None:
    held = Held()
    for _ in range(10 * MOST_LOST):
        held.answered(400, ["a"], ())
    held.answered(200, ["a"], ())
    assert held.known(["a"]) == {"a"}


@pytest.mark.parametrize(("good", "lasts"), [(0, False), (1, True), (20, True)])
def test_a_server_that_keeps_losing_frames_is_sent_pixels_for_good(good: int, lasts: bool) -> None:
    held = Held()
    for _ in range(2 * COUNTED):
        held.answered(200, ["a"], ())
        for _ in range(good):
            if held.known(["a"]):
                held.answered(200, ["a"], ["a"])
        if held.known(["a"]):
            held.answered(400, ["a"], ["a"])
    held.answered(200, ["a"], ())
    assert bool(held.known(["a"])) == lasts


def test_a_restart_of_the_server_is_no_habit() -> None:
    held = Held()
    held.answered(200, ["a"], ())
    for _ in range(200):
        held.answered(200, ["a"], ["a"])
    for _ in range(64):  # that were in flight
        held.answered(400, ["a"], ["a"])
    held.answered(200, ["a"], ())
    assert held.known(["a"])


def asking(teachers: Sequence[Teacher], *, most: int = 1024, patience: Patience = HASTY) -> tuple[Asker, Notebook]:
    notebook = Notebook()
    fleet = Fleet(teachers, patience=patience, most=most)
    return Asker(fleet, notebook, Album(), sampling=Sampling()), notebook


async def ask(asker: Asker, rollout: int = 0) -> Reply:
    item = ITEM.fanned(rollout)
    return (await asker.ask(compose(PROMPTS, asker, item, "grounding"), item, "reason", str))[1]


def told(attempts: Sequence[Attempt]) -> list[tuple[bool, str, int]]:
    return [(attempt.ok, attempt.reason, attempt.status) for attempt in attempts]


async def test_lost_frames_are_sent_again_at_once_and_every_request_is_on_record() -> None:
    server = HoldingServer()
    async with holding(server) as teacher:
        asker, notebook = asking([teacher], patience=Patience(base=10_000, longest=10_000))
        await ask(asker)
        server.lose()
        await asyncio.wait_for(ask(asker, 1), 20)
        await ask(asker, 2)
        assert told(notebook.attempts) == [
            (True, "", 200),
            (False, "frames lost", 400),
            (True, "", 200),
            (True, "", 200),
        ]
        lost, again = notebook.attempts[1:3]
        assert lost.call == again.call
        assert (lost.prompt_tokens, lost.completion_tokens) == (0, 0)
        assert server.billed == {"": 3}
        assert server.seen[0] == server.seen[1] == server.seen[2]


async def test_a_lost_frame_uses_up_none_of_a_calls_tries() -> None:
    server = HoldingServer()
    async with holding(server) as teacher:
        asker, notebook = asking([teacher])
        await ask(asker)
        server.lose(DIGESTS[3:4])
        server.script.extend(["500"] * (HASTY.tries - 1))
        await ask(asker, 1)
        assert notebook.reasons == ["", "frames lost", *["server error"] * (HASTY.tries - 1), ""]


async def test_what_is_wrong_with_a_call_is_told_by_the_request_with_pixels() -> None:
    server = HoldingServer()
    async with holding(server) as teacher:
        asker, notebook = asking([teacher])
        await ask(asker)
        server.script.extend(["400", "context"])
        with pytest.raises(TeacherError, match="context length"):
            await ask(asker, 1)
        assert notebook.reasons == ["", "frames lost", "too large"]


async def test_processes_of_a_server_that_disagree_are_asked_again_with_pixels() -> None:
    server = HoldingServer()
    async with holding(server) as teacher:
        asker, notebook = asking([teacher])
        await ask(asker)
        server.drifts = 1
        await ask(asker, 1)
        assert notebook.reasons == ["", "overloaded", ""]
        assert b'"image_url":null' not in server.bodies[-1]


async def test_a_server_with_little_room_ends_up_with_pixels_and_no_call_is_lost() -> None:
    server = HoldingServer(room=1)
    async with holding(server) as teacher:
        asker, notebook = asking([teacher])
        for rollout in range(3 * MOST_LOST):
            await ask(asker, rollout)
        assert notebook.reasons.count("frames lost") == MOST_LOST
        assert sum(attempt.ok for attempt in notebook.attempts) == 3 * MOST_LOST
        assert len({tuple(seen) for seen in server.seen}) == 1


async def test_each_server_has_a_memory_of_its_own() -> None:
    one, two = HoldingServer(), HoldingServer()
    async with holding(one) as first, holding(two) as second:
        asker, notebook = asking([first, second], most=1)
        await asyncio.gather(*[ask(asker, rollout) for rollout in range(12)])
        assert one.misses == two.misses == 1, "that of the name that nobody knows"
        assert notebook.reasons == [""] * 12
        for server in (one, two):
            sizes = server.sizes[1:]
            assert len(sizes) > 1
            assert all(size < sizes[0] / 3 for size in sizes[1:])


async def test_a_second_run_starts_with_pixels() -> None:
    async with HoldingServer() as server:
        for _ in range(2):
            teacher = made(server)
            await teacher.send(ASK, PICTURES)
            await teacher.close()
            shown = list(pictures(json.loads(server.bodies[-1])))
            assert [name for name, _ in shown] == DIGESTS
            assert all(data is not None for _, data in shown)


async def test_a_server_that_restarts_as_one_that_holds_nothing_is_sent_pixels() -> None:
    server = HoldingServer()
    async with holding(server) as teacher:
        asker, notebook = asking([teacher])
        await ask(asker)
        server.manner = "off"
        await ask(asker, 1)
        assert notebook.reasons == ["", "frames lost", ""]

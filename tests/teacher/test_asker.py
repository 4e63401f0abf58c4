import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Literal

import pytest
from pydantic import SecretStr

from rocot.core.answer import Answer
from rocot.core.prompt import Ask, Sampling
from rocot.core.reflection import Framed
from rocot.core.reply import Dialect, parse_answer
from rocot.engine.attempt import Attempt
from rocot.engine.chain import Cut
from rocot.errors import ServiceError, StoreError, TeacherError
from rocot.stages.asking import compose
from rocot.teacher.asker import MOST_REFUSED, Asker
from rocot.teacher.completion import spelt
from rocot.teacher.fleet import Fleet
from rocot.teacher.openai import OpenAITeacher
from rocot.teacher.patience import Patience
from rocot.teacher.protocol import Asks, Compose, Raw, Reply
from rocot.teacher.scripted import ScriptedTeacher
from tests.builders import CLASSES
from tests.contracts.teacher import ITEM, PROMPTS
from tests.servers.chat import ChatServer
from tests.servers.replies import error
from tests.teacher.doubles import Album, Notebook

HASTY = Patience(tries=4, base=0.001, longest=0.01, longest_wanted=0.1, unreachable=0.2)


class Scene:
    """An asker over a scripted teacher, and what it writes down."""

    def __init__(
        self,
        script: Iterable[Raw | TeacherError | None] = (),
        *,
        latency: float = 0.0,
        dialect: Dialect | Literal["auto"] = "auto",
        deadline: float = 5.0,
        notebook: Notebook | None = None,
    ) -> None:
        self.teacher = ScriptedTeacher(script, latency=latency)
        self.notebook = notebook or Notebook()
        self.album = Album()
        self.asker = Asker(
            Fleet([self.teacher], deadline=deadline, patience=HASTY),
            self.notebook,
            self.album,
            sampling=Sampling(),
            dialect=dialect,
        )

    @property
    def words(self) -> Compose:
        return compose(PROMPTS, self.asker, ITEM, "grounding")

    async def ask(self) -> tuple[Ask, Reply]:
        return await self.asker.ask(self.words, ITEM, "reason", str)


def passing(reason: str) -> TeacherError:
    return TeacherError(reason, "", passing=True)


def refused(status: int, message: str = "no", code: str | None = None, **headers: str) -> Raw:
    return Raw(body=error(message, code), status=status, headers=headers)


def test_it_is_what_the_stages_ask() -> None:
    asks: Asks = Scene().asker
    assert asks.identity == {"model": "scripted", "sampling": Sampling().model_dump(), "dialect": "auto"}


async def test_a_reply_is_recorded_with_all_that_is_known_of_it() -> None:
    scene = Scene()
    ask, reply = await scene.ask()
    [attempt] = scene.notebook.attempts
    assert (attempt.call, attempt.item, attempt.stage) == (ask.key, ITEM.key, "reason")
    assert (attempt.ok, attempt.reason, attempt.status) == (True, "", 200)
    assert (attempt.model, attempt.endpoint) == ("scripted", "in process")
    assert scene.teacher.read(attempt.body) == reply
    assert (attempt.prompt_tokens, attempt.completion_tokens) == (reply.usage.prompt, reply.usage.completion)


async def test_what_was_answered_is_never_asked_again() -> None:
    scene = Scene()
    first = await scene.ask()
    assert await scene.ask() == first
    again = Scene(notebook=scene.notebook)
    assert await again.ask() == first
    assert (scene.teacher.sent, again.teacher.sent, again.album.loads) == (1, 0, 0)


async def test_equal_questions_at_once_share_one_call() -> None:
    scene = Scene(latency=0.02)
    replies = await asyncio.gather(*[scene.ask() for _ in range(5)])
    assert scene.teacher.sent == 1
    assert all(reply == replies[0] for reply in replies)


async def test_equal_questions_at_once_do_not_share_a_failure() -> None:
    scene = Scene([TeacherError("length", "")], latency=0.01)
    results = await asyncio.gather(scene.ask(), scene.ask(), return_exceptions=True)
    assert [isinstance(result, TeacherError) for result in results] == [True, False]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (passing("connection lost"), "connection lost"),
        (refused(429, **{"retry-after": "0.001"}), "rate limited"),
        (refused(500), "server error"),
        (Raw(body=b'{"choices": []}'), "no choices"),
        (Raw(body=b"not json"), "invalid json"),
    ],
)
async def test_what_passes_is_tried_again_and_every_attempt_is_on_record(failure: Raw, reason: str) -> None:
    scene = Scene([failure, failure, None])
    await scene.ask()
    assert scene.notebook.reasons == [reason, reason, ""]
    assert [attempt.ok for attempt in scene.notebook.attempts] == [False, False, True]


async def test_it_gives_up_after_so_many_tries() -> None:
    scene = Scene([refused(503)] * 9)
    with pytest.raises(TeacherError) as caught:
        await scene.ask()
    assert (caught.value.reason, caught.value.passing) == ("overloaded", True)
    assert scene.notebook.reasons == ["overloaded"] * HASTY.tries


async def test_a_failure_is_never_taken_for_a_reply() -> None:
    scene = Scene([Raw(body=b'{"choices": []}')] * HASTY.tries)
    with pytest.raises(TeacherError):
        await scene.ask()
    ask, _ = await scene.ask()
    assert scene.notebook.reply_to(ask.key) == scene.notebook.attempts[-1].body


@pytest.mark.parametrize(
    ("failure", "reason"), [(refused(400), "bad request"), (TeacherError("no picture", ""), "no picture")]
)
async def test_what_does_not_pass_is_tried_once(failure: Raw | TeacherError, reason: str) -> None:
    scene = Scene([failure])
    with pytest.raises(TeacherError, match=reason):
        await scene.ask()
    assert scene.notebook.reasons == [reason]


@pytest.mark.parametrize("status", [401, 402, 403, 404])
async def test_what_every_call_would_meet_stops_the_run_at_once(status: int) -> None:
    scene = Scene([refused(status)])
    with pytest.raises(ServiceError):
        await scene.ask()
    assert scene.notebook.reasons == [f"http {status}"]
    assert scene.notebook.attempts[0].body


async def test_a_server_that_turns_away_all_calls_stops_the_run() -> None:
    scene = Scene([refused(400, "At most 4 images")] * MOST_REFUSED)
    for _ in range(MOST_REFUSED - 1):
        with pytest.raises(TeacherError, match="At most 4 images"):
            await scene.ask()
    with pytest.raises(ServiceError, match="At most 4 images"):
        await scene.ask()


async def test_a_server_that_has_answered_may_turn_away_any_number() -> None:
    scene = Scene([None] + [refused(413)] * (MOST_REFUSED + 1))
    await scene.ask()
    for rollout in range(1, MOST_REFUSED + 2):
        item = ITEM.fanned(rollout)
        with pytest.raises(TeacherError, match="too large"):
            await scene.asker.ask(compose(PROMPTS, scene.asker, item, "grounding"), item, "reason", str)


async def test_a_server_that_is_down_stops_the_run_within_its_patience() -> None:
    scene = Scene([passing("unreachable")] * 10_000)
    begun = time.monotonic()
    with pytest.raises(ServiceError, match="is it running"):
        await scene.ask()
    assert 0.15 < time.monotonic() - begun < 60
    assert set(scene.notebook.reasons) == {"unreachable"}
    assert len(scene.notebook.reasons) > HASTY.tries


async def test_all_calls_give_up_on_a_server_together() -> None:
    scene = Scene([passing("unreachable")] * 10_000)
    items = [ITEM.fanned(rollout) for rollout in range(20)]
    begun = time.monotonic()

    async def late(item: Framed, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await scene.asker.ask(compose(PROMPTS, scene.asker, item, "grounding"), item, "reason", str)

    ends = await asyncio.gather(*[late(item, index / 100) for index, item in enumerate(items)], return_exceptions=True)
    assert all(isinstance(end, ServiceError) for end in ends)
    assert time.monotonic() - begun < 2 * HASTY.unreachable


async def test_a_server_that_comes_up_in_time_is_asked_on() -> None:
    scene = Scene([passing("unreachable")] * 6)
    await scene.ask()
    assert scene.notebook.reasons == ["unreachable"] * 6 + [""]


async def test_a_wish_to_be_left_alone_is_obeyed_up_to_a_cap() -> None:
    for wish, least, most in (("0.06", 0.06, 30), ("3600", 0.1, 30)):
        scene = Scene([refused(429, **{"retry-after": wish})])
        begun = time.monotonic()
        await scene.ask()
        assert least <= time.monotonic() - begun < most


@pytest.mark.parametrize(
    ("failure", "reason"),
    [(refused(429, **{"retry-after": "60"}), "rate limited"), (passing("unreachable"), "unreachable")],
)
async def test_a_call_that_waits_for_another_attempt_gives_up_when_the_run_ends(
    failure: Raw | TeacherError, reason: str
) -> None:
    class Telling(Notebook):
        async def add_attempt(self, attempt: Attempt, /) -> None:
            await super().add_attempt(attempt)
            noted.set()

    notebook, noted, ending = Telling(), asyncio.Event(), asyncio.Event()
    patience = Patience(base=60, longest_wanted=60, unreachable=600)
    fleet = Fleet([ScriptedTeacher([failure])], patience=patience, halted=ending.is_set)
    asker = Asker(fleet, notebook, Album(), sampling=Sampling())
    asking = asyncio.create_task(asker.ask(compose(PROMPTS, asker, ITEM, "grounding"), ITEM, "reason", str))
    await noted.wait()
    ending.set()
    with pytest.raises(Cut):
        await asyncio.wait_for(asking, 10)
    assert notebook.reasons == [reason]


async def test_each_attempt_has_a_deadline() -> None:
    scene = Scene(latency=60, deadline=0.02)
    with pytest.raises(TeacherError) as caught:
        await scene.ask()
    assert (caught.value.reason, caught.value.passing) == ("timeout", True)
    assert scene.notebook.reasons == ["timeout"] * HASTY.tries


@pytest.mark.parametrize("fault", ["hang", "drip"])
async def test_a_reply_that_never_ends_meets_the_deadline(fault: str) -> None:
    async with ChatServer([fault]) as server:
        teacher = OpenAITeacher("openai:m", base_url=server.base_url, api_key=SecretStr("key-of-tests"), connections=2)
        notebook = Notebook()
        asker = Asker(Fleet([teacher], deadline=0.2, patience=HASTY), notebook, Album(), sampling=Sampling())
        await asker.ask(compose(PROMPTS, asker, ITEM, "grounding"), ITEM, "reason", str)
        assert notebook.reasons == ["timeout", ""]
        assert notebook.attempts[0].endpoint == server.base_url
        await teacher.close()


async def test_a_refused_schema_turns_to_tags_for_good() -> None:
    async with ChatServer(formats=False) as server:
        teacher = OpenAITeacher("openai:m", base_url=server.base_url, api_key=None, connections=2)
        notebook = Notebook()
        asker = Asker(Fleet([teacher], patience=HASTY), notebook, Album(), sampling=Sampling())
        first, reply = await asker.ask(compose(PROMPTS, asker, ITEM, "grounding"), ITEM, "reason", str)
        assert first.dialect == "tagged"
        assert reply.text.startswith("<think>")
        await asker.ask(compose(PROMPTS, asker, ITEM, "reflection", reply.text, "Examine."), ITEM, "reflect", str)
        assert notebook.reasons == ["no structured output", "", ""]

        resumed = Asker(Fleet([teacher], patience=HASTY), notebook, Album(), sampling=Sampling())
        assert await resumed.ask(compose(PROMPTS, resumed, ITEM, "grounding"), ITEM, "reason", str) == (first, reply)
        assert server.counts.total() == 3
        await teacher.close()


async def test_a_recipe_that_insists_on_json_is_told_what_to_change() -> None:
    scene = Scene([refused(400, "response_format is not supported")], dialect="json")
    with pytest.raises(ServiceError, match='"auto" or "tagged"'):
        await scene.ask()


async def test_a_reply_that_came_before_the_stop_is_kept() -> None:
    class Slow(Notebook):
        async def add_attempt(self, attempt: Attempt, /) -> None:
            writing.set()
            await written.wait()
            await super().add_attempt(attempt)

    writing, written, scene = asyncio.Event(), asyncio.Event(), Scene(notebook=Slow())
    asking = asyncio.create_task(scene.ask())
    await writing.wait()
    asking.cancel()
    await asyncio.sleep(0)
    asking.cancel()  # impatient
    await asyncio.sleep(0)
    written.set()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert [attempt.ok for attempt in scene.notebook.attempts] == [True]


async def test_a_stop_in_the_moment_the_reply_comes_loses_nothing() -> None:
    class Stopping(ScriptedTeacher):
        async def send(self, ask: Ask, pictures: Mapping[str, bytes]) -> Raw:
            raw = await super().send(ask, pictures)
            asking.cancel()
            return raw

    scene = Scene()
    scene.asker = Asker(Fleet([Stopping()], patience=HASTY), scene.notebook, scene.album, sampling=Sampling())
    asking = asyncio.create_task(scene.ask())
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert [attempt.ok for attempt in scene.notebook.attempts] == [True]


async def test_a_call_that_is_stopped_midway_is_on_record() -> None:
    class Silent(ScriptedTeacher):
        async def send(self, ask: Ask, pictures: Mapping[str, bytes]) -> Raw:
            sent.set()
            never: asyncio.Future[Raw] = asyncio.get_running_loop().create_future()
            return await never

    sent, scene = asyncio.Event(), Scene()
    scene.asker = Asker(Fleet([Silent()], patience=HASTY), scene.notebook, scene.album, sampling=Sampling())
    asking = asyncio.create_task(scene.ask())
    await sent.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert scene.notebook.reasons == ["cancelled"]


async def test_a_bug_in_reading_loses_no_bytes() -> None:
    class Buggy(ScriptedTeacher):
        def read(self, raw: bytes) -> Reply:
            raise ZeroDivisionError

    scene = Scene()
    scene.asker = Asker(Fleet([Buggy()], patience=HASTY), scene.notebook, scene.album, sampling=Sampling())
    with pytest.raises(ZeroDivisionError):
        await scene.ask()
    [attempt] = scene.notebook.attempts
    assert (attempt.ok, attempt.reason) == (False, "unread")
    assert ScriptedTeacher().read(attempt.body).text


async def test_a_bug_in_sending_stops_the_run() -> None:
    class Buggy(ScriptedTeacher):
        async def send(self, ask: Ask, pictures: Mapping[str, bytes]) -> Raw:
            raise ZeroDivisionError

    asker = Asker(Fleet([Buggy()], patience=HASTY), Notebook(), Album(), sampling=Sampling())
    with pytest.raises(ZeroDivisionError):
        await asker.ask(compose(PROMPTS, asker, ITEM, "grounding"), ITEM, "reason", str)


async def test_a_full_disk_stops_the_run() -> None:
    with pytest.raises(StoreError, match="full"):
        await Scene(notebook=Notebook(full=True)).ask()


async def test_a_mix_of_faults_costs_only_what_it_injects() -> None:
    """Every call ends as a reply or by name, none past its deadline; requests = calls + injected faults that pass."""
    shares = dict.fromkeys(
        ["rate", "500", "503", "cut", "close", "drip", "hang", "json", "choices", "error", "null", "empty"], 0.02
    )
    async with ChatServer(faults=shares) as server:
        teacher = OpenAITeacher("openai:m", base_url=server.base_url, api_key=None, connections=16)
        notebook = Notebook()
        patience = Patience(tries=8, base=0.001, longest=0.01)
        asker = Asker(Fleet([teacher], deadline=1.5, patience=patience), notebook, Album(), sampling=Sampling(seed=0))
        items = [ITEM.fanned(rollout) for rollout in range(120)]
        gate = asyncio.Semaphore(16)

        async def one(rollout: int) -> Reply:
            async with gate:
                item = items[rollout]
                return (await asker.ask(compose(PROMPTS, asker, item, "grounding"), item, "reason", str))[1]

        await asyncio.gather(*[one(rollout) for rollout in range(len(items))])
        injected = server.met.total()
        assert injected > 10
        assert server.counts.total() == len(items) + injected
        assert len(notebook.attempts) == server.counts.total()
        assert sum(attempt.ok for attempt in notebook.attempts) == len(items)
        assert max(attempt.latency for attempt in notebook.attempts) < 4
        await teacher.close()


ANSWER = '{"evidence": [], "reasoning": "Nothing moves.", "label": "Normal", "spans": []}'
MEND = PROMPTS.repair


def parsed(text: str) -> Answer:
    return parse_answer(text, "grounding", CLASSES)


class Mended(Scene):
    """Asks for one repair."""

    def __init__(self, *replies: str | None, notebook: Notebook | None = None) -> None:
        super().__init__([None if text is None else Raw(body=spelt(text, "m")) for text in replies], notebook=notebook)
        fleet = Fleet([self.teacher], patience=HASTY)
        self.asker = Asker(fleet, self.notebook, self.album, sampling=Sampling(), repair=MEND)

    async def ask(self) -> tuple[Ask, Reply]:
        return await self.asker.ask(self.words, ITEM, "reason", parsed)


async def test_a_reply_that_does_not_parse_is_asked_again_with_what_is_wrong_about_it() -> None:
    scene = Mended('{"label": ', ANSWER)
    ask, reply = await scene.ask()
    assert reply.text == ANSWER
    first, second = scene.notebook.attempts
    assert [first.ok, second.ok] == [True, True], "both came whole, both were paid"
    assert (second.call, second.stage) == (ask.key, "reason")
    assert first.call != second.call
    said, asked = ask.turns[-2:]
    assert (said.role, asked.role) == ("assistant", "user")
    assert [part.text for part in said.parts if part.kind == "text"] == ['{"label": ']
    assert ["bad json: " in part.text for part in asked.parts if part.kind == "text"] == [True]
    assert ask.turns[:-2] == scene.words("json").turns


async def test_a_repair_is_paid_once() -> None:
    scene = Mended("{", ANSWER)
    first = await scene.ask()
    again = Mended(notebook=scene.notebook)
    assert await again.ask() == first
    assert again.teacher.sent == 0


async def test_there_is_one_repair_and_no_other() -> None:
    scene = Mended("{", "[", ANSWER)
    _, reply = await scene.ask()
    assert (reply.text, scene.teacher.sent) == ("[", 2)


async def test_what_parses_is_not_asked_again_nor_anything_without_leave() -> None:
    for scene in (Mended(ANSWER), Scene([Raw(body=spelt("{", "m"))])):
        await scene.asker.ask(scene.words, ITEM, "reason", parsed)
        assert scene.teacher.sent == 1


async def test_a_repair_that_fails_fails_the_call_by_its_own_name() -> None:
    scene = Mended("{")
    cut = Raw(body=spelt("{", "m", finish="length"))
    scene.asker = Asker(
        Fleet([ScriptedTeacher([Raw(body=spelt("{", "m")), cut])], patience=HASTY),
        scene.notebook,
        scene.album,
        sampling=Sampling(),
        repair=MEND,
    )
    with pytest.raises(TeacherError, match="length"):
        await scene.ask()


def test_leave_to_repair_is_part_of_who_answers() -> None:
    told = Mended().asker.identity
    assert told == {"model": "scripted", "sampling": Sampling().model_dump(), "dialect": "auto", "repair": MEND.digest}

import json
from base64 import b64decode
from typing import Any

import pytest

from rocot.core.prompt import Ask, Sampling, Text, Turn
from rocot.core.reflection import Relooked
from rocot.core.reply import Shape, schema_of
from rocot.errors import TeacherError
from rocot.stages.asking import compose
from rocot.teacher.request import Spelling
from tests.builders import CLASSES, answer, said
from tests.contracts.teacher import ITEM, PICTURES, PROMPTS, Said

WORDED = compose(PROMPTS, Said("openai:m"), ITEM, "grounding")
ASK = WORDED("json")


def body(ask: Ask, *, official: bool = False) -> dict[str, Any]:
    spelt = Spelling("m", official=official).body(ask, PICTURES)
    value = json.loads(spelt)
    assert isinstance(value, dict)
    return value


def test_frames_stand_after_their_times_in_order() -> None:
    parts = body(ASK)["messages"][1]["content"]
    assert [part["type"] for part in parts[:4]] == ["text", "image_url", "text", "image_url"]
    assert [part["text"] for part in parts[0:16:2]] == [f"<{frame.time:.2f}s>" for frame in ITEM.frames]
    sent = [b64decode(part["image_url"]["url"].removeprefix("data:image/jpeg;base64,")) for part in parts[1:16:2]]
    assert sent == [PICTURES[frame.digest] for frame in ITEM.frames]


def test_every_turn_says_what_the_ask_says() -> None:
    asked = compose(PROMPTS, Said("openai:m"), ITEM, "reflection", 'quotes " and \\ and é', "Examine.")("json")
    messages = body(asked)["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[0]["content"] == PROMPTS.system.text
    assert messages[2]["content"] == 'quotes " and \\ and é'
    assert [part["text"] for part in messages[3]["content"]] == ["Examine.", PROMPTS.reflection_json.text]


def test_the_schema_is_sent_and_is_strict() -> None:
    form = body(ASK)["response_format"]
    assert form["type"] == "json_schema"
    assert (form["json_schema"]["name"], form["json_schema"]["strict"]) == ("grounding", True)
    assert form["json_schema"]["schema"] == json.loads(json.dumps(schema_of("grounding", CLASSES)))


def test_tagged_text_is_asked_without_a_schema() -> None:
    assert "response_format" not in body(WORDED("tagged"))


def test_sampling_is_said_outright() -> None:
    sampling = Sampling(temperature=1, top_p=1, max_tokens=77, seed=5)
    said = body(ASK.model_copy(update={"sampling": sampling, "rollout": 2}))
    assert (said["temperature"], said["top_p"], said["max_tokens"], said["seed"]) == (1, 1, 77, 7)
    assert "seed" not in body(ASK.model_copy(update={"sampling": Sampling()}))


def test_openai_itself_is_asked_in_words_that_reasoning_models_take() -> None:
    said = body(ASK.model_copy(update={"sampling": Sampling(temperature=1, max_tokens=77)}), official=True)
    assert said["max_completion_tokens"] == 77
    assert not {"max_tokens", "temperature", "top_p"} & set(said)
    spelt = json.dumps(said["response_format"])
    assert "Length" not in spelt
    assert "maxItems" in spelt


def test_the_three_asks_about_a_clip_start_with_the_same_bytes() -> None:
    spelling = Spelling("m", official=False)
    follow = compose(PROMPTS, Said("openai:m"), ITEM, "reflection", "An answer.", "Examine.")("json")
    first, second = spelling.body(ASK, PICTURES), spelling.body(follow, PICTURES)
    shared = first.index(b'],"response_format"')
    assert first[:shared] == second[:shared]
    assert shared > sum(len(data) for data in PICTURES.values())


def test_frames_are_let_go_once_there_are_too_many() -> None:
    spelling = Spelling("m", official=False, kept_bytes=2000)
    assert [spelling.body(ASK, PICTURES) for _ in range(2)] == [Spelling("m", official=False).body(ASK, PICTURES)] * 2
    with pytest.raises(TeacherError, match="no picture"):
        spelling.body(ASK, {})  # the first frames were let go and are needed again


def test_plain_text_needs_no_frames() -> None:
    bare = ASK.model_copy(update={"turns": (Turn(role="user", parts=(Text(text="Hello"),)),)})
    assert body(bare)["messages"] == [{"role": "user", "content": "Hello"}]


def test_reflection_and_revision_share_the_bytes_of_the_closer_look() -> None:
    frames = [frame.model_copy(update={"time": frame.time + 0.5}) for frame in ITEM.frames[2:4]]
    looked = Relooked(**dict(ITEM), question="?", initial=answer(), initial_said=said("1"), relook=tuple(frames))
    wanted: tuple[tuple[Shape, str], ...] = (("reflection", "Examine."), ("grounding", "Revise."))
    asks = [compose(PROMPTS, Said("openai:m"), looked, shape, "An answer.", words)("json") for shape, words in wanted]
    spelling = Spelling("m", official=False)
    first, second = (spelling.body(ask, PICTURES) for ask in asks)
    assert first[: first.index(b"Examine.")] == second[: second.index(b"Revise.")]
    parts = body(asks[0])["messages"][3]["content"]
    assert [part["type"] for part in parts] == ["text", "image_url"] * 2 + ["text"] * 3

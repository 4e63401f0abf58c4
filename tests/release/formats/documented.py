"""What three trainers document of their data, in our words, and how each looks at a sample before it trains on it.

ms-swift: docs/source_en/Customization/Custom-dataset.md. LLaMA-Factory: data/README.md and data/mllm_demo.json. verl:
docs/preparation/prepare_data.rst, examples/data_preprocess/geo3k.py, verl/utils/dataset/rl_dataset.py. Read in
November 2026.
"""

import re
from collections.abc import Mapping, Sequence

SWIFT_EXAMPLE = {
    "messages": [
        {"role": "system", "content": "You are of help."},
        {"role": "user", "content": "<image>What is in the picture, <video>and what in the film?"},
        {"role": "assistant", "content": "An elephant, and a dog that runs."},
    ],
    "images": ["/some/x.jpg"],
    "videos": ["/some/x.mp4"],
}
"""Its documented line of supervised fine-tuning with both kinds of media, with other words."""

SWIFT_GRPO_EXAMPLE = {"messages": [{"role": "user", "content": "What is 1 + 1?"}], "solution": "2"}
"""Likewise for GRPO: the chat ends with the question, further columns are handed to the rewards."""

FACTORY_EXAMPLE = {
    "messages": [
        {"content": "<image>Who are they?", "role": "user"},
        {"content": "Two players.", "role": "assistant"},
        {"content": "What do they do?", "role": "user"},
        {"content": "They cheer.", "role": "assistant"},
    ],
    "images": ["mllm_demo_data/1.jpg"],
}
FACTORY_INFO_EXAMPLE = {
    "file_name": "mllm_demo.json",
    "formatting": "sharegpt",
    "columns": {"messages": "messages", "images": "images"},
    "tags": {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"},
}
"""Of its example of pictures in the OpenAI format."""

VERL_EXAMPLE = {
    "data_source": "hiyouga/geometry3k",
    "prompt": [{"role": "user", "content": "<image>How long is the side?"}],
    "images": [{"bytes": b"", "path": None}],
    "ability": "math",
    "reward_model": {"style": "rule", "ground_truth": "3"},
    "extra_info": {"split": "train", "index": 0, "answer": "3", "question": "How long is the side?"},
}

Sample = Mapping[str, object]


def turns(value: object) -> list[dict[str, str]]:
    assert isinstance(value, Sequence)
    made = []
    for turn in value:
        assert isinstance(turn, Mapping)
        assert set(turn) == {"role", "content"}
        assert all(isinstance(text, str) for text in turn.values())
        made.append(dict(turn))
    return made


def _media(sample: Sample, text: str) -> None:
    """As many paths as placeholders, of each kind."""
    for column, placeholder in (("images", "<image>"), ("videos", "<video>")):
        there = sample.get(column, [])
        assert isinstance(there, Sequence)
        assert len(there) == text.count(placeholder), column


def check_swift(sample: Sample, *, grpo: bool) -> None:
    chat = turns(sample["messages"])
    assert {turn["role"] for turn in chat} <= {"system", "user", "assistant"}
    assert chat[-1]["role"] == ("user" if grpo else "assistant")
    _media(sample, "".join(turn["content"] for turn in chat))


def check_factory(sample: Sample, info: Sample) -> None:
    columns, tags = info["columns"], info["tags"]
    assert isinstance(columns, Mapping)
    assert isinstance(tags, Mapping)
    assert info["formatting"] == "sharegpt"
    assert set(columns) <= {"prompt", "query", "response", "history", "messages", "system", "tools"} | {
        *("images", "videos", "audios", "chosen", "rejected", "kto_tag")
    }
    assert set(tags) <= {"role_tag", "content_tag", "user_tag", "assistant_tag", "system_tag"} | {
        *("observation_tag", "function_tag")
    }
    chat = turns(sample[columns["messages"]])
    # Users stand in odd places, those who answer in even ones.
    wanted = [tags["user_tag"], tags["assistant_tag"]] * (len(chat) // 2)
    assert [turn[tags["role_tag"]] for turn in chat] == wanted
    _media(
        {name: sample[columns[name]] for name in ("images", "videos") if name in columns},
        "".join(turn[tags["content_tag"]] for turn in chat),
    )


def check_verl(sample: Sample) -> None:
    assert {"data_source", "prompt", "ability", "reward_model", "extra_info"} <= set(sample)
    reward, extra = sample["reward_model"], sample["extra_info"]
    assert isinstance(reward, Mapping)
    assert isinstance(extra, Mapping)
    assert reward["style"] == "rule"
    assert isinstance(reward["ground_truth"], str)
    assert isinstance(extra["index"], int)
    assert isinstance(extra["split"], str)
    chat = turns(sample["prompt"])
    # It cuts each turn at the placeholders, and hands the n-th picture to the n-th of them.
    parts = [part for turn in chat for part in re.split("(<image>|<video>)", turn["content"]) if part]
    _media(sample, "".join(part for part in parts if part in {"<image>", "<video>"}))
    for image in sample.get("images", ()):  # type: ignore[attr-defined]  # a list, by what was just checked
        assert set(image) == {"bytes", "path"}
    for video in sample.get("videos", ()):  # type: ignore[attr-defined]  # likewise
        assert video["type"] == "video"
        assert video["video"].startswith("file:///")

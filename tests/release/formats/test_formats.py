"""Rows in the forms of other trainers are what these document."""

import json

import pytest

from rocot.core.answer import Answer
from rocot.core.reflection import Frame
from rocot.core.reply import cleaned
from rocot.core.row import Row
from rocot.core.task import Posed
from rocot.core.truth import Truth
from rocot.release.formats import llama_factory, ms_swift, verl
from rocot.release.formats.sample import Media, solution, unfit
from tests.builders import EDITION, Sample, answer, clip, corrected, fight, framed, spans
from tests.release.formats import documented

LOOK = (
    Frame(time=4.5, digest="a" * 64, width=320, height=240),
    Frame(time=5.5, digest="b" * 64, width=320, height=240),
)


def row(sample: Sample) -> Row:
    return Row.of(sample.judged(), EDITION)


FIGHT = row(fight())
LOOKED = row(corrected().but(relook=LOOK))
BOTH = pytest.mark.parametrize("told", [FIGHT, LOOKED], ids=["one look", "a closer look"])


def images(of: Row) -> Media:
    return Media(tuple(f"/frames/{digest}.jpg" for digest in (*of.frame_digests, *of.relook_digests)))


FILM = Media(video="/videos/v0.mp4")


def test_the_documented_examples_pass_the_checks_that_our_rows_do() -> None:
    documented.check_swift(documented.SWIFT_EXAMPLE, grpo=False)
    documented.check_swift(documented.SWIFT_GRPO_EXAMPLE, grpo=True)
    documented.check_factory(documented.FACTORY_EXAMPLE, documented.FACTORY_INFO_EXAMPLE)
    documented.check_verl(documented.VERL_EXAMPLE)


@BOTH
def test_ms_swift_learns_the_whole_chat_and_asks_the_first_question(told: Row) -> None:
    sft, rft = ms_swift.sft(told, images(told)), ms_swift.rft(told, images(told))
    documented.check_swift(sft, grpo=False)
    documented.check_swift(rft, grpo=True)
    assert sft["messages"] == [turn.model_dump() for turn in told.messages]
    assert rft["images"] == [f"/frames/{digest}.jpg" for digest in told.frame_digests]
    assert rft["solution"] == "<answer>Fighting</answer><glue>[[4.0, 8.0]]</glue>"
    assert (rft["labels"], rft["spans"], rft["choice"]) == (["Fighting"], [[4.0, 8.0]], None)
    assert set(documented.SWIFT_GRPO_EXAMPLE) <= set(rft)


@BOTH
def test_llama_factory_finds_the_columns_that_its_entry_names(told: Row) -> None:
    info = llama_factory.dataset("sft/train.jsonl", video=False)
    documented.check_factory(llama_factory.sft(told, images(told)), info)
    assert {key: type(value) for key, value in info.items()} == {
        key: type(value) for key, value in documented.FACTORY_INFO_EXAMPLE.items()
    }
    assert info["tags"] == documented.FACTORY_INFO_EXAMPLE["tags"]
    assert info["columns"] == documented.FACTORY_INFO_EXAMPLE["columns"]


@BOTH
def test_verl_gets_its_five_columns_and_a_picture_for_each_placeholder(told: Row) -> None:
    made = verl.rft(told, images(told), 7).model_dump()
    assert [*made, "images"] == [*made, *(key for key in documented.VERL_EXAMPLE if key not in made)]
    documented.check_verl({**made, "images": [{"bytes": b"", "path": None}] * len(told.frame_digests)})
    assert made["data_source"] == "rocot/yard"
    assert made["extra_info"]["index"] == 7
    assert json.loads(made["reward_model"]["ground_truth"]) == {
        "task": "grounding",
        "classes": ["Normal", "Fighting", "Robbery"],
        "labels": ["Fighting"],
        "spans": [[4.0, 8.0]],
        "choice": None,
        "graded_on": "label+span",
        "tiou_floor": 0.5,
        "solution": "<answer>Fighting</answer><glue>[[4.0, 8.0]]</glue>",
    }


def test_a_whole_video_stands_in_the_place_of_its_frames() -> None:
    assert unfit(FIGHT, video=True) is None
    documented.check_swift(ms_swift.sft(FIGHT, FILM), grpo=False)
    documented.check_swift(ms_swift.rft(FIGHT, FILM), grpo=True)
    documented.check_factory(llama_factory.sft(FIGHT, FILM), llama_factory.dataset("x.jsonl", video=True))
    documented.check_verl(verl.rft(FIGHT, FILM, 0).model_dump())
    line = ms_swift.sft(FIGHT, FILM)
    assert line["videos"] == ["/videos/v0.mp4"]
    assert line["messages"][0] == {"role": "user", "content": f"<video>\n{FIGHT.question}"}  # type: ignore[index]  # a list


def test_what_a_whole_video_cannot_say_is_told_by_reason() -> None:
    part = fight()
    part = part.but(framed=framed(clip(end=8.0).model_copy(update={"duration": 16.0})))
    assert unfit(row(part), video=True) == "part of its video"
    assert unfit(row(part), video=False) is None
    assert unfit(LOOKED, video=True) == "closer look"


@pytest.mark.parametrize("word", ["<image>", "<video>", "<audio>"])
def test_a_text_that_holds_a_placeholder_of_its_own_fits_no_form(word: str) -> None:
    spoken = row(fight().but(revised=answer(reasoning=f"As {word} shows, blows are exchanged.")))
    assert unfit(spoken, video=False) == unfit(spoken, video=True) == "placeholder in its text"


def test_the_truth_is_told_in_the_tags_of_an_answer() -> None:
    calm = fight().but(truth=Truth(labels=("Normal",), spans=()))
    assert solution(row(calm)) == "<answer>Normal</answer><glue>[]</glue>"
    labelled = fight().but(truth=Truth(labels=("Robbery", "Fighting")))
    assert solution(row(labelled)) == "<answer>Robbery</answer>"
    assert solution(row(fight().but(truth=Truth(spans=spans([(1.234, 2)]))))) == "<glue>[[1.23, 2.0]]</glue>"


def test_of_a_question_the_letter_is_told() -> None:
    posed = Posed(number=0, text="What happens?", order=(1, 0, 2), seed=0)
    of = clip().model_copy(
        update={"task": "qa", "posed": posed, "classes": ("They shake hands", "They fight", "Nothing")}
    )
    told = Answer(evidence=(), reasoning="Blows.", label="They fight", spans=None)
    asked = row(Sample(framed(of), told, fight().reflection, told, Truth(choice="They fight")))
    assert solution(asked) == "<answer>B</answer>"
    assert ms_swift.rft(asked, images(asked))["choice"] == "B"
    assert cleaned(solution(asked)) == solution(asked)

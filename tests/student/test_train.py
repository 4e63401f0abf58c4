"""A student that is trained: built on the spot, a few steps, on a CPU."""

import json
import os
import resource
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from shutil import copytree, rmtree

import pytest
from safetensors.torch import load_file, save_file

from rocot.errors import ConfigError
from rocot.student.answer import Asked, Student
from rocot.student.card import read_card
from rocot.student.collate import IGNORED, StageAware
from rocot.student.halting import HaltedError
from rocot.student.journal import curve, read_journal
from rocot.student.lengths import Lengths
from rocot.student.model import load, parameters
from rocot.student.recipe import Data, Lora, Reinforced, Supervised, Tags, Training
from rocot.student.rows import ASKED_BEFORE, NO_LESSON, TOO_LONG, lessons, prompts
from rocot.student.shown import GREY, bare
from rocot.student.stack import torch, trackers
from rocot.student.tiny import build
from rocot.student.train import Lesson, check_trackers, prepared, train
from tests.student.classroom import FIRST, QUESTION, RECIPE, SAID, TAUGHT, picture, shard


def lesson(folder: Path, **rest: object) -> Lesson:
    made = Lesson(
        kind="sft",
        model="tiny",
        recipe=RECIPE,
        shards=[shard(folder / "rows.parquet")],
        right={"0#0": False, "1#0": True, "2#0": None},
        taught=TAUGHT,
        out=folder / "student",
        cache=folder / "cache",
        texts=lambda: [SAID, QUESTION, SAID],
    )
    return replace(made, **rest)  # type: ignore[arg-type]  # a test says what differs


def ignored(_: str) -> None:
    pass


def silent(step: int, steps: int, figures: Mapping[str, float]) -> None:
    pass


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a student that was taught by SFT."""
    folder = tmp_path_factory.mktemp("student")
    asked = lesson(folder)
    train(asked, *prepared(asked), silent)
    return folder


def test_the_tiny_student_has_under_half_a_million_parameters(taught: Path) -> None:
    assert 100_000 < parameters(load(str(taught / "student"))) < 500_000


def test_the_tiny_student_first_takes_the_cosine_transform_of_a_patch(tmp_path: Path) -> None:
    build(tmp_path, [SAID], seed=0)
    model = load(str(tmp_path)).model
    first = model.model.visual.patch_embed.proj.weight.flatten(1)
    alike = torch.nn.functional.normalize(first) @ torch.nn.functional.normalize(first).T
    assert torch.allclose(alike, torch.eye(len(first)), atol=0.3)  # colours overlap, waves do not
    flat = torch.ones(3, 1, 14, 14)
    assert (first @ flat.flatten()).abs().topk(2).indices[0] == 0  # of a flat grey patch, its light alone
    build(tmp_path / "again", [SAID], seed=0)
    assert torch.equal(load(str(tmp_path / "again")).model.lm_head.weight, model.lm_head.weight)


def test_the_loss_falls_and_the_card_tells_of_it(taught: Path) -> None:
    losses = curve(read_journal(taught / "student/log.jsonl"), "loss")
    assert losses[-1][1] < losses[0][1]
    card = read_card(taught / "student")
    assert (card.steps, card.counts.used, card.counts.masked) == (4, 4, 1)
    assert card.recipe == RECIPE
    assert "own 0.1.0" in (taught / "student/README.md").read_text()


def test_a_wrong_first_attempt_is_no_lesson(taught: Path) -> None:
    loaded = load(str(taught / "student"))
    made = lessons([taught / "rows.parquet"], RECIPE, Lengths(loaded.processor), {"0#0": False}, taught / "cache")
    batch = StageAware(loaded.processor)([dict(made.rows[0]), dict(made.rows[1])])
    learnt = [loaded.processor.tokenizer.decode(row[row != IGNORED]) for row in batch["labels"]]
    assert learnt[0].lstrip("<").startswith("reflection>")
    assert learnt[1].startswith(FIRST)
    assert all(text.endswith("<|im_end|>\n") for text in learnt)


def test_bare_answers_come_first_and_each_round_has_every_row(taught: Path) -> None:
    lengths = Lengths(load(str(taught / "student")).processor)
    recipe = RECIPE.model_copy(update={"sft": Supervised(bare=2, epochs=1.5)})
    made = lessons([taught / "rows.parquet"], recipe, lengths, {"0#0": False}, taught / "cache")
    assert (made.used, made.ordered) == (4, True)
    assert ["<think>" in str(row["completion"]) for row in made.rows] == [False] * 8 + [True] * 6
    masked = [row["context"] != 0 for row in made.rows]
    assert (sum(masked[:8]), sum(masked[8:12])) == (0, 1)  # one row in each round has a wrong first answer
    loaded = load(str(taught / "student"))
    learnt = StageAware(loaded.processor)([dict(made.rows[0])])["labels"]
    assert loaded.processor.tokenizer.decode(learnt[learnt != IGNORED]) == f"{bare(SAID)}<|im_end|>\n"


def test_a_training_goes_through_its_rounds_in_their_order(tmp_path: Path) -> None:
    sft = Supervised(learning_rate=1e-2, bare=3, epochs=2.0, batch=4)
    asked = lesson(tmp_path, recipe=RECIPE.model_copy(update={"sft": sft}))
    card = train(asked, *prepared(asked), silent)
    assert (card.steps, card.counts.used) == (5, 4)
    losses = [value for _, value in curve(read_journal(tmp_path / "student/log.jsonl"), "loss")]
    assert losses[2] < losses[0]
    assert losses[3] > losses[2]  # the thoughts are new to it


def test_tags_and_numbers_are_pieces_and_phrases_may_be(taught: Path) -> None:
    tokenizer = load(str(taught / "student")).processor.tokenizer
    pieces = [tokenizer.decode([number]) for number in tokenizer(SAID)["input_ids"]]
    assert "".join(pieces) == SAID
    assert {"<think>", "</answer>", "</verdict>", "1", ".0", "It was bright."} <= set(pieces)


def test_lengths_are_those_of_the_batch(taught: Path) -> None:
    loaded = load(str(taught / "student"))
    made = lessons([taught / "rows.parquet"], RECIPE, Lengths(loaded.processor), {}, taught / "cache")
    batch = StageAware(loaded.processor)([dict(made.rows[0])])
    assert batch["input_ids"].shape[1] - 2 == made.longest  # the mark of the end and its line break


def test_rows_that_are_too_long_are_left_out_and_counted(taught: Path, tmp_path: Path) -> None:
    lengths = Lengths(load(str(taught / "student")).processor)
    short = RECIPE.model_copy(update={"data": Data(frames=2, height=28, longest=64)})
    with pytest.raises(ConfigError, match=rf"4 {TOO_LONG}; the shortest has \d+ tokens, and data.longest is 64$"):
        lessons([taught / "rows.parquet"], short, lengths, {}, taught / "cache")
    alone = shard(tmp_path / "first.parquet", said=FIRST)
    made = lessons([alone], RECIPE, lengths, {"0#0": False}, tmp_path)
    assert (len(made.rows), made.left_out) == (3, {NO_LESSON: 1})


def test_a_clip_is_asked_once(taught: Path, tmp_path: Path) -> None:
    lengths = Lengths(load(str(taught / "student")).processor)
    made = prompts([shard(tmp_path / "rft.parquet", first=("a", "b"))], RECIPE, lengths, tmp_path)
    assert (len(made.rows), made.left_out) == (2, {ASKED_BEFORE: 2})
    talkative = RECIPE.model_copy(update={"grpo": Reinforced(longest=40_000)})
    with pytest.raises(ConfigError, match=r"data.longest is [\d,]+, of which a completion has 40,000 \(grpo.longest\)"):
        prompts([tmp_path / "rft.parquet"], talkative, lengths, tmp_path)


def test_a_student_is_shown_frames_as_it_was_taught_them(taught: Path) -> None:
    recipe = RECIPE.model_copy(update={"data": RECIPE.data.model_copy(update={"still": 0.0})})
    student = Student.load(taught / "student")
    made = lessons([taught / "rows.parquet"], recipe, Lengths(student.loaded.processor), {}, taught / "cache")
    shown = made.rows[0]["images"]
    assert isinstance(shown, list)
    asked = Asked.of([0.5, 1.5, 2.5, 3.5], [picture(40 * shade) for shade in range(4)], QUESTION)
    again = Student(student.card.model_copy(update={"recipe": recipe}), student.loaded).begin(asked).pictures
    assert list(again) == shown
    assert [each.getpixel((0, 0)) for each in shown] == [(GREY - 40,) * 3, (GREY + 40,) * 3]


def test_a_student_answers_the_same_twice(taught: Path) -> None:
    student = Student.load(taught / "student")
    asked = Asked.of([0.5, 1.5], [picture(0), picture(200)], QUESTION)
    once = student.complete([asked, asked, asked], longest=12, batch=2)
    assert len(set(once)) == 1
    assert student.complete([asked], longest=12) == once[:1]


def test_rewards_move_a_student_on_from_a_checkpoint(taught: Path, tmp_path: Path) -> None:
    asked = lesson(tmp_path, kind="grpo", model=str(taught / "student"))
    card = train(asked, *prepared(asked), silent)
    assert {one.name for one in card.results} >= {"reward", "rewards/strict_format/mean", "rewards/effectiveness/mean"}
    assert card.steps == 2


def test_an_adapter_is_trained_resumed_and_merged(tmp_path: Path) -> None:
    recipe = Training(
        name="adapter",
        bf16=False,
        save_steps=1,
        data=Data(frames=2, height=28, tags=Tags(think="thought")),
        lora=Lora(rank=2, alpha=4),
        sft=Supervised(learning_rate=1e-2, steps=1, batch=1),
    )
    asked = lesson(tmp_path, recipe=recipe)
    train(asked, *prepared(asked), silent)
    assert (tmp_path / "student/adapter_config.json").is_file()
    student = Student.load(tmp_path / "student")
    assert student.complete([Asked.of([0.5], [picture(0)], QUESTION)], longest=2)
    with pytest.raises(ConfigError, match="trained to its end"):
        asked.beginning.check(resume=True)
    (tmp_path / "student/adapter_model.safetensors").rename(tmp_path / "student/adapter_model.bin")
    with pytest.raises(ConfigError, match="weights that are pickled are not read"):
        load(str(tmp_path / "student"))


def test_pickled_weights_are_not_read(taught: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pickled"
    copytree(taught / "student", folder)
    (weights,) = folder.glob("*.safetensors")
    torch.save(load_file(weights), folder / "pytorch_model.bin")
    load(str(folder))
    weights.unlink()
    with pytest.raises(ConfigError, match="no model with vision that transformers can load"):
        load(str(folder))


def killed(folder: Path, **rest: object) -> Lesson:
    """A training of four steps, as one leaves it that is killed in its fourth; a state is kept of every second."""
    asked = lesson(folder, **rest)
    train(asked, *prepared(asked), silent)
    out = folder / "student"
    (out / "run.json").unlink()
    rmtree(out / "steps/checkpoint-4")
    (out / "model.safetensors").unlink(missing_ok=True)
    with (out / "log.jsonl").open("a") as log:
        log.write('{"step": 5, "figu')
    return asked


def test_a_training_that_was_killed_comes_to_the_same_weights(taught: Path, tmp_path: Path) -> None:
    said: list[str] = []
    going = killed(tmp_path).resumed(said.append)
    assert (going.state, said) == (tmp_path / "student/steps/checkpoint-2", [])
    card = train(going, *prepared(going), silent)
    assert (card.steps, card.model) == (4, "tiny")
    whole, again = (load_file(folder / "student/model.safetensors") for folder in (taught, tmp_path))
    assert all(torch.equal(whole[name], again[name]) for name in whole)
    once, twice = (read_journal(folder / "student/log.jsonl") for folder in (taught, tmp_path))
    assert curve(once, "loss") == curve(twice, "loss")
    assert card.seconds >= round(twice[-1].seconds, 1)
    assert twice[-1].seconds > 0
    assert not list((tmp_path / "student/steps").rglob("README.md"))
    assert not list((tmp_path / "student").glob("*.bin"))


def test_reinforcement_goes_on_from_the_weights_of_its_state(taught: Path, tmp_path: Path) -> None:
    asked = lesson(tmp_path, kind="grpo", model=str(taught / "student"))
    train(asked, *prepared(asked), silent)
    (tmp_path / "student/run.json").unlink()
    state = tmp_path / "student/steps/checkpoint-2/model.safetensors"
    kept = load_file(state)
    (name,) = (name for name in kept if "embed_tokens" in name)
    kept[name] += 1  # rewards of so young a student move nothing
    save_file(kept, state, {"format": "pt"})
    going = asked.resumed(ignored)
    train(going, *prepared(going), silent)
    assert torch.equal(load_file(tmp_path / "student/model.safetensors")[name], kept[name])


def test_a_state_that_is_cut_short_is_left_out(tmp_path: Path) -> None:
    asked = killed(tmp_path, recipe=RECIPE.model_copy(update={"save_steps": 1}))
    steps = tmp_path / "student/steps"
    said: list[str] = []
    assert asked.resumed(said.append).state == steps / "checkpoint-3"
    (steps / "checkpoint-3/optimizer.pt").write_bytes(b"cut")
    assert asked.resumed(said.append).state is None  # two are kept, and the fourth is gone
    assert said[0].endswith("checkpoint-3: was not written to its end, and is removed")
    assert said[1].endswith("no state is kept there so far; it begins at the first step")
    assert train(asked, *prepared(asked), silent).steps == 4


def test_a_training_goes_on_only_as_it_was_begun(tmp_path: Path) -> None:
    asked = killed(tmp_path)
    for change, other in [
        ({"recipe": RECIPE.model_copy(update={"seed": 1})}, "another recipe"),
        ({"kind": "grpo"}, "another kind"),
        ({"model": "m", "taught": TAUGHT.model_copy(update={"shards": ("b",)})}, "another model and another release"),
    ]:
        with pytest.raises(ConfigError, match=f"was begun with {other}; it cannot go on so"):
            replace(asked, **change).beginning.check(resume=True)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="is not empty"):
        prepared(asked)
    with pytest.raises(ConfigError, match="nothing to go on with"):
        lesson(tmp_path, out=tmp_path / "elsewhere").beginning.check(resume=True)
    with pytest.raises(ConfigError, match="is a file, and a checkpoint is a folder"):
        prepared(lesson(tmp_path, out=tmp_path / "rows.parquet"))


def test_one_of_several_processes_looks_after_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = killed(tmp_path)
    steps = tmp_path / "student/steps"
    (steps / "checkpoint-2/optimizer.pt").write_bytes(b"cut")
    noted = (steps / "training.json").read_bytes()
    monkeypatch.setenv("RANK", "1")
    other = replace(asked, model="m")
    other.beginning.check(resume=True)
    other.beginning.write()
    assert other.resumed(ignored).state is None
    assert (steps / "checkpoint-2").is_dir()
    assert (steps / "training.json").read_bytes() == noted
    monkeypatch.setenv("RANK", "0")
    with pytest.raises(ConfigError, match="another model"):
        other.beginning.check(resume=True)


def test_a_signal_ends_a_training_with_a_state_to_go_on_from(taught: Path, tmp_path: Path) -> None:
    asked = lesson(tmp_path, recipe=RECIPE.model_copy(update={"save_steps": 100}))

    def interrupting(step: int, *_: object) -> None:
        if step == 1:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(HaltedError, match="of 4 is kept") as halted:
        train(asked, *prepared(asked), interrupting)
    assert (halted.value.number, signal.getsignal(signal.SIGTERM)) == (signal.SIGTERM, signal.SIG_DFL)
    going = asked.resumed(ignored)
    assert train(going, *prepared(going), silent).steps == 4
    whole, again = (load_file(folder / "student/model.safetensors") for folder in (taught, tmp_path))
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_a_limit_on_the_length_of_files_is_told(tmp_path: Path) -> None:
    asked = lesson(tmp_path)
    ready = prepared(asked)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # the weights take more
    try:
        with pytest.raises(ConfigError, match=r"student: a file may not be so long there .*; see to `ulimit -f`, and"):
            train(asked, *ready, silent)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_weights_that_are_not_whole_are_refused(taught: Path, tmp_path: Path) -> None:
    copytree(taught / "student", tmp_path / "s")
    place = tmp_path / "s/model.safetensors"
    assert place.stat().st_mode == (tmp_path / "s/config.json").stat().st_mode
    weights = load_file(place)
    some = {name: one for name, one in weights.items() if "layers.1." not in name}
    save_file(some, place, {"format": "pt"})
    with pytest.raises(ConfigError, match=r"lack the weights .*layers\.1\..* and \d+ more"):
        load(str(tmp_path / "s"))
    save_file(weights, place, {"format": "pt"})
    load(str(tmp_path / "s"))
    place.write_bytes(place.read_bytes()[:5000])
    with pytest.raises(ConfigError, match="no model with vision that transformers can load"):
        load(str(tmp_path / "s"))


def test_an_adapter_for_layers_that_are_not_there_is_told(tmp_path: Path) -> None:
    asked = lesson(tmp_path, recipe=RECIPE.model_copy(update={"lora": Lora(rank=2, targets=("q_proj", "bogus"))}))
    with pytest.raises(ConfigError, match=r"the model has no layer 'bogus'; it has .*q_proj"):
        train(asked, *prepared(asked), silent)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": "/nowhere/at/all"}, "no model with vision"),
        (
            {"kind": "grpo", "recipe": RECIPE.model_copy(update={"grpo": Reinforced(batch=3, generations=2)})},
            "must be a multiple of grpo.generations",
        ),
    ],
)
def test_what_cannot_be_trained_is_told_first(tmp_path: Path, change: Mapping[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        prepared(lesson(tmp_path, **change))


def test_a_tracker_that_is_not_installed_is_told_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trackers, "get_available_reporting_integrations", lambda: ["tensorboard"])
    check_trackers(())
    check_trackers(("all",))
    check_trackers(("tensorboard", "flyte"))
    with pytest.raises(ConfigError, match="--tracker wandb: is not installed here"):
        check_trackers(("tensorboard", "wandb"))


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "student").mkdir()
    (tmp_path / "student/mine.txt").write_text("dear")
    with pytest.raises(ConfigError, match="is not empty"):
        prepared(lesson(tmp_path))


def test_every_line_of_the_journal_is_json(taught: Path) -> None:
    lines = (taught / "student/log.jsonl").read_text().splitlines()
    assert all(json.loads(line)["step"] >= 1 for line in lines)

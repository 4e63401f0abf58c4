import json
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rocot.core.withdrawal import Withdrawn
from rocot.errors import ConfigError
from rocot.recipe import Folder, Recipe
from rocot.recipe_file import load_recipe, shipped, spelt, write_withdrawn
from rocot.student.recipe import Training
from rocot.toml_faults import WORDS

GOLDEN = Path(__file__).parent / "golden"
SMALL = '[release]\nname = "a"\n[[sources]]\nkind = "scenes"\n'


def write(folder: Path, text: str | bytes) -> str:
    path = folder / "recipe.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def refusal(path: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_recipe(path)
    return str(caught.value)


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_recipe_loads_by_its_name(name: str) -> None:
    assert load_recipe(name).release.name == name


def test_all_faults_of_a_file_are_told_at_once() -> None:
    told = refusal(str(GOLDEN / "faulty_recipe.toml"))
    assert told.replace(f"{GOLDEN}/", "") + "\n" == (GOLDEN / "faulty_recipe.txt").read_text(encoding="utf-8")


def test_no_secret_is_echoed() -> None:
    told = refusal(str(GOLDEN / "faulty_recipe.toml"))
    assert "canary" not in told
    assert "keys come from the environment" in told


def test_every_pattern_of_the_recipe_has_words() -> None:
    schema = json.dumps([Recipe.model_json_schema(), Training.model_json_schema()])
    used = {json.loads(f'"{pattern}"') for pattern in re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', schema)}
    assert used == set(WORDS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = = 1", "not TOML: Invalid value (at line 1, column 5)"),
        (SMALL + "[release]\n", "not TOML: Cannot declare"),
        ("a = " + "9" * 5000, "not TOML: "),
        ("a = " + "[" * 5000, "not TOML"),
        (b"\xff\xfea", "not UTF-8 text (line 1); save it as UTF-8"),
        (b"[release]\nname = '\xe9'", "not UTF-8 text (line 2); save it as UTF-8"),
        (b" " * 1_000_001, "over 1000 kB"),
        ("", "release: missing"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused_with_its_line(tmp_path: Path, text: str | bytes, words: str) -> None:
    path = write(tmp_path, text)
    assert refusal(path).startswith(path)
    assert words in refusal(path)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    assert load_recipe(write(tmp_path, b"\xef\xbb\xbf" + SMALL.encode())).release.name == "a"


def test_a_missing_recipe_names_what_was_perhaps_meant(tmp_path: Path) -> None:
    path = write(tmp_path, SMALL)
    assert "did you mean scenes?" in refusal("scene")
    assert f"did you mean {path}?" in refusal(str(tmp_path / "recipee.toml"))
    assert f"is a folder, not a recipe; did you mean {path}?" in refusal(str(tmp_path))
    assert "no such recipe" in refusal("/dev/zero")


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "~nobody-of-that-name/a.toml"])
def test_a_name_that_no_file_can_have_is_refused(name: str) -> None:
    assert "recipe" in refusal(name)


def test_relative_paths_start_at_the_files_folder(tmp_path: Path) -> None:
    text = (
        '[release]\nname = "a"\n[[sources]]\nkind = "folder"\nname = "own"\nvideos = "clips"\n'
        'annotations = "../spans.csv"\n[prompts]\nfolder = "words"\n'
    )
    recipe = load_recipe(write(tmp_path, text))
    (source,) = recipe.sources
    assert isinstance(source, Folder)
    assert source.videos == tmp_path / "clips"
    assert source.annotations == tmp_path / ".." / "spans.csv"
    assert recipe.prompts.folder == tmp_path / "words"


@pytest.mark.parametrize("value", ["true", '"3"', "3.0", "inf", "nan", "1979-05-27", "[3]", "{ a = 3 }"])
def test_what_is_no_whole_number_is_no_count(tmp_path: Path, value: str) -> None:
    path = write(tmp_path, f"{SMALL}[teacher]\nrollouts = {value}\n")
    assert refusal(path).startswith(f"{path}: 1 thing to fix\n  teacher.rollouts: must be ")


def test_where_it_runs_is_no_part_of_a_recipe(tmp_path: Path) -> None:
    path = write(tmp_path, SMALL + '[teacher]\nbase_url = "http://localhost:8000/v1"\n')
    assert "it changes no data and is set by --base-url" in refusal(path)


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        ('policy = "fps"', 'frames: policy "fps" wants fps, the frames a second'),
        ("fps = 2.0", 'frames: fps goes with policy = "fps" (got 2 with "uniform")'),
        ('policy = "fps"\nfps = 0', "frames.fps: must be greater than 0 (got 0)"),
        ("snap = 0.6", "frames.snap: must be less than or equal to 0.5 (got 0.6)"),
        ('reader = "decord"\nsnap = 0.2', 'frames: snap and damaged = "partial" go with reader = "av"'),
        ('damaged = "skip"', 'frames.damaged: must be fail or partial (got "skip")'),
    ],
)
def test_frames_that_cannot_be_sampled_are_refused(tmp_path: Path, frames: str, words: str) -> None:
    assert words in refusal(write(tmp_path, f"{SMALL}[frames]\n{frames}\n"))


def test_a_recipe_reads_back_as_it_was_stored(tmp_path: Path) -> None:
    recipe = load_recipe(write(tmp_path, SMALL + '[frames]\npolicy = "fps"\nfps = 2.0\nsnap = 0.25\n'))
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe
    assert recipe.frames.count == 16


FOLDER = '[release]\nname = "a"\n[[sources]]\nkind = "folder"\nname = "f"\nvideos = "v"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (SMALL + '[task]\nkind = "qa"\n[teacher]\nmodel = "scripted"\n', "the source scenes has no questions"),
        (FOLDER + '[task]\nkind = "qa"\n[teacher]\nmodel = "scripted"\n', "give a folder a CSV of questions"),
        (FOLDER + 'questions = "q.csv"\n[task]\nkind = "qa"\n', "the embedded teacher answers the tasks grounding and"),
        (SMALL + '[task]\nkind = "reasoning"\n[teacher]\nmodel = "scripted"\n[reviser]\n', "the embedded reviser"),
        (FOLDER + 'questions = "q.csv"\n', "the questions of f go with task.kind"),
        (SMALL + "[task]\nseed = 3\n", "seed and balance_lengths go with kind"),
        (SMALL + f'[task]\nkind = "qa"\nseed = {10**20}\n', "task.seed: must be less than or equal to"),
        (SMALL + f"[teacher]\nmax_tokens = {10**20}\n", "teacher.max_tokens: must be less than or equal to"),
        (SMALL + '[task]\nkind = "quiz"\n', "task.kind"),
    ],
)
def test_a_task_that_its_sources_or_teachers_cannot_serve_is_refused(tmp_path: Path, text: str, told: str) -> None:
    assert told in refusal(write(tmp_path, text))


@given(st.text(min_size=1, max_size=40), st.text(max_size=40))
def test_a_tombstone_is_read_back_as_it_was(name: str, reason: str) -> None:
    assume(not any(0xD800 <= ord(letter) <= 0xDFFF for letter in name + reason))
    one = Withdrawn(id=name, reason=reason)
    assert tomllib.loads(spelt(one)) == {"withdrawn": [one.model_dump(exclude_defaults=True)]}


def test_tombstones_are_added_once_and_all_else_in_the_file_stays(tmp_path: Path) -> None:
    path = Path(write(tmp_path, f"# mine\n{SMALL}"))
    gone = Withdrawn(id="scenes/a", reason='"quoted"')
    write_withdrawn(path, [gone])
    write_withdrawn(path, [gone, Withdrawn(id="scenes/b")])
    assert path.read_text().startswith(f"# mine\n{SMALL}")
    assert load_recipe(str(path)).withdrawn == (gone, Withdrawn(id="scenes/b"))
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_recipe_gets_no_tombstone(tmp_path: Path) -> None:
    path = Path(write(tmp_path, "other = 1\n"))
    with pytest.raises(ConfigError, match="no such setting"):
        write_withdrawn(path, [Withdrawn(id="scenes/a")])
    assert path.read_text() == "other = 1\n"


@pytest.mark.parametrize("version", ["1.0", "v1.0.0", "1.0.0+build", "01.0.0"])
def test_a_version_that_is_not_semantic_is_told_what_is(tmp_path: Path, version: str) -> None:
    text = SMALL.replace('name = "a"', f'name = "a"\nversion = "{version}"')
    told = f'release.version: must be a semantic version such as 0.1.0 or 1.0.0-rc.1 (got "{version}")'
    assert told in refusal(write(tmp_path, text))


def test_a_pre_release_is_a_version(tmp_path: Path) -> None:
    text = SMALL.replace('name = "a"', 'name = "a"\nversion = "1.0.0-rc.1"')
    assert load_recipe(write(tmp_path, text)).release.version == "1.0.0-rc.1"


def checkpoint(folder: Path) -> str:
    (folder / "first").mkdir(exist_ok=True)
    (folder / "first/config.json").write_text("{}")
    return SMALL + '[teacher]\nmodel = "hf:first"\n'


def test_a_checkpoint_is_named_by_its_files_and_not_by_where_it_lies(tmp_path: Path) -> None:
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
    here, there = (load_recipe(write(tmp_path / place, checkpoint(tmp_path / place))) for place in ("here", "there"))
    assert here.teacher.folder == tmp_path / "here/first"
    assert here.teacher.name == there.teacher.name == f"hf:first@{here.teacher.checkpoint[:16]}"
    (tmp_path / "there/first/model.safetensors").write_text("w")
    assert load_recipe(str(tmp_path / "there/recipe.toml")).teacher.name != here.teacher.name
    assert here.teacher.speaks == "tagged"


def test_a_checkpoint_that_is_stated_must_be_that_one(tmp_path: Path) -> None:
    text = checkpoint(tmp_path)
    known = load_recipe(write(tmp_path, text)).teacher.checkpoint
    stated = load_recipe(write(tmp_path, f'{text}checkpoint = "{known}"\n'))
    assert stated.teacher.checkpoint == known
    (tmp_path / "first/config.json").write_text("[]")
    told = refusal(str(tmp_path / "recipe.toml"))
    assert "teacher.model" in told
    assert "is not the checkpoint that is stated" in told
    (tmp_path / "first/config.json").unlink()
    (tmp_path / "first").rmdir()
    assert load_recipe(str(tmp_path / "recipe.toml")).teacher.checkpoint == known  # enough for a plan


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('model = "hf:gone"', "teacher.model: "),
        ('model = "hf:gone"\ndialect = "json"', "takes no JSON schema"),
        (f'model = "scripted"\ncheckpoint = "{"0" * 64}"', 'checkpoint goes with model = "hf:..."'),
        ('model = "hf:first"\ncheckpoint = "abc"', "must be the sha256 of a checkpoint"),
    ],
)
def test_a_checkpoint_that_cannot_answer_is_told(tmp_path: Path, lines: str, said: str) -> None:
    assert said in refusal(write(tmp_path, f"{SMALL}[teacher]\n{lines}\n"))

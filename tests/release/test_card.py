"""The card: what the Hub reads of it, what people read of it, and what hostile text does to it, which is nothing."""

import hashlib
import json
import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
import yaml
from datasets import load_dataset
from huggingface_hub import DatasetCard, DatasetCardData
from markdown_it import MarkdownIt

from rocot.assets import load_prompts
from rocot.core.truth import Truth
from rocot.recipe import Asking, Folder, Imported, Recipe, Release, Scenes
from rocot.release.card import card
from rocot.release.configs import split_names
from rocot.release.export import Exported, export
from rocot.release.manifest import read_manifest
from rocot.release.validate import validate
from rocot.sources.manifest.file import Header, Manifest, SplitHeader, write
from tests.builders import CLASSES, corrupted, fight, many, wordy
from tests.release.test_export import FLOW, LOST, RECIPE, samples

GOLDEN = Path(__file__).parents[1] / "golden" / "card.md"
HOSTILE = (
    "x\n---\nlicense: mit\n# y <script>alert(1)</script> [z](https://evil.example) | `a` ``` {{ 7 * 7 }} *b* \u202e"
)


def carded(
    run: Path, recipe: Recipe = RECIPE, split: str = "train", count: int = 20, *, controls: bool = False
) -> Exported:
    """A release with its card."""
    made = partial(card, recipe=recipe, used=load_prompts())
    return export(run, recipe, FLOW, samples([LOST, *many(count, split)], split), card=made, controls=controls)


def text_of(run: Path) -> str:
    return (run / "release" / "README.md").read_text(encoding="utf-8")


def unkept(run: Path, split: str = "train", count: int = 3) -> None:
    """A split with its card, of which nothing is kept."""
    broken = [wordy(corrupted(f"v{at}", split=split), at).judged() for at in range(count)]
    made = partial(card, recipe=RECIPE, used=load_prompts())
    export(run, RECIPE, FLOW, samples(broken, split), card=made)


def loaded(run: Path) -> dict[str, int]:
    """What the calls that the card prints give: rows by config and split; and what comes without a name."""
    where, cache = str(run / "release"), str(run / "hf")
    calls = re.findall(r'load_dataset\("org/name", "(\w+)", split="([\w.]+)"\)', text_of(run))
    found = {f"{config} {split}": load_dataset(where, config, split=split, cache_dir=cache) for config, split in calls}
    rows = {name: part.num_rows for name, part in found.items()}
    return {**rows, "": sum(part.num_rows for part in load_dataset(where, cache_dir=cache).values())}


def yaml_of(text: str) -> dict[str, object]:
    found = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    assert found is not None
    loaded = yaml.safe_load(found[1])
    assert isinstance(loaded, dict)
    return loaded


def imported(folder: Path, dataset: str, **said: str) -> Imported:
    """A source that was imported, without records."""
    words = {"title": dataset, "terms": "none stated", "licence": "none stated", "citation": "@misc{x}", **said}
    header = Header(
        dataset=dataset,
        rocot="0.1.0",
        classes=CLASSES,
        common=CLASSES,
        splits=(SplitHeader(native="train", common="train", official=True),),
        redistribute_frames=False,
        stated="seconds.",
        **words,
    )
    path = folder / f"{dataset}.parquet"
    write(path, Manifest(header, ()))
    return Imported(kind="manifest", name=dataset, manifest=path, videos=folder)


def of(*sources: Scenes | Folder | Imported, model: str = "embedded") -> Recipe:
    return Recipe(release=Release(name="tiny"), sources=sources, teacher=Asking(model=model))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("run")
    carded(run)
    carded(run, split="test", count=9, controls=True)
    return run


def test_the_card_of_rendered_scenes_is_as_it_was(made: Path) -> None:
    """If not: look at it in a browser, and write tests/golden/card.md anew."""
    assert text_of(made) == GOLDEN.read_text(encoding="utf-8")


def test_the_hubs_own_classes_and_a_plain_parser_read_the_same(made: Path) -> None:
    text = text_of(made)
    read = DatasetCard(text)
    assert isinstance(read.data, DatasetCardData)
    told = yaml_of(text)
    assert yaml.safe_load(read.data.to_yaml()) == told
    assert told["license"] == "apache-2.0"
    assert told["task_categories"] == ["video-text-to-text"]
    assert told["size_categories"] == ["n<1K"]
    assert "extra_gated_prompt" not in told
    assert str(read) == text  # what the Hub's tools write back is what was there


def test_every_config_of_the_card_is_loaded(made: Path, tmp_path: Path) -> None:
    where, cache = str(made / "release"), str(tmp_path)
    everything = load_dataset(where, "all", cache_dir=cache)
    assert {name: part.num_rows for name, part in everything.items()} == {"train": 20, "test": 9}
    learnt = load_dataset(where, split="train", cache_dir=cache)
    assert learnt[:] == load_dataset(where, "sft", split="train", cache_dir=cache)[:]
    assert {"prompt", "completion"} <= set(learnt.column_names)
    assert load_dataset(where, "rft", split="test", cache_dir=cache).num_rows == 6
    held = load_dataset(where, "controls", split="test", cache_dir=cache)
    assert held.num_rows > 0


def test_a_split_takes_no_files_of_a_longer_name(tmp_path: Path) -> None:
    carded(tmp_path, split="train")
    carded(tmp_path, split="train-extra", count=6)
    loaded = load_dataset(str(tmp_path / "release"), "all", cache_dir=str(tmp_path / "hf"))
    assert {name: part.num_rows for name, part in loaded.items()} == {"train": 20, "train_extra": 6}
    assert "in file names `train-extra`" in text_of(tmp_path)


def test_splits_have_names_that_datasets_takes() -> None:
    names = split_names(["a-b", "a_b", "a.b", "a..b", ".", "train", "all", "all_"])
    assert len(set(names.values())) == len(names)
    assert all(re.fullmatch(r"\w+(\.\w+)*", name) for name in names.values()), names
    assert names["train"] == "train"
    assert names["all"] == "all_"


def test_a_split_called_all_is_loaded_by_another_name(tmp_path: Path) -> None:
    carded(tmp_path, split="all")
    assert loaded(tmp_path) == {"all all_": 20, "sft all_": 14, "rft all_": 14, "": 14}
    assert "`all_` (in file names `all`), 20 rows" in text_of(tmp_path)


def test_a_release_of_which_nothing_is_kept_loads_all_rows_without_a_name(tmp_path: Path) -> None:
    unkept(tmp_path)
    assert loaded(tmp_path) == {"all train": 3, "": 3}
    text = text_of(tmp_path)
    assert "| `all` (default) | 3 |" in text
    assert "No row is kept for training; what came out, below, tells why." in text
    assert "`sft`" not in text


def test_a_config_has_the_splits_alone_that_have_rows_in_it(tmp_path: Path) -> None:
    carded(tmp_path, split="test", count=9)
    unkept(tmp_path)
    assert loaded(tmp_path) == {"all train": 3, "sft test": 6, "rft test": 6, "": 6}


def test_a_card_of_no_rows_says_that_there_is_nothing_to_load(tmp_path: Path) -> None:
    carded(tmp_path, count=0)
    assert "configs" not in yaml_of(text_of(tmp_path))
    assert "There is nothing to load: no row is in it." in text_of(tmp_path)
    assert "load_dataset" not in text_of(tmp_path)


def test_its_numbers_are_those_of_the_shards(made: Path) -> None:
    rows = pd.read_parquet(made / "release" / "data")
    text = text_of(made)
    counts = rows.groupby("outcome")["split"].value_counts()
    assert f"| corrected | wrong, then right | {counts['corrected', 'test']} | {counts['corrected', 'train']} |" in text
    kept = rows.groupby("split")["kept"].sum()
    assert f"| **kept for training** | | {kept['test']} | {kept['train']} |" in text
    right = rows["scores"].map(lambda scores: scores["revised_right"]).astype(bool).mean()
    assert f"revised answer right (Acc@t2) | {100 * right:.1f} %" in text
    assert "| sample frames: unreadable | 2 |" in text


@pytest.mark.parametrize(
    ("truths", "told"),
    [
        ([True, True], "and both answers graded against the ground truth."),
        ([True, False], "and both answers graded against the ground truth, where it is known."),
        ([False, False], "and both answers, ungraded, as no truth is known."),
        ([], "and both answers graded against the ground truth."),
    ],
)
def test_answers_are_said_to_be_graded_where_they_are(tmp_path: Path, truths: list[bool], told: str) -> None:
    rows = [fight(f"v{at}") if known else fight(f"v{at}").but(truth=Truth()) for at, known in enumerate(truths)]
    made = partial(card, recipe=RECIPE, used=load_prompts())
    export(tmp_path, RECIPE, FLOW, samples([row.judged() for row in rows]), card=made)
    assert told in text_of(tmp_path)


SEEDED = """
import sys, pathlib
from tests.release.test_card import carded
carded(pathlib.Path(sys.argv[1]))
"""


def test_equal_runs_have_equal_cards_and_plots(tmp_path: Path) -> None:
    found = []
    for seed in ("0", "7"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])}
        subprocess.run([sys.executable, "-c", SEEDED, str(tmp_path / seed)], env=env, check=True)
        release = tmp_path / seed / "release"
        files = [release / "README.md", release / "manifest.json", *sorted((release / "plots").iterdir())]
        found.append({path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files})
    assert found[0] == found[1]
    assert set(found[0]) == {"README.md", "manifest.json", "outcomes.svg", "tiou.svg"}


def test_the_manifest_answers_for_the_card_and_its_plots(tmp_path: Path) -> None:
    carded(tmp_path)
    listed = read_manifest(tmp_path / "release")
    assert listed is not None
    shown = [file.path for file in listed.listed if not file.path.endswith(".parquet")]
    assert shown == ["README.md", "plots/outcomes.svg", "plots/tiou.svg"]
    assert validate(tmp_path).exit_code == 0
    for name in ("README.md", "plots/tiou.svg"):
        path = tmp_path / "release" / name
        before = path.read_bytes()
        path.write_bytes(before[:-1] + b"x")
        assert [problem.where for problem in validate(tmp_path).problems] == [name]
        path.write_bytes(before)


def test_the_strictest_source_stands_on_the_card(tmp_path: Path) -> None:
    scenes = Scenes(kind="scenes")
    for sources, licence in (
        ([scenes], {"license": "apache-2.0"}),
        ([scenes, imported(tmp_path, "cuva")], {"license": "cc-by-nc-sa-4.0"}),
        (
            [imported(tmp_path, "cuva"), imported(tmp_path, "ucf-crime")],
            {
                "license": "other",
                "license_name": "terms-of-ucf-crime",
                "license_link": "https://www.crcv.ucf.edu/projects/real-world/",
            },
        ),
        (
            [imported(tmp_path, "ucf-crime"), imported(tmp_path, "msad")],
            {"license": "other", "license_name": "terms-of-msad", "license_link": "https://msad-dataset.github.io/"},
        ),
        (
            [Folder(kind="folder", name="yard", videos=tmp_path)],
            {"license": "other", "license_name": "terms-of-yard"},
        ),
    ):
        run = tmp_path / licence.get("license_name", licence["license"])
        carded(run, of(*sources), count=4)
        told = yaml_of(text_of(run))
        assert {name: value for name, value in told.items() if name.startswith("license")} == licence


UNKNOWN = "Nothing but what stands above is known of what may be done with the videos of "
LICENSED = "Every source has a licence."
LICENSED_OR_GIVEN = "Every source has a licence, or terms that let its frames be given on."
RESEARCH = "uca allows academic research alone"


def folder(**said: object) -> Folder:
    return Folder.model_validate({"kind": "folder", "name": "yard", "videos": Path("videos"), **said})


@pytest.mark.parametrize(
    ("source", "told", "licence"),
    [
        (folder(), UNKNOWN, "terms-of-yard"),
        (folder(terms="ask us"), UNKNOWN, "terms-of-yard"),
        (folder(licence="CC-BY-4.0"), LICENSED, "terms-of-yard"),
        (folder(licence="CC-BY-4.0", terms="ask us"), LICENSED, "terms-of-yard"),
        (folder(terms="ask us", redistribute_frames=True), LICENSED_OR_GIVEN, "terms-of-yard"),
        (folder(licence="CC-BY-4.0", terms="ask us", redistribute_frames=True), LICENSED, "terms-of-yard"),
        ("gate-cams", UNKNOWN, "terms-of-gate-cams"),
        ("ucf-crime", UNKNOWN, "terms-of-ucf-crime"),
        ("cuva", LICENSED, None),
        ("uca", RESEARCH, "terms-of-uca"),
    ],
)
def test_what_the_card_says_of_licences_is_so(
    tmp_path: Path, source: Folder | str, told: str, licence: str | None
) -> None:
    """Beside rendered scenes, whose licence stands for no other."""
    other = source if isinstance(source, Folder) else imported(tmp_path, source, licence="MIT")
    carded(tmp_path, of(Scenes(kind="scenes"), other), count=4)
    assert [one for one in (UNKNOWN, LICENSED, LICENSED_OR_GIVEN, RESEARCH) if one in text_of(tmp_path)] == [told]
    assert yaml_of(text_of(tmp_path)).get("license_name") == licence


def test_what_terms_demand_is_asked_before_access(tmp_path: Path) -> None:
    carded(tmp_path / "a", of(imported(tmp_path, "msad")), count=4)
    told = yaml_of(text_of(tmp_path / "a"))
    assert "msad" in str(told["extra_gated_prompt"])
    assert "I will use it for academic research alone" in dict(told["extra_gated_fields"])  # type: ignore[call-overload]
    assert "forbids passing on what is derived from it" in text_of(tmp_path / "a")
    carded(tmp_path / "b", of(imported(tmp_path, "ucf-crime")), count=4)
    assert "extra_gated_prompt" not in yaml_of(text_of(tmp_path / "b"))


def test_a_manifest_that_has_gone_leaves_a_card_that_says_so(tmp_path: Path) -> None:
    lost = Imported(kind="manifest", name="mine", manifest=tmp_path / "gone.parquet", videos=tmp_path)
    carded(tmp_path / "a", of(lost), count=4)
    assert "not known" in text_of(tmp_path / "a")
    assert yaml_of(text_of(tmp_path / "a"))["license"] == "other"


def test_who_answered_decides_what_is_to_be_checked(tmp_path: Path) -> None:
    carded(tmp_path / "a", of(Scenes(kind="scenes"), model="openai:Qwen/Qwen2.5-VL-7B-Instruct"), count=4)
    text = text_of(tmp_path / "a")
    assert "| OpenAI |" in text
    assert "Not a language model" not in text
    carded(tmp_path / "b", count=4)
    assert "| OpenAI |" not in text_of(tmp_path / "b")
    assert "Not a language model" in text_of(tmp_path / "b")


def headings(text: str) -> list[str]:
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text.split("\n---\n", 1)[1])
    return [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]


def test_hostile_text_changes_neither_the_yaml_nor_the_page(tmp_path: Path) -> None:
    named = RECIPE.release.model_copy(update={"name": HOSTILE, "version": HOSTILE})
    source = imported(
        tmp_path, "ucf-crime", title=HOSTILE, terms=HOSTILE, licence=HOSTILE, citation=f"{HOSTILE}\n```\n# out"
    )
    recipe = of(source.model_copy(update={"name": HOSTILE}), model=f"openai:{HOSTILE.replace(chr(10), ' ')}")
    recipe = recipe.model_copy(update={"release": named, "allow_leaks": HOSTILE})
    hostile = fight().but(truth=Truth(labels=(HOSTILE, "$\\frac"), spans=()))
    clips = [hostile.judged(), *many(6)]
    made = partial(card, recipe=recipe, used=load_prompts())
    export(tmp_path / "bad", recipe, HOSTILE, samples(sorted(clips, key=lambda item: item.key)), card=made)
    carded(tmp_path / "good", of(imported(tmp_path, "ucf-crime"), model="openai:x"), count=6)

    text, good = text_of(tmp_path / "bad"), text_of(tmp_path / "good")
    told = yaml_of(text)
    assert set(told) == set(yaml_of(good))
    assert told["license"] == "other"
    assert yaml.safe_load(DatasetCard(text).data.to_yaml()) == told
    assert headings(text)[1:] == headings(good)[1:]
    html = MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(text.split("\n---\n", 1)[1])
    assert "<script" not in html
    assert 'href="https://evil' not in html
    assert "\u202e" not in text
    assert "49" not in headings(text)[0]


def test_labels_of_other_scripts_are_drawn_without_a_word(tmp_path: Path) -> None:
    """matplotlib warns of letters that its font lacks, and warnings are errors here."""
    other = [fight(f"w{at}").but(truth=Truth(labels=("打架",), spans=())).judged() for at in range(3)]
    made = partial(card, recipe=RECIPE, used=load_prompts())
    export(tmp_path, RECIPE, FLOW, samples(sorted([*other, *many(6)], key=lambda item: item.key)), card=made)
    assert (tmp_path / "release" / "plots" / "gain.svg").read_text().startswith("<svg ")
    assert "打架" in text_of(tmp_path)


def test_a_release_without_a_card_lists_none(tmp_path: Path) -> None:
    export(tmp_path, RECIPE, FLOW, samples(many(3)))
    assert not (tmp_path / "release" / "README.md").exists()
    told = json.loads((tmp_path / "release" / "manifest.json").read_text())
    assert (told["card"], told["plots"]) == (None, [])

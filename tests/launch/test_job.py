from dataclasses import replace

import pytest

from rocot.assets import load_prompts
from rocot.cli.launching import sbatch_of
from rocot.errors import ConfigError
from rocot.launch.job import gpus_of_a_part, serving
from rocot.launch.slurm import Sbatch
from rocot.recipe import Recipe
from tests.cli.bench import Bench


def recipe(model: str, **more: object) -> Recipe:
    return Recipe.model_validate(
        {"release": {"name": "a"}, "sources": [{"kind": "scenes"}], "teacher": {"model": model}, **more}
    )


def test_servers_are_asked_what_the_recipe_asks_of_their_model() -> None:
    mixed = recipe("openai:tiny", reflector={"model": "openai:lab/big"}, reviser={"model": "embedded"})
    served = serving("lab/big", mixed, load_prompts(), servers=2, gpus=4)
    assert served.roles == ("reflector",)
    assert served.words[:3] == ("vllm", "serve", "lab/big")
    assert served.words[-2:] == ("--tensor-parallel-size", "4")
    assert serving("x/y", recipe("openai:tiny"), load_prompts(), servers=1, gpus=1).roles == (
        "teacher",
        "reflector",
        "reviser",
    )
    with pytest.raises(ConfigError, match=r'nothing of a server that serves lab/big; name it .*"openai:lab/big"'):
        serving("lab/big", recipe("embedded"), load_prompts(), servers=1, gpus=1)


def test_gpus_are_for_models_in_the_parts() -> None:
    assert gpus_of_a_part(recipe("vllm:x"), None) == 1
    assert gpus_of_a_part(recipe("vllm:x"), 2) == 2
    assert gpus_of_a_part(recipe("embedded"), None) == 0
    with pytest.raises(ConfigError, match="--gpus: no model"):
        gpus_of_a_part(recipe("embedded"), 1)


def test_options_of_sbatch_are_for_all_jobs_or_one_kind() -> None:
    said = ("--account=lab", "parts=--time=1:00:00 --mem 8G", "servers=-p 'my gpus'", "merge=--qos=short", "-a b")
    assert sbatch_of(said) == Sbatch(
        all=("--account=lab", "-a", "b"),
        parts=("--time=1:00:00", "--mem", "8G"),
        servers=("-p", "my gpus"),
        merge=("--qos=short",),
    )
    with pytest.raises(ConfigError, match="--sbatch"):
        sbatch_of(("'",))


@pytest.mark.parametrize("said", ["part=--time=1", "parts=time=1", "merge=", "", "job.sh --time=1"])
def test_what_sbatch_would_take_for_the_script_is_refused(said: str) -> None:
    with pytest.raises(ConfigError, match=r"--sbatch: want options .* after parts=, servers= or merge= \(got '"):
        sbatch_of((said,))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--", "--part", "1/2"), "--part after --"),
        (("--", "--workers", "many"), "--workers"),
        (("--", "--colour", "red"), "--colour"),
        (("--servers", "2"), "--servers goes with --serve"),
        (("--serve", "lab/big"), "nothing of a server"),
        (("--work", "a\nb"), "control characters"),
        (("--rocot", ""), "--rocot: want the command that jobs call rocot by, or leave it out (got '')"),
        (("--rocot", "'' -m rocot"), "--rocot: want the command"),
        (("--split", "nosuch"), "--split nosuch: no source of the recipe has it; there is train, test"),
        (("--", "--target-accepted", "4"), "--target-accepted counts the rows of a whole run"),
        (("--", "--prices", "nosuch.toml"), "nosuch.toml: cannot be read"),
        (("--", "--base-url", "ftp://"), "the base URL must start with http://"),
        (("--", "--batch"), "--batch keeps files beside the store"),
        (("--", "--allow-leaks", " "), "--allow-leaks: want a reason"),
        (("--recipe", "own.toml", "--", "--max-cost", "3"), "--max-cost: openai:tiny has no price"),
    ],
)
def test_what_no_part_would_take_is_told_at_once(bench: Bench, words: tuple[str, ...], told: str) -> None:
    bench.lay(model="openai:tiny")
    done = bench.rocot("launch", "slurm", "--parts", "2", "--backup", "kept", *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout


@pytest.mark.parametrize("words", [("--prices", "mine.toml"), ("--prices=mine.toml",)])
def test_jobs_find_the_prices_wherever_they_run(bench: Bench, words: tuple[str, ...]) -> None:
    (bench.folder / "mine.toml").write_text("")
    made = bench.rocot("launch", "slurm", "--parts", "2", "--backup", "kept", "--work", "elsewhere", "--", *words)
    assert made.returncode == 0, made.stderr
    (line,) = [line for line in made.stdout.splitlines() if line.startswith("generate=")]
    assert line.endswith(f"{words[0].removesuffix('mine.toml')}{' ' * (len(words) - 1)}{bench.folder}/mine.toml)")


@pytest.mark.parametrize(("parts", "noted"), [("1000", False), ("1001", True)])
def test_more_parts_than_an_array_of_slurm_has_by_default_are_noted(bench: Bench, parts: str, noted: bool) -> None:
    made = bench.rocot("launch", "slurm", "--parts", parts, "--backup", "kept")
    assert made.returncode == 0
    told = " ".join(made.stderr.split())
    assert ("Slurm takes 1,000 in one array unless its MaxArraySize is raised" in told) == noted
    assert "MaxArraySize" not in made.stdout


@pytest.mark.parametrize("run", ["", " ", "/", "/tmp/.."])
def test_a_merged_run_without_a_name_is_refused(bench: Bench, run: str) -> None:
    refused = bench.rocot("launch", "finish", "--parts", "2", "--backup", "kept", "--run", run)
    assert (refused.returncode, refused.stderr) == (
        2,
        f"rocot: --run: want a folder with a name, or . for the current one (got {run!r})\n",
    )


def test_a_run_is_merged_into_the_current_folder_too(bench: Bench) -> None:
    bench.lay()
    for number in (1, 2):
        words = ("--recipe", "own.toml", "--part", f"{number}/2", "--backup", f"kept/part-{number}-of-2")
        made = bench.rocot("generate", *words)
        assert made.returncode == 0, made.stderr
    own = bench.folder / "mine"
    own.mkdir()
    words = ("--parts", "2", "--backup", str(bench.folder / "kept"), "--run", ".")
    done = replace(bench, folder=own).rocot("launch", "finish", *words)
    assert done.returncode == 0, done.stderr
    assert (own / "run.sqlite").is_file()
    assert (bench.folder / "mine-part-2-of-2" / "run.sqlite").is_file()
    assert (bench.folder / "kept" / "release" / "manifest.json").is_file()

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
    said = ("--account=lab", "parts=--time=1:00:00 --mem 8G", "servers=-p 'my gpus'", "merge=--qos=short", "a=b")
    assert sbatch_of(said) == Sbatch(
        all=("--account=lab", "a=b"),
        parts=("--time=1:00:00", "--mem", "8G"),
        servers=("-p", "my gpus"),
        merge=("--qos=short",),
    )
    with pytest.raises(ConfigError, match="--sbatch"):
        sbatch_of(("'",))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--", "--part", "1/2"), "--part after --"),
        (("--", "--workers", "many"), "--workers"),
        (("--", "--colour", "red"), "--colour"),
        (("--servers", "2"), "--servers goes with --serve"),
        (("--serve", "lab/big"), "nothing of a server"),
        (("--split", "a\nb"), "control characters"),
    ],
)
def test_what_no_part_would_take_is_told_at_once(bench: Bench, words: tuple[str, ...], told: str) -> None:
    done = bench.rocot("launch", "slurm", "--parts", "2", "--backup", "kept", *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout

from pathlib import Path

import pytest
from pydantic import SecretStr

from rocot.core.clip import Clip
from rocot.core.truth import Truth
from rocot.engine.attempt import Attempt
from rocot.errors import ConfigError
from rocot.flow import reflection
from rocot.machine import Machine
from rocot.recipe import Recipe
from rocot.sources.folder import FolderSource
from rocot.sources.scenes.source import ScenesSource
from rocot.tools.described import described
from rocot.tools.listed import sources
from rocot.tools.opened import opened


class NoLedger:
    """Nothing was ever asked."""

    async def add_attempt(self, attempt: Attempt, /) -> None:
        raise AssertionError

    def asked_before(self) -> bool:
        return False

    def reply_to(self, call: str, /) -> bytes | None:
        return None


def no_truth(clip: Clip) -> Truth:  # noqa: ARG001 - the shape of a TruthOf
    return Truth()


def recipe(model: str = "scripted", **more: object) -> Recipe:
    sources = [{"kind": "scenes"}, {"kind": "folder", "name": "own", "videos": "/videos"}]
    return Recipe.model_validate(
        {
            "release": {"name": "a"},
            "sources": sources,
            "teacher": {"model": model, "temperature": 0.3, "seed": 5},
            **more,
        }
    )


def machine(folder: Path, **more: object) -> Machine:
    return Machine.model_validate({"run": folder / "run", "cache": folder / "cache", **more})


@pytest.mark.parametrize("model", ["scripted", "embedded", "openai:m"])
@pytest.mark.parametrize(
    "reflector", [None, {"model": "openai:other", "max_tokens": 7}, {"model": "scripted", "repair": True}]
)
async def test_a_described_plan_has_the_fingerprints_of_the_one_that_is_run(
    tmp_path: Path, model: str, reflector: object
) -> None:
    chosen = recipe(model, reflector=reflector)
    place = machine(tmp_path, base_urls=("http://127.0.0.1:9/v1",))
    async with opened(chosen, place, NoLedger(), no_truth) as tools:
        real = [(step.stage.name, step.fingerprint) for step in reflection(chosen, (), tools)]
    assert real == [(step.stage.name, step.fingerprint) for step in reflection(chosen, (), described(chosen))]


async def test_a_checkpoint_is_described_as_it_is_asked(tmp_path: Path) -> None:
    who = {"model": f"hf:{tmp_path}", "checkpoint": "a" * 64, "dialect": "auto"}
    chosen = recipe(teacher=who)
    async with opened(chosen, machine(tmp_path), NoLedger(), no_truth) as tools:
        assert tools.teacher.model == f"hf:{tmp_path.name}@{'a' * 16}"
        real = reflection(chosen, (), tools).fingerprint
    assert real == reflection(chosen, (), described(chosen)).fingerprint
    other = recipe(teacher={**who, "checkpoint": "b" * 64})
    assert reflection(other, (), described(other)).fingerprint != real
    moved = recipe(teacher={**who, "model": f"hf:/elsewhere/{tmp_path.name}"})
    assert reflection(moved, (), described(moved)).fingerprint == real


async def test_where_it_runs_changes_no_fingerprint(tmp_path: Path) -> None:
    prints = set()
    for number, more in enumerate(
        [
            {"base_urls": ("http://127.0.0.1:9/v1",), "workers": 3},
            {"base_urls": ("http://localhost:10/v1",), "api_key": SecretStr("k" * 20), "deadline": 1.0, "decoders": 2},
        ]
    ):
        async with opened(recipe("openai:m"), machine(tmp_path / str(number), **more), NoLedger(), no_truth) as tools:
            prints.add(reflection(recipe("openai:m"), (), tools).fingerprint)
    assert len(prints) == 1


async def test_one_client_serves_all_asks_of_one_model(tmp_path: Path) -> None:
    async with opened(recipe(), machine(tmp_path), NoLedger(), no_truth) as tools:
        assert tools.teacher is tools.reflector is tools.reviser
        assert tools.teacher.sampling.temperature == 0.3


async def test_each_ask_may_have_a_model_of_its_own(tmp_path: Path) -> None:
    mixed = recipe("openai:student", reflector={"model": "openai:strong"}, reviser={"model": "openai:third"})
    place = machine(tmp_path, base_urls=("http://127.0.0.1:9/v1",))
    async with opened(mixed, place, NoLedger(), no_truth) as tools:
        assert [who.model for who in (tools.teacher, tools.reflector, tools.reviser)] == [
            "openai:student",
            "openai:strong",
            "openai:third",
        ]


def test_another_reviser_asks_the_revisions_again_and_nothing_else() -> None:
    def prints(chosen: Recipe) -> dict[str, str]:
        return {step.stage.name: step.fingerprint for step in reflection(chosen, (), described(chosen))}

    before, after = prints(recipe()), prints(recipe(reviser={"model": "openai:other"}))
    assert {name for name in before if before[name] != after[name]} == {"revise", "judge"}


async def test_a_service_without_a_key_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ROCOT_API_KEY"):
        async with opened(recipe("openai:m"), machine(tmp_path), NoLedger(), no_truth):
            pass


def test_the_sources_stand_in_the_recipes_order(tmp_path: Path) -> None:
    kinds = [type(source) for source in sources(recipe(), machine(tmp_path))]
    assert kinds == [ScenesSource, FolderSource]


def test_describing_a_recipe_needs_no_key() -> None:
    assert described(recipe("openai:m")).teacher.model == "openai:m"


@pytest.mark.parametrize("said", ["much", "0.5", "nan", "inf", "-3"])
def test_a_quota_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("ROCOT_CACHE_QUOTA", said)
    with pytest.raises(ConfigError, match="ROCOT_CACHE_QUOTA: must be a number of gigabytes"):
        machine(tmp_path)


def test_the_quota_stands_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROCOT_CACHE_QUOTA", raising=False)
    assert machine(tmp_path).cache_quota == 20
    monkeypatch.setenv("ROCOT_CACHE_QUOTA", "480.5")
    assert machine(tmp_path).cache_quota == 480.5

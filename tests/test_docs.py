"""What the documents show is what the code does: blocks run, commands parse, settings exist."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import pytest

from rocot.cli import group
from rocot.core.record import Record
from rocot.recipe import Recipe
from rocot.recipe_file import load_recipe
from tests.cli.bench import Bench

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
FENCED = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[object]:
    found = [(path, body) for path in DOCUMENTS for kind, body in FENCED.findall(path.read_text()) if kind == language]
    return [pytest.param(body, id=f"{path.name}-{number}") for number, (path, body) in enumerate(found)]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a small run has taken the place of the README's."""
    folder = tmp_path_factory.mktemp("readme")
    bench = Bench(folder, folder / "cache")
    bench.lay(length=0.25)  # enough clips that some are kept
    done = bench.rocot("generate", "--recipe", "own.toml", "--run", "runs/scenes")
    assert done.returncode == 0, done.stderr
    done = bench.rocot("hydrate", "runs/scenes")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("block", blocks("python"))
def test_python_blocks_run(
    block: str, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(made)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)
    exec(compile(block, "block", "exec"), {})
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("block", blocks("sh"))
def test_shown_commands_are_parsed(block: str) -> None:
    for line in block.replace("\\\n", " ").splitlines():
        for part in line.split("&&"):
            words = shlex.split(part, comments=True)
            if words and words[0].removeprefix(".venv/bin/") == "rocot" and len(words) > 1:
                command = group.get_command(click.Context(group), words[1])
                assert command is not None, words
                command.make_context(words[1], words[2:])


@pytest.mark.parametrize("block", blocks("toml"))
def test_shown_recipes_load(block: str, tmp_path: Path) -> None:
    path = tmp_path / "shown.toml"
    path.write_text(block)
    if "[release]" in block:
        load_recipe(str(path))


def settings(kind: type[Record], prefix: str = "") -> Iterator[str]:
    for name, field in kind.model_fields.items():
        inner = list(records(field.annotation))
        if inner:
            for record in inner:
                yield from settings(record, name)
        else:
            yield f"{prefix}.{name}"


def records(annotation: object) -> Iterator[type[Record]]:
    if isinstance(annotation, type) and issubclass(annotation, Record):
        yield annotation
    for part in get_args(annotation):
        yield from records(part)


def test_every_setting_of_a_recipe_is_documented_and_no_other() -> None:
    told = (ROOT / "docs" / "recipe.md").read_text()
    rows = re.findall(r"^\| ((?:`[a-z_.]+`(?:, )?)+) \|", told, re.MULTILINE)
    documented = {name.split(".")[-1] for row in rows for name in re.findall(r"`([a-z_.]+)`", row)}
    assert documented == {name.split(".")[-1] for name in settings(Recipe)}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.name))
def test_links_within_the_repository_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text()):
        assert (path.parent / link).exists(), link


def test_the_readmes_commands_are_those_that_ci_runs() -> None:
    told, run = (ROOT / "README.md").read_text(), (ROOT / ".ci" / "run").read_text()
    for line in run.splitlines():
        if line.startswith((".venv/bin/rocot generate", ".venv/bin/python -m pytest")):
            assert line in told, line

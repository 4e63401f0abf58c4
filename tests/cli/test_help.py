import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from rocot.cli import COMMANDS, group
from rocot.machine import KEY_VARIABLES

DOCS = Path(__file__).parents[2] / "docs" / "cli.md"
CONTEXT = click.Context(group)


def section(name: str) -> str:
    """What docs/cli.md says of a command."""
    parts = re.split(r"^## `rocot ([\w-]+)[^\n]*$", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[name]


def command(name: str) -> click.Command:
    found = group.get_command(CONTEXT, name)
    assert found is not None
    return found


def parameters(name: str) -> list[click.Parameter]:
    """Of a command, and of the commands below it."""
    found = command(name)
    below = found.commands.values() if isinstance(found, click.Group) else ()
    return [parameter for each in (found, *below) for parameter in each.params]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_ends_well_and_fits_a_terminal(name: str) -> None:
    done = CliRunner().invoke(group, [name, "--help"])
    assert done.exit_code == 0
    assert max(map(len, done.output.splitlines())) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_in_help_stand_line_by_line(name: str) -> None:
    lines = CliRunner().invoke(group, [name, "--help"]).output.splitlines()
    assert not any("\\b" in line for line in lines)
    examples = [line for line in (command(name).help or "").splitlines() if line.startswith("  rocot ")]
    assert {f"  {line}" for line in examples} <= set(lines)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_says_of_itself(name: str) -> None:
    assert (command(name).help or "").splitlines()[0] == COMMANDS[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_each_of_its_options_is_documented(name: str) -> None:
    told = section(name)
    for parameter in parameters(name):
        if isinstance(parameter, click.Option):
            assert any(option in told for option in parameter.opts), parameter.opts


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_is_documented_that_is_not_there(name: str) -> None:
    known = {option for parameter in parameters(name) for option in parameter.opts} | {"--help"}
    assert set(re.findall(r"`(--[a-z-]+)", section(name))) <= known


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_of_a_command_are_parsed_by_it(name: str) -> None:
    text = ((command(name).help or "") + section(name)).replace("\\\n", " ")
    for words in re.findall(rf"^\s*rocot {name} ?([^\n>]*)$", text, flags=re.MULTILINE):
        command(name).make_context(name, shlex.split(words, comments=True), resilient_parsing=False)


def test_exit_codes_and_variables_are_documented() -> None:
    told = DOCS.read_text(encoding="utf-8")
    for word in ("| 0 |", "| 1 |", "| 2 |", "130", "143", "141", "NO_COLOR", "ROCOT_CACHE", *KEY_VARIABLES):
        assert word in told


def test_a_mistyped_command_says_what_was_perhaps_meant() -> None:
    done = CliRunner().invoke(group, ["generat"])
    assert done.exit_code == 2
    assert "Did you mean 'generate'?" in done.output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(shell: str) -> None:
    done = CliRunner().invoke(group, ["completion", shell])
    assert done.exit_code == 0
    assert "_ROCOT_COMPLETE" in done.output

import json
import subprocess
import sys

import pytest

from rocot.cli import COMMANDS

HEAVY = (
    *("numpy", "pandas", "pyarrow", "av", "simplejpeg", "PIL", "openai", "apsw", "scipy", "huggingface_hub"),
    *("torch", "torchvision", "transformers", "trl", "peft", "accelerate", "datasets"),
    *("vllm", "matplotlib", "jinja2", "sklearn"),
)
"""What takes long to import, or may not be installed."""


def loaded(code: str) -> set[str]:
    """The heavy packages in sys.modules after the code has run in a fresh interpreter."""
    tail = f"import sys, json; print(json.dumps([name for name in {HEAVY} if name in sys.modules]), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{tail}"], capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_importing_rocot_loads_nothing_heavy() -> None:
    assert loaded("import rocot, rocot.recipe, rocot.errors") == set()


def helped(*words: str) -> str:
    return (
        f"import sys; sys.argv = ['rocot', *{words!r}]\nfrom rocot.cli import main\n"
        "try: main()\nexcept SystemExit as end: assert end.code == 0, end.code"
    )


def test_the_help_loads_nothing_heavy_and_no_command() -> None:
    assert loaded(helped("--help")) == set()
    assert loaded(helped("--version")) == set()
    code = helped("--help") + "\nassert not [name for name in sys.modules if name.startswith('rocot.cli.')]"
    assert loaded(code) == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_help_loads_nothing_heavy(name: str) -> None:
    assert loaded(helped(name, "--help")) == set()


def test_the_pure_core_loads_nothing_heavy() -> None:
    assert loaded("import rocot.core.row, rocot.core.score, rocot.core.gate, rocot.flow") == set()


@pytest.mark.parametrize(
    "module",
    [
        *("rocot.student.recipe", "rocot.student.rewards", "rocot.cli.training"),
        *("rocot.teacher.hf", "rocot.cli.generating", "rocot.cli.evaluating", "rocot.cli.answering"),
    ],
)
def test_torch_is_not_loaded_before_a_model_is(module: str) -> None:
    assert loaded(f"import {module}") & {"torch", "torchvision", "transformers", "trl", "peft", "datasets"} == set()

import shlex

from tests.cli.bench import Bench


def test_it_prints_one_line_that_a_shell_takes_apart_again(bench: Bench) -> None:
    bench.lay(model="openai:qwen")
    done = bench.rocot("serve-command", "/models/my qwen", "--recipe", "own.toml")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    words = shlex.split(line)
    assert words[:5] == ["vllm", "serve", "/models/my qwen", "--served-model-name", "qwen"]
    assert '{"image": 4, "video": 0}' in words
    assert "In the recipe" not in done.stderr


def test_a_recipe_of_another_model_is_told_how_to_name_it(bench: Bench) -> None:
    bench.lay()
    done = bench.rocot("serve-command", "Qwen/Qwen2.5-VL-7B-Instruct", "--recipe", "own.toml")
    assert 'model = "openai:Qwen/Qwen2.5-VL-7B-Instruct"' in done.stderr


def test_a_recipe_for_an_engine_that_is_not_installed_says_what_to_install(bench: Bench) -> None:
    bench.lay(model="vllm:Qwen/Qwen2.5-VL-7B-Instruct")
    done = bench.rocot("generate", "--recipe", "own.toml")
    assert done.returncode == 2, done.stderr
    assert "pip install 'rocot[vllm]'" in done.stderr
    planned = bench.rocot("plan", "--recipe", "own.toml")
    assert planned.returncode == 0, planned.stderr
    assert "no cost" in planned.stdout


def test_arguments_that_no_shell_would_read_are_refused(bench: Bench) -> None:
    bench.lay()
    done = bench.rocot("generate", "--recipe", "own.toml", "--vllm", "--dtype 'float32")
    assert done.returncode == 2
    assert "--vllm" in done.stderr

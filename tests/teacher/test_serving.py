import json
import os
import subprocess

import pytest

from rocot.assets import load_prompts
from rocot.recipe import Recipe
from rocot.teacher.serving import command, context, engine_arguments, served_name

PROMPTS = load_prompts()
VLLM_PYTHON = os.environ.get("ROCOT_VLLM_PYTHON")
PARSE = """
import json, sys
from vllm.entrypoints.launchers.cli_args import make_arg_parser, validate_parsed_serve_args
from vllm.utils.argparse_utils import FlexibleArgumentParser
args = make_arg_parser(FlexibleArgumentParser()).parse_args(json.loads(sys.argv[1]))
validate_parsed_serve_args(args)
print(json.dumps([args.model_tag, args.served_model_name, args.max_model_len, args.limit_mm_per_prompt,
    args.enable_prefix_caching, args.structured_outputs_config.backend, args.enable_prompt_tokens_details,
    args.trust_remote_code, args.dtype, args.interleave_mm_strings]))
"""


def recipe(model: str = "openai:m", **more: object) -> Recipe:
    return Recipe.model_validate(
        {"release": {"name": "a"}, "sources": [{"kind": "scenes"}], "teacher": {"model": model}, **more}
    )


def option(words: list[str], name: str) -> str:
    return words[words.index(name) + 1]


def test_as_many_images_are_allowed_as_the_recipe_sends() -> None:
    words = command("m", recipe(frames={"count": 12, "relook": 4}), PROMPTS)
    assert json.loads(option(words, "--limit-mm-per-prompt")) == {"image": 16, "video": 0}


def test_the_context_grows_with_frames_and_replies() -> None:
    least = context(recipe(frames={"count": 4}), PROMPTS)
    assert context(recipe(frames={"count": 64}), PROMPTS) > least + 60 * 16 * 28
    assert context(recipe(frames={"count": 4}, reflector={"max_tokens": 9000}), PROMPTS) > least + 7000
    assert context(recipe(frames={"count": 4, "height": 896}), PROMPTS) > least + 4 * 3 * 448
    assert least % 1024 == 0


def test_the_context_holds_three_replies_and_a_repair_of_the_longest() -> None:
    teacher = {"model": "openai:m", "max_tokens": 10_240}
    plain = context(recipe(frames={"count": 1}, teacher=teacher), PROMPTS)
    assert plain > 30_720
    assert context(recipe(frames={"count": 1}, teacher={**teacher, "repair": True}), PROMPTS) == plain + 10_240


@pytest.mark.parametrize(
    ("model", "reflector", "name"),
    [
        ("openai:qwen", None, "qwen"),
        ("openai:qwen", "openai:strong", "/models/qwen"),
        ("openai:qwen", "embedded", "qwen"),
        ("embedded", None, "/models/qwen"),
    ],
)
def test_a_model_is_served_by_the_name_that_the_recipe_gives_it(model: str, reflector: str | None, name: str) -> None:
    chosen = recipe(model, reflector=None if reflector is None else {"model": reflector})
    assert served_name("/models/qwen", chosen) == name


def test_what_the_user_says_is_said_once() -> None:
    words = engine_arguments("vllm:/models/qwen", recipe("vllm:/models/qwen"), PROMPTS, ("--dtype", "float32"))
    assert option(words, "--model") == "/models/qwen"
    assert words.count("--dtype") == 1
    assert words[-2:] == ["--dtype", "float32"]
    lengths = engine_arguments("vllm:m", recipe("vllm:m"), PROMPTS, ("--max_model_len=4096",))
    assert not [word for word in lengths[:-1] if "len" in word]
    assert "--trust-remote-code" not in words


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(VLLM_PYTHON is None, reason="ROCOT_VLLM_PYTHON names no interpreter with vLLM")
def test_vllms_own_parser_takes_the_command() -> None:
    words = command("Qwen/Qwen2.5-VL-7B-Instruct", recipe("openai:qwen", frames={"count": 12, "relook": 4}), PROMPTS)
    assert words[:2] == ["vllm", "serve"]
    done = subprocess.run(
        [str(VLLM_PYTHON), "-W", "ignore", "-c", PARSE, json.dumps(words[2:])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    name, served, length, limit, prefix, backend, details, remote, dtype, interleave = json.loads(
        done.stdout.splitlines()[-1]
    )
    assert (name, served, dtype) == ("Qwen/Qwen2.5-VL-7B-Instruct", ["qwen"], "auto")
    assert length == context(recipe(frames={"count": 12, "relook": 4}), PROMPTS)
    assert limit == {"image": 16, "video": 0}
    assert (prefix, backend, details, remote, interleave) == (True, "xgrammar", True, False, True)

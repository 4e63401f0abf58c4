"""`vllm:<model>`: vLLM's engine, run by this process. vLLM itself is imported here, and not before a call is made.

Replies are kept in the form in which vLLM's server would send them, refusals too, so that they are read alike.
"""

import asyncio
import io
import json
import os
import signal
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from itertools import count
from multiprocessing.resource_tracker import ensure_running
from typing import TYPE_CHECKING

from PIL import Image

from rocot.core.prompt import Ask, Text, Turn
from rocot.core.reply import schema_of
from rocot.errors import ConfigError, ServiceError, TeacherError
from rocot.prices import VLLM
from rocot.teacher.completion import read, spelt
from rocot.teacher.guard import Guard
from rocot.teacher.protocol import Raw, Reply, Usage

if TYPE_CHECKING:
    from vllm import SamplingParams
    from vllm.v1.engine.async_llm import AsyncLLM

SETTINGS = {
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_LOGGING_STREAM": "ext://sys.stderr",  # standard output is for results
    "VLLM_NO_USAGE_STATS": "1",  # nothing is told to anybody unasked
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",  # this process has threads, which a fork does not survive
}
"""Of the environment, where the user has not set them."""


class VllmTeacher:
    """One model in an engine of its own, started before the first call. Rollouts share a prefill by prefix cache."""

    endpoint = "in process"

    def __init__(self, model: str, arguments: Sequence[str]) -> None:
        """`model` as the recipe names it; `arguments` in the words of `vllm serve`.

        Raises ConfigError where vLLM is not installed.
        """
        if find_spec("vllm") is None:
            raise ConfigError(f"{model} wants vLLM, which is not installed: pip install 'rocot[vllm]'")
        self.model = model
        self._served = model.removeprefix(VLLM)
        self._arguments = list(arguments)
        self._starting: asyncio.Task[None] | None = None
        self._engine: AsyncLLM | None = None
        self._guard: Guard | None = None
        self._numbers = count()

    async def start(self) -> None:
        """Loads the model. See `Teacher.start`; ServiceError for one that cannot be loaded, ConfigError for --vllm."""
        await self._started()

    async def send(self, ask: Ask, pictures: Mapping[str, bytes]) -> Raw:
        """One attempt. See `Teacher.send`. Raises ServiceError for an engine that does not start, or has died."""
        conversation = [{"role": turn.role, "content": _content(turn, pictures)} for turn in ask.turns]
        engine = await self._started()
        from vllm.exceptions import VLLMClientError, VLLMServerError
        from vllm.renderers.params import ChatParams
        from vllm.v1.engine.exceptions import EngineDeadError

        chat = ChatParams(chat_template_kwargs={"add_generation_prompt": True})
        try:
            _, (prompt,) = await engine.renderer.render_chat_async([conversation], chat)
            last = None
            async for output in engine.generate(prompt, _sampling(engine, ask), f"rocot-{next(self._numbers)}"):
                last = output
        except EngineDeadError as error:
            raise ServiceError(f"vLLM's engine has died ({error}); what was answered so far is kept") from error
        except OSError as error:
            raise TeacherError("bad frame", f"a frame that is no JPEG ({error})") from error
        except VLLMClientError as error:
            return _refused(400, error)
        except VLLMServerError as error:
            return _refused(500, error)
        if last is None:
            return Raw(body=b"", status=500)
        said = last.outputs[0]
        usage = Usage(
            prompt=len(last.prompt_token_ids or ()), completion=len(said.token_ids), cached=last.num_cached_tokens or 0
        )
        return Raw(body=spelt(said.text, self._served, usage, said.finish_reason or "none"))

    def read(self, raw: bytes) -> Reply:
        """See `completion.read`."""
        return read(raw)

    async def close(self) -> None:
        """Ends the engine and its processes."""
        if self._starting is not None:
            await asyncio.wait({self._starting})
        if self._engine is not None:
            # Not in a thread: vLLM's task in this loop would see the engine die before it is cancelled, and log that.
            self._engine.shutdown()
            # vLLM does more when the engine is collected, and complains when that is as Python ends.
            self._engine = None
        if self._guard is not None:
            self._guard.dismiss()

    async def _started(self) -> "AsyncLLM":
        """The engine: whoever comes first starts it, and whoever gives up waiting does not end it."""
        if self._starting is None:
            self._starting = asyncio.create_task(asyncio.to_thread(self._start))
        await asyncio.shield(self._starting)
        assert self._engine is not None
        return self._engine

    def _start(self) -> None:
        self._guard = Guard()
        self._engine = _engine(self._served, self._arguments)
        self._guard.settled()


def _engine(name: str, arguments: list[str]) -> "AsyncLLM":
    """An engine with its processes. Raises ConfigError, ServiceError."""
    for variable, value in SETTINGS.items():
        os.environ.setdefault(variable, value)
    ensure_running()  # now: it unblocks the signals that it blocks
    # The engine's processes inherit the mask of the thread that starts them: a Ctrl-C at the terminal reaches the
    # whole group, and would end them while calls are in flight that this process means to finish.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        from vllm.engine.arg_utils import AsyncEngineArgs
        from vllm.utils.argparse_utils import FlexibleArgumentParser
        from vllm.v1.engine.async_llm import AsyncLLM

        parser = AsyncEngineArgs.add_cli_args(FlexibleArgumentParser())
        told = AsyncEngineArgs.from_cli_args(
            parser.parse_args([*arguments, "--disable-log-stats", "--no-use-tqdm-on-load"])
        )
        return AsyncLLM.from_engine_args(told)
    except SystemExit as error:
        raise ConfigError("--vllm: vLLM refuses the arguments; what it says of them stands above") from error
    except Exception as error:
        why = " ".join(str(error).split())[:400] or type(error).__name__
        raise ServiceError(f"vLLM cannot load {name}: {why} (--vllm hands on arguments of `vllm serve`)") from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _content(turn: Turn, pictures: Mapping[str, bytes]) -> str | list[dict[str, object]]:
    """A turn as vLLM's chat has it, as `request.Spelling` would spell it. Raises TeacherError (`no picture`).

    A frame goes under its digest: what the engine knows it neither decodes nor looks at again. So it is opened and
    not read here.
    """
    first = turn.parts[0] if len(turn.parts) == 1 else None
    if isinstance(first, Text):
        return first.text
    content: list[dict[str, object]] = []
    for part in turn.parts:
        if isinstance(part, Text):
            content.append({"type": "text", "text": part.text})
            continue
        if part.digest not in pictures:
            raise TeacherError("no picture", f"the frame {part.digest[:12]} was not handed over")
        try:
            picture = Image.open(io.BytesIO(pictures[part.digest]))
        except OSError as error:
            raise TeacherError("bad frame", f"the frame {part.digest[:12]} is no JPEG ({error})") from error
        content.append({"type": "image_pil", "image_pil": picture, "uuid": part.digest})
    return content


def _sampling(engine: "AsyncLLM", ask: Ask) -> "SamplingParams":
    """How the reply is drawn: by the recipe, and in what it does not say by the model's own settings, as a server."""
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

    schema = schema_of(ask.shape, ask.classes) if ask.dialect == "json" else None
    said = {
        "temperature": ask.sampling.temperature,
        "top_p": ask.sampling.top_p,
        "max_tokens": ask.sampling.max_tokens,
        "seed": ask.seed,
        "structured_outputs": None if schema is None else StructuredOutputsParams(json=schema),
        "output_kind": RequestOutputKind.FINAL_ONLY,
    }
    return SamplingParams(**(engine.model_config.get_diff_sampling_param() | said))


def _refused(status: int, error: Exception) -> Raw:
    return Raw(body=json.dumps({"error": {"message": str(error)}}).encode(), status=status)

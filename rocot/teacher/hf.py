"""`hf:<path>`: a checkpoint in a folder, run by transformers in this process, which imports torch when it is loaded.

So the student that is trained gives the first answers that it will be trained on next. A checkpoint of `rocot train`
is asked for them in the words that it was taught: frames and question, no system prompt and no word on the form of the
reply; what it says from its reflection on is not waited for. All else, and every other checkpoint, is asked as any
model is. Replies are kept in the form in which a server would send them.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from rocot.assets import TASKS
from rocot.core.prompt import Ask, Picture, Text, Turn
from rocot.errors import ConfigError, ServiceError, TeacherError
from rocot.teacher.completion import read, spelt
from rocot.teacher.protocol import Raw, Reply, Usage
from rocot.teacher.together import Together

if TYPE_CHECKING:
    from rocot.student.answer import Student
    from rocot.student.card import RunCard
    from rocot.student.model import Loaded
    from rocot.student.writing import Begun, Draw, Writer, Written

PACKAGES = ("torch", "torchvision", "transformers", "trl", "peft", "datasets")
TOGETHER = 16
"""Calls that are answered at once, at most; no more than --workers are in flight."""


@dataclass(frozen=True)
class _Call:
    """One call, ready to be written."""

    begun: "Begun"
    draw: "Draw"
    longest: int
    """Tokens of the reply."""
    until: str


class HfTeacher:
    """One checkpoint, loaded before the first call. Batches run in a thread, one at a time."""

    endpoint = "in process"

    def __init__(self, model: str, folder: Path) -> None:
        """`model` is the name that answers are kept under; it tells this checkpoint from all others.

        Raises ConfigError where a package is missing, or there is no such folder.
        """
        missing = [name for name in PACKAGES if find_spec(name) is None]
        if missing:
            raise ConfigError(f"{model} wants {', '.join(missing)}: pip install 'rocot[train]' (docs/train.md)")
        if not folder.is_dir():
            raise ConfigError(f"{model}: {folder} is no folder; name the checkpoint that `rocot train` wrote")
        self.model = model
        self._folder = folder
        self._starting: asyncio.Task[None] | None = None
        self._loaded: Loaded | None = None
        self._writer: Writer | None = None
        self._student: Student | None = None
        self._together: Together[_Call, Written] = Together(
            self._write, lambda call: (call.longest, call.until), TOGETHER
        )

    async def start(self) -> None:
        """Loads the checkpoint. See `Teacher.start`; ConfigError for one that cannot be loaded."""
        if self._starting is None:
            self._starting = asyncio.create_task(asyncio.to_thread(self._load))
        await asyncio.shield(self._starting)  # whoever gives up waiting does not end it

    async def send(self, ask: Ask, pictures: Mapping[str, bytes]) -> Raw:
        """One attempt. See `Teacher.send`. Raises ServiceError where the GPU has no room."""
        jpegs = [_picture(part, pictures) for turn in ask.turns for part in turn.parts if isinstance(part, Picture)]
        if ask.dialect == "json":
            message = "no JSON schema binds a model that transformers runs; ask it for tags"
            return Raw(body=json.dumps({"error": {"message": message}}).encode(), status=400)
        await self.start()
        call = await asyncio.to_thread(self._call, ask, jpegs)
        made = await self._together.do(call)
        text = self._cut(made.text, ask)
        finish = ("stop" if text.strip() else "nothing said") if made.whole else "length"
        return Raw(body=spelt(text, self.model, Usage(prompt=made.prompt, completion=made.tokens), finish))

    def read(self, raw: bytes) -> Reply:
        """See `completion.read`."""
        return read(raw)

    async def close(self) -> None:
        """Ends what is being written, and forgets the weights."""
        if self._starting is not None:
            await asyncio.wait({self._starting})
        await self._together.close()
        self._loaded = self._writer = self._student = None

    def _load(self) -> None:
        from rocot.student.answer import Student
        from rocot.student.card import NAME
        from rocot.student.model import load
        from rocot.student.writing import Writer

        if (self._folder / NAME).is_file():
            self._student = Student.load(self._folder)
            self._loaded, self._writer = self._student.loaded, self._student.writer
        else:
            self._loaded = load(str(self._folder))
            self._writer = Writer(self._loaded)

    def _call(self, ask: Ask, jpegs: Sequence[bytes]) -> _Call:
        """Raises TeacherError for a frame that is no picture."""
        from rocot.student.answer import Asked
        from rocot.student.writing import Draw

        sampling, until = ask.sampling, ""
        draw = Draw(sampling.temperature, sampling.top_p, ask.seed)
        try:
            if self._student is not None and _opens(ask):
                tags = self._student.card.recipe.data.tags
                begun = self._student.begin(Asked.of(*_shown(ask.turns[-1], jpegs)))
                until = tags.worded("<reflection>") if self._student.card.recipe.data.form == "reflection" else ""
            else:
                begun = self._chat(ask.turns, jpegs)
        except OSError as error:
            raise TeacherError("bad frame", f"a frame that is no picture ({error})") from error
        return _Call(begun, draw, sampling.max_tokens, until)

    def _chat(self, turns: Sequence[Turn], jpegs: Sequence[bytes]) -> "Begun":
        """The conversation as the model's own template has it."""
        from rocot.student.shown import opened
        from rocot.student.writing import Begun

        assert self._loaded is not None
        chat = [{"role": turn.role, "content": [_part(part) for part in turn.parts]} for turn in turns]
        text = self._loaded.processor.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
        height = None if self._student is None else self._student.card.recipe.data.height
        return Begun(text, [opened(jpeg, height) for jpeg in jpegs])

    def _write(self, calls: Sequence[_Call], forsaken: Callable[[], bool]) -> "Sequence[Written]":
        from rocot.student.stack import torch

        assert self._writer is not None
        first = calls[0]
        try:
            return self._writer.write(
                [call.begun for call in calls],
                [call.draw for call in calls],
                longest=first.longest,
                until=first.until,
                halted=forsaken,
            )
        except torch.OutOfMemoryError as error:
            raise ServiceError(
                f"{self.model}: {len(calls)} calls at once do not fit on the GPU; give fewer --workers"
            ) from error

    def _cut(self, text: str, ask: Ask) -> str:
        """Of a student's first answer, what stands before its reflection or its second attempt, in rocot's tags."""
        if self._student is None or not _opens(ask):
            return text
        return first_attempt(self._student.card, self._student.card.recipe.data.tags.plain(text))


def first_attempt(card: "RunCard", text: str) -> str:
    """The first answer of a completion, or what there is of it."""
    form = card.recipe.data.form
    end = {"reflection": text.find("<reflection>"), "two_pass": text.find("<think>", text.find("<think>") + 1)}
    stop = end.get(form, -1)
    return (text if stop < 0 else text[:stop]).strip()


def _opens(ask: Ask) -> bool:
    """Whether it is a first answer that is asked for."""
    return ask.shape in TASKS and all(turn.role != "assistant" for turn in ask.turns)


def _shown(turn: Turn, jpegs: Sequence[bytes]) -> tuple[list[float], Sequence[bytes], str]:
    """Times and frames of the opening turn, and its question: the text behind the last frame, but for its form."""
    places = [index for index, part in enumerate(turn.parts) if isinstance(part, Picture)]
    times = [part.time for part in turn.parts if isinstance(part, Picture)]
    behind = [part.text for part in turn.parts[places[-1] + 1 :] if isinstance(part, Text)]
    return times, jpegs, behind[0]


def _part(part: Text | Picture) -> dict[str, str]:
    return {"type": "text", "text": part.text} if isinstance(part, Text) else {"type": "image"}


def _picture(part: Picture, pictures: Mapping[str, bytes]) -> bytes:
    if part.digest not in pictures:
        raise TeacherError("no picture", f"the frame {part.digest[:12]} was not handed over")
    return pictures[part.digest]

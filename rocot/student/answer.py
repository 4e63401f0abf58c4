"""A student that answers: frames and a question in, its completion out, several at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from PIL import Image

from rocot.core.attempts import Attempts, read
from rocot.core.chat import CLOSER, ChatTurn
from rocot.core.sampling import within
from rocot.core.task import Task
from rocot.student.card import RunCard, read_card
from rocot.student.model import Loaded, load
from rocot.student.shown import faded, opened, thinned
from rocot.student.writing import Begun, Draw, Writer, Written


@dataclass(frozen=True)
class Asked:
    """One question."""

    turns: tuple[ChatTurn, ...]
    """As in the prompt of `rft`: frames with their times, then the question."""
    pictures: Sequence[bytes]
    """One for each part `image`, as its file holds it."""
    begun: str = ""
    """What its completion begins with, in rocot's tags; the completion has it."""

    @classmethod
    def of(cls, times: Sequence[float], pictures: Sequence[bytes], question: str, begun: str = "") -> Self:
        """Frames at these times, seconds, and what is asked about them."""
        return cls((ChatTurn.asked(times, question),), pictures, begun)

    def closer(self, said: str, times: Sequence[float], pictures: Sequence[bytes]) -> Self:
        """The same conversation, with what was said and the frames of a closer look, at these times."""
        turns = (*self.turns, ChatTurn.told(said), ChatTurn.asked(times, CLOSER))
        return replace(self, turns=turns, pictures=[*self.pictures, *pictures], begun="")


class Student:
    """A checkpoint of `rocot train`, ready to answer."""

    def __init__(self, card: RunCard, loaded: Loaded) -> None:
        self.card = card
        self.loaded = loaded
        self.writer = Writer(loaded)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The checkpoint in a folder. Raises ConfigError where there is none."""
        return cls(read_card(folder), load(str(folder)))

    def complete(
        self, asked: Sequence[Asked], *, longest: int | None = None, temperature: float = 0.0, batch: int = 8
    ) -> list[str]:
        """One completion each, in rocot's tags, in their order.

        Frames are thinned and made smaller as in the training. `longest` is in tokens, that of the training's GRPO by
        default; with `temperature` 0 the likeliest token is taken, and the same question has the same answer.
        """
        made: list[Written] = []
        for start in range(0, len(asked), batch):
            some = asked[start : start + batch]
            made += self.write(some, [Draw(temperature)] * len(some), longest=longest)
        return [one.text for one in made]

    def write(
        self,
        asked: Sequence[Asked],
        draws: Sequence[Draw],
        *,
        longest: int | None = None,
        until: str = "",
        halted: Callable[[], bool] = lambda: False,
    ) -> list[Written]:
        """As `complete`, all at once, each drawn in its own way, and no further than `until`; see `Writer.write`."""
        tags = self.card.recipe.data.tags
        most = longest or self.card.recipe.grpo.longest
        begun = [self.begin(one) for one in asked]
        made = self.writer.write(begun, draws, longest=most, until=tags.worded(until), halted=halted)
        return [replace(one, text=before.begun + tags.plain(one.text)) for before, one in zip(asked, made, strict=True)]

    def begin(self, asked: Asked) -> Begun:
        """A question as the model is shown it, in its own tags."""
        turns, pictures = self._shown(asked)
        text = self.loaded.processor.apply_chat_template(
            [turn.model_dump() for turn in turns], tokenize=False, add_generation_prompt=True
        )
        return Begun(text + self.card.recipe.data.tags.worded(asked.begun), pictures)

    def attempts(self, text: str, task: Task, classes: tuple[str, ...]) -> Attempts:
        """A completion, read: both answers and the reflection between them."""
        return read(text, task, classes, self.card.recipe.data.form)

    def looks_again(
        self, text: str, task: Task, classes: tuple[str, ...], start: float, end: float
    ) -> tuple[float, ...]:
        """When a closer look is wanted that a completion asks for, seconds of the source video, ascending.

        A student of samples with a closer look ends with its first answer, and goes on once it was shown the spans
        that it named, each a sampling interval longer at both ends. Empty where it asks for none. `start` and `end`
        are those of the clip, seconds.
        """
        taught, data = self.card.taught, self.card.recipe.data
        if not taught.relook or data.form != "reflection" or "<reflection>" in text:
            return ()
        first = self.attempts(text, task, classes).first
        spans = () if first is None else first.spans or ()
        return within(spans, taught.relook, start=start, end=end, pad=(end - start) / self.card.frames)

    def _shown(self, asked: Asked) -> tuple[tuple[ChatTurn, ...], list[Image.Image]]:
        data = self.card.recipe.data
        thin = thinned(asked.turns, data.frames)
        pictures = [opened(asked.pictures[index], data.height) for index in thin.kept]
        return thin.turns, faded(pictures, data.still)

"""A student that answers: frames and a question in, its completion out, several at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from PIL import Image

from rocot.core.attempts import Attempts, read
from rocot.core.chat import ChatTurn
from rocot.core.task import Task
from rocot.student.card import RunCard, read_card
from rocot.student.model import Loaded, load, on_gpu
from rocot.student.shown import opened, thinned
from rocot.student.stack import torch


@dataclass(frozen=True)
class Asked:
    """One question."""

    turns: tuple[ChatTurn, ...]
    """As in the prompt of `rft`: frames with their times, then the question."""
    pictures: Sequence[bytes]
    """One for each part `image`, as its file holds it."""

    @classmethod
    def of(cls, times: Sequence[float], pictures: Sequence[bytes], question: str) -> Self:
        """Frames at these times, seconds, and what is asked about them."""
        return cls((ChatTurn.asked(times, question),), pictures)


class Student:
    """A checkpoint of `rocot train`, ready to answer."""

    def __init__(self, card: RunCard, loaded: Loaded) -> None:
        self.card = card
        self._loaded = loaded
        loaded.model.eval()
        if on_gpu():
            loaded.model.to("cuda")

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
        most = longest or self.card.recipe.grpo.longest
        made: list[str] = []
        for start in range(0, len(asked), batch):
            made += self._answered(asked[start : start + batch], most, temperature)
        return [self.card.recipe.data.tags.plain(text) for text in made]

    def attempts(self, text: str, task: Task, classes: tuple[str, ...]) -> Attempts:
        """A completion, read: both answers and the reflection between them."""
        return read(text, task, classes, self.card.recipe.data.form)

    def _answered(self, asked: Sequence[Asked], longest: int, temperature: float) -> list[str]:
        processor, model = self._loaded.processor, self._loaded.model
        shown = [self._shown(one) for one in asked]
        texts = [
            processor.apply_chat_template(
                [turn.model_dump() for turn in turns], tokenize=False, add_generation_prompt=True
            )
            for turns, _ in shown
        ]
        inputs = processor(
            text=texts,
            images=[pictures for _, pictures in shown],
            padding=True,
            padding_side="left",
            add_special_tokens=False,
            return_tensors="pt",
        ).to(model.device)
        how = {"do_sample": True, "temperature": temperature} if temperature else {"do_sample": False}
        with torch.inference_mode():
            made = model.generate(**inputs, max_new_tokens=longest, **how)
        fresh = made[:, inputs["input_ids"].shape[1] :]
        texts_made: list[str] = processor.batch_decode(fresh, skip_special_tokens=True)
        return texts_made

    def _shown(self, asked: Asked) -> tuple[tuple[ChatTurn, ...], list[Image.Image]]:
        data = self.card.recipe.data
        thin = thinned(asked.turns, data.frames)
        return thin.turns, [opened(asked.pictures[index], data.height) for index in thin.kept]

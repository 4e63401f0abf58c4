"""How a model writes: prompts with pictures in, text out, several at once, each drawn by its own seed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from PIL import Image

from rocot.student.model import Loaded
from rocot.student.stack import LogitsProcessor, LogitsProcessorList, StoppingCriteria, StoppingCriteriaList, torch

MARGIN = 8
"""Tokens more than the characters of a stop: a token may reach over its beginning."""


@dataclass(frozen=True)
class Begun:
    """A rendered prompt, and the beginning of the reply where there is one."""

    text: str
    pictures: Sequence[Image.Image]
    """One for each place of a picture in the text."""


@dataclass(frozen=True)
class Draw:
    """How one reply is drawn."""

    temperature: float = 0.0
    """0 takes the likeliest token."""
    top_p: float = 1.0
    seed: int | None = None
    """The same seed draws the same reply on one kind of device, whatever stands beside it in the batch, up to the
    rounding of sums that a batch of another width adds up otherwise. None draws anew."""


@dataclass(frozen=True)
class Written:
    """One reply."""

    text: str
    """Up to the end, or to the end of the stop."""
    whole: bool
    """Whether it came to its end, or to the stop: neither cut off by the most tokens nor halted."""
    prompt: int
    """Tokens of the prompt, those of pictures included."""
    tokens: int
    """Tokens of the reply."""


class Writer:
    """A loaded model that writes; on the GPU where there is one. Blocking, and one call at a time."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        loaded.model.eval()
        if torch.cuda.is_available():
            loaded.model.to("cuda")
        ends = loaded.model.generation_config.eos_token_id
        self._ends = frozenset(ends if isinstance(ends, list) else [ends])

    def write(
        self,
        begun: Sequence[Begun],
        draws: Sequence[Draw],
        *,
        longest: int,
        until: str = "",
        halted: Callable[[], bool] = lambda: False,
    ) -> list[Written]:
        """A reply to each, in their order: `longest` tokens at most, and no further than the text `until`.

        Soon after `halted` says so it ends with what is there.
        """
        processor, model = self._loaded.processor, self._loaded.model
        inputs = processor(
            text=[one.text for one in begun],
            images=[list(one.pictures) for one in begun] if any(one.pictures for one in begun) else None,
            padding=True,
            padding_side="left",
            add_special_tokens=False,
            return_tensors="pt",
        ).to(model.device)
        start = inputs["input_ids"].shape[1]
        with torch.inference_mode():
            made = model.generate(
                **inputs,
                max_new_tokens=longest,
                do_sample=False,  # what is drawn is drawn by `_Draws`
                logits_processor=LogitsProcessorList([_Draws(draws, model.device)]),
                stopping_criteria=StoppingCriteriaList([_Stop(processor.tokenizer, start, until, halted)]),
            )
        prompts = inputs["attention_mask"].sum(dim=1).tolist()
        return [
            self._written(row, prompt, until) for row, prompt in zip(made[:, start:].tolist(), prompts, strict=True)
        ]

    def _written(self, tokens: list[int], prompt: int, until: str) -> Written:
        count = next((at + 1 for at, token in enumerate(tokens) if token in self._ends), None)
        own = tokens if count is None else tokens[:count]
        text: str = self._loaded.processor.tokenizer.decode(own, skip_special_tokens=True)
        stop = text.find(until) if until else -1
        if stop >= 0:
            text = text[: stop + len(until)]
            own = _unpadded(own, self._loaded.processor.tokenizer.pad_token_id)
        return Written(text=text, whole=count is not None or stop >= 0, prompt=prompt, tokens=len(own))


def _unpadded(tokens: list[int], pad: int | None) -> list[int]:
    """Without what fills a row up that ended before the others."""
    while tokens and tokens[-1] == pad:
        tokens = tokens[:-1]
    return tokens


class _Stop(StoppingCriteria):
    """Ends a row once it has written a text, and all rows once it is halted."""

    def __init__(self, tokenizer: "_Decodes", start: int, until: str, halted: Callable[[], bool]) -> None:
        self._tokenizer = tokenizer
        self._start = start
        self._until = until
        self._halted = halted

    def __call__(self, input_ids: "torch.Tensor", scores: object, **rest: object) -> "torch.Tensor":
        """Which rows have ended."""
        rows, length = input_ids.shape
        if self._halted() or not self._until:
            return torch.full((rows,), self._halted(), dtype=torch.bool, device=input_ids.device)
        begin = max(self._start, length - len(self._until) - MARGIN)
        tails = self._tokenizer.batch_decode(input_ids[:, begin:])
        return torch.tensor([self._until in tail for tail in tails], dtype=torch.bool, device=input_ids.device)


class _Decodes(Protocol):
    """Of a tokenizer, what is used."""

    def batch_decode(self, rows: object) -> list[str]:
        """The texts of rows of tokens."""


class _Draws(LogitsProcessor):
    """Draws each row by its own generator: the likeliest token of logits / T + g is one of softmax(logits / T).

    g is Gumbel noise, -log(-log(u)) with u uniform in (0, 1): the Gumbel-max trick (Maddison et al., arXiv 1411.0030).
    """

    def __init__(self, draws: Sequence[Draw], device: "torch.device") -> None:
        self._draws = draws
        self._dice = [torch.Generator(device=device) for _ in draws]
        for dice, draw in zip(self._dice, draws, strict=True):
            if draw.seed is None:
                dice.seed()
            else:
                dice.manual_seed(draw.seed)

    def __call__(self, input_ids: object, scores: "torch.Tensor") -> "torch.Tensor":
        """The scores with their noise."""
        made = scores.float().clone()
        for row, (draw, dice) in enumerate(zip(self._draws, self._dice, strict=True)):
            if draw.temperature:
                scaled = _nucleus(made[row] / draw.temperature, draw.top_p)
                noise = torch.empty_like(scaled).exponential_(generator=dice).log()
                made[row] = scaled - noise
        return made


def _nucleus(logits: "torch.Tensor", top_p: float) -> "torch.Tensor":
    """Without the unlikeliest tokens whose probabilities come to no more than 1 - top_p; one at least is left."""
    if top_p >= 1:
        return logits
    ordered, places = logits.sort(descending=True)
    before = ordered.softmax(dim=-1).cumsum(dim=-1) - ordered.softmax(dim=-1)
    return logits.index_fill(0, places[before >= top_p], float("-inf"))

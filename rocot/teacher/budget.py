"""Ceilings on what a run may ask and spend: the worst case of what is in flight is set aside, so none is crossed."""

from dataclasses import dataclass
from math import ceil

from rocot.core.prompt import Ask, Text
from rocot.core.reflection import About
from rocot.engine.chain import Cut
from rocot.errors import BudgetError
from rocot.estimate import CHARACTERS_A_TOKEN, image_tokens
from rocot.prices import Prices
from rocot.teacher.protocol import Usage

TILE = 512
"""Pixels on a side."""
DEAREST_IMAGE, DEAREST_TILE = 2833, 5667
"""Tokens that OpenAI's gpt-4o-mini counts for an image and for each of its tiles: no model counts more."""
MARGIN = 1.5
"""Times what prompts have taken so far, at most, for each token of the estimate or for each picture."""


class Deferred(Cut):
    """The call is made, or may be made, once batches have ended: the chain is left, and begun again then."""


@dataclass(frozen=True)
class Size:
    """What one call may take, in tokens."""

    prompt: int
    """Estimated."""
    prompt_most: int
    """Whatever the tokenizer."""
    reply_most: int
    pictures: int = 0
    """In the prompt; 0 where there are none, or nobody has noted how many."""


def size_of(ask: Ask, item: About) -> Size:
    """The size of an ask about an item, by the rules of `rocot.estimate`; at most a token a byte of text."""
    texts = [part.text for turn in ask.turns for part in turn.parts if isinstance(part, Text)]
    characters, octets = sum(map(len, texts)), sum(len(text.encode()) for text in texts)
    images = sum(image_tokens(frame.width, frame.height) for frame in item.shown)
    tiles = sum(ceil(frame.width / TILE) * ceil(frame.height / TILE) for frame in item.shown)
    return Size(
        prompt=images + ceil(characters / CHARACTERS_A_TOKEN),
        prompt_most=DEAREST_IMAGE * len(item.shown) + DEAREST_TILE * tiles + octets + 1000,  # the chat's own words
        reply_most=ask.sampling.max_tokens,
        pictures=len(item.shown),
    )


class Learned:
    """How many tokens one model's prompts really take.

    For each token of the estimate, and for each picture: a service may charge a small picture like a large one, and
    then what large ones took for each token of the estimate says too little of small ones.
    """

    def __init__(self) -> None:
        self._most: float | None = None
        """For each token of the estimate."""
        self._picture = 0.0
        """For each picture."""
        self._whole = 0
        """By a prompt of which nobody knows how many pictures it has: a smaller one may take as much."""

    def learn(self, size: Size, usage: Usage) -> None:
        """What a server counted for a prompt of that size."""
        if not usage.prompt or not size.prompt:
            return
        self._most = max(self._most or 0.0, usage.prompt / size.prompt)
        if size.pictures:
            self._picture = max(self._picture, usage.prompt / size.pictures)
        else:
            self._whole = max(self._whole, usage.prompt)

    def most(self, size: Size) -> Usage:
        """The worst case of a call."""
        if self._most is None:
            return Usage(prompt=size.prompt_most, completion=size.reply_most)
        prompt = max(self._most * size.prompt, self._picture * size.pictures, self._whole)
        return Usage(prompt=min(ceil(MARGIN * prompt), size.prompt_most), completion=size.reply_most)

    def expected(self, size: Size) -> int:
        """Tokens of a call, its reply at its longest: what services count against a rate before they answer."""
        return ceil((self._most or 1.0) * size.prompt) + size.reply_most


class Budget:
    """What all teachers of a run share. `calls` and `cost` are what the run's folder has seen so far."""

    def __init__(
        self,
        prices: Prices | None = None,
        *,
        max_calls: int | None = None,
        max_cost: float | None = None,
        calls: int = 0,
        cost: float = 0.0,
    ) -> None:
        self.prices = prices or Prices()
        self.max_calls, self.max_cost = max_calls, max_cost
        self.calls, self.cost = calls, cost
        self.put_off = 0
        """Calls that were not begun because of what is set aside for batches, since somebody set this to 0."""
        self._calls_reserved = 0
        self._cost_reserved = 0.0
        self._batched = 0
        """Calls, of those reserved, that end with their batch."""

    def price(self, model: str, usage: Usage, *, batch: bool = False) -> float | None:
        """Money; None for a model without a price."""
        return self.prices.cost(
            model, prompt=usage.prompt, cached=usage.cached, completion=usage.completion, batch=batch
        )

    def reserve(self, worst: float, *, batch: bool = False) -> bool:
        """Sets aside one call of that cost at worst; False while it may fit once others have ended.

        Raises BudgetError when it cannot fit any more, Deferred when it may once batches have ended.
        """
        if self.max_calls is not None and self.calls + self._calls_reserved >= self.max_calls:
            self._wait_for_batches()
            raise BudgetError(
                f"--max-calls {self.max_calls:,} is reached: {self.calls + self._calls_reserved:,} calls were made in"
                " all runs of this folder. All that was answered is kept; raise it and run the same command again"
            )
        if self.max_cost is not None and self.cost + self._cost_reserved + worst > self.max_cost:
            if self._calls_reserved > self._batched and self.cost + worst <= self.max_cost:
                return False
            self._wait_for_batches()
            raise BudgetError(
                f"--max-cost {self.max_cost:g} is reached: {self.cost:.4g} {self.prices.currency} were spent in all"
                f" runs of this folder, and the next call may cost {worst:.4g}. All that was answered is kept;"
                " raise it and run the same command again"
            )
        self.hold(worst, batch=batch)
        return True

    def hold(self, worst: float, *, batch: bool) -> None:
        """Sets aside one call that is being made, whether or not it fits."""
        self._calls_reserved += 1
        self._cost_reserved += worst
        self._batched += batch

    def release(self, worst: float, *, batch: bool = False) -> None:
        """Takes back what was set aside for a call that was not made."""
        self._calls_reserved -= 1
        self._cost_reserved -= worst
        self._batched -= batch

    def settle(self, worst: float, cost: float, *, batch: bool = False) -> None:
        """A call that was set aside has ended, and cost so much."""
        self.release(worst, batch=batch)
        self.calls += 1
        self.cost += cost

    def _wait_for_batches(self) -> None:
        """Calls in batches are set aside at their worst, and end after this pass: then there may be room."""
        if self._batched:
            self.put_off += 1
            raise Deferred

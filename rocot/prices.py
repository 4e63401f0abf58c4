"""What tokens cost: a table that the user owns. rocot ships none, since prices change without notice."""

from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from rocot.checkpoint import HF
from rocot.core.record import Record

PerMillion = Annotated[float, Field(ge=0)]
"""Money per million tokens."""

WITHOUT_TOKENS = ("embedded", "scripted")
"""Teachers in this process whose tokens mean nothing."""
BY_BATCH = "/batches"
"""What the endpoint of an attempt ends with that was made by batch."""
VLLM = "vllm:"
"""What the name of a model begins with that is run by vLLM in this process."""


def in_process(model: str) -> bool:
    """Whether a teacher runs in this process: it costs nothing, unless the user's table says otherwise."""
    return model in WITHOUT_TOKENS or model.startswith((VLLM, HF))


class Price(Record):
    """What one model costs."""

    name: str
    """As the recipe names it, e.g. `openai:gpt-5`."""
    input: PerMillion
    cached: PerMillion | None = None
    """Input that a prefix cache served; None is as dear as other input."""
    output: PerMillion
    batch: float = Field(default=1.0, ge=0, le=1)
    """What a token costs that is asked by batch, as a share of what it costs otherwise."""

    @model_validator(mode="after")
    def _cached_is_no_dearer(self) -> Self:
        """Ceilings take a prompt that no cache knows for the dearest."""
        if self.cached is not None and self.cached > self.input:
            raise ValueError(
                f"cached must be at most input, {self.input:g} (got {self.cached:g}); it is what a prefix cache serves,"
                " and not what writing to one costs"
            )
        return self


class Prices(Record):
    """The models that have a price."""

    currency: str = Field(default="USD", min_length=1, max_length=8)
    model: tuple[Price, ...] = ()

    @field_validator("currency")
    @classmethod
    def _in_one_line(cls, currency: str) -> str:
        if not currency.isprintable() or not currency.strip():
            raise ValueError("must be a sign or a short name, without line breaks and control characters")
        return currency

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [price.name for price in self.model]
        places = {name: [f"model[{index}]" for index, other in enumerate(names) if other == name] for name in names}
        twice = [f"{' and '.join(where)} are both {name}" for name, where in places.items() if len(where) > 1]
        if twice:
            raise ValueError(f"a model has one price, and {'; '.join(twice)}; delete what does not hold")
        return self

    def cost(self, model: str, *, prompt: int, cached: int, completion: int, batch: bool = False) -> float | None:
        """Money for so many tokens, `cached` being part of `prompt`; None for a model that is not in the table."""
        price = next((price for price in self.model if price.name == model), None)
        if price is None:
            return 0.0 if in_process(model) else None
        dear = price.input if price.cached is None else price.cached
        whole = ((prompt - cached) * price.input + cached * dear + completion * price.output) / 1e6
        return whole * price.batch if batch else whole

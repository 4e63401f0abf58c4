"""To whom a run is told while it goes on: to people, in words, or to a machine (`rocot.cli.log.Lines`)."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol

from rocot.cli.batching import in_words
from rocot.cli.closing import StageCount
from rocot.cli.screen import aside
from rocot.cli.watch import Watch, drawn
from rocot.engine.batches import Batch
from rocot.engine.job import Ending
from rocot.release.export import Exported
from rocot.sources.protocol import Skipped

if TYPE_CHECKING:
    from rocot.cli.generating import Order


class Telling(Protocol):
    """What is told on standard error; the closing tables on standard output are no part of it."""

    def begin(self, order: "Order") -> None:
        """Says what is made."""

    def watching(self, watch: Watch) -> AbstractAsyncContextManager[None]:
        """Tells the progress within the block, and how far it came at its end."""

    def remark(self, text: str) -> None:
        """Something that is to be known, in words; called from any thread."""

    def interrupted(self, number: int, *, at_once: bool) -> None:
        """A signal has ended the run before all was done; `at_once`: what was in flight was dropped."""

    def pending(self, batches: Sequence[Batch], *, wanted: bool) -> None:
        """Batches that go on at their service after the run has ended, if any; `wanted`: they are to be collected."""

    def end(  # what the closing tables are made of
        self,
        exit_code: int,
        ending: Ending,
        seconds: float,
        stages: Sequence[StageCount] | None = None,
        skipped: Sequence[Skipped] | None = None,
        exported: Exported | None = None,
    ) -> None:
        """The run has ended; what an interrupted one exports and counts is nothing."""


class Words:
    """Tells a run to people."""

    def begin(self, order: "Order") -> None:
        """One line."""
        release, part = order.recipe.release, order.machine.part
        which = "" if part is None else f", {part.words}"
        aside().print(
            f"{release.name} {release.version}, split {order.split}{which}, teacher {order.recipe.teacher.name},"
            f" into {order.machine.run}"
        )
        if part is not None and (order.max_calls is not None or order.max_cost is not None):
            aside().print(
                f"--max-calls and --max-cost bound this part; {part.of} parts may come to {part.of} times that"
            )

    def watching(self, watch: Watch) -> AbstractAsyncContextManager[None]:
        """A bar on a terminal, a line a minute elsewhere."""
        return drawn(watch)

    def remark(self, text: str) -> None:
        """One line."""
        aside().print(f"note: {text}")

    def interrupted(self, number: int, *, at_once: bool) -> None:
        """How to go on."""
        kept = "was dropped" if at_once else "is finished and kept"
        aside().print(f"Interrupted. What was in flight {kept}; the same command goes on where this one ended.")

    def pending(self, batches: Sequence[Batch], *, wanted: bool) -> None:
        """How to collect them."""
        if batches and wanted:
            aside().print(
                f"{in_words(batches)}. Nothing of them was cancelled: the same command collects their answers."
            )
        elif batches:
            aside().print(
                f"{in_words(batches)} that this recipe wants no more; the same command collects their answers."
            )

    def end(  # as of Telling
        self,
        exit_code: int,
        ending: Ending,
        seconds: float,
        stages: Sequence[StageCount] | None = None,
        skipped: Sequence[Skipped] | None = None,
        exported: Exported | None = None,
    ) -> None:
        """Nothing: the closing tables say it."""

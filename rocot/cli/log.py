"""What `rocot generate --log-json` writes on standard error: one JSON object a line, each with its time and event.

Every event has fixed fields (docs/cli.md); what is not known is null. The last line is the event `end`, unless a bug
ends the run with its traceback.
"""

import asyncio
import json
import logging
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rocot.cli import INTERRUPTED
from rocot.core.record import Json
from rocot.engine.job import Ending

if TYPE_CHECKING:
    from rocot.cli.closing import StageCount
    from rocot.cli.generating import Order
    from rocot.cli.watch import Watch
    from rocot.engine.batches import Batch
    from rocot.release.export import Exported
    from rocot.sources.protocol import Skipped
    from rocot.teacher.protocol import Resting

OPTION = "--log-json"
EVERY = 10.0
"""Seconds between two events of progress."""
GLANCE = 0.5
"""Seconds between looks at which servers are left alone."""


def wanted() -> bool:
    """Whether this very call of the command line has the option: a fault may come before options are parsed."""
    return OPTION in sys.argv[1:]


def tell(event: str, **facts: Json) -> None:
    """Writes one line."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    sys.stderr.write(json.dumps({"time": now, "event": event, **facts}) + "\n")
    sys.stderr.flush()


def tell_failed(message: str, exit_code: int) -> None:
    """The last two lines of a run that cannot be made, or not to its end."""
    tell("error", message=message)
    tell_end(exit_code, "interrupted" if exit_code == INTERRUPTED else "failed")


def tell_end(  # what the closing tables are made of
    exit_code: int,
    ending: Ending | str,
    seconds: float | None = None,
    stages: "Sequence[StageCount] | None" = None,
    skipped: "Sequence[Skipped] | None" = None,
    exported: "Exported | None" = None,
) -> None:
    """The last line."""
    entry = None if exported is None else exported.entry
    tell(
        "end",
        exit_code=exit_code,
        ending=ending,
        seconds=seconds,
        stages=None if stages is None else [_stage(stage) for stage in stages],
        skipped=None if skipped is None else _by_reason(skipped),
        left_out=None if exported is None else exported.told_left_out,
        outcomes=None if entry is None else entry.outcomes,
        rows=None if entry is None else entry.rows,
        kept=None if entry is None else entry.kept,
        release=None if exported is None else exported.folder,
    )


def _stage(stage: "StageCount") -> Json:
    return {
        "stage": stage.name,
        "done": stage.done,
        "reused": stage.reused,
        "rejected": stage.rejected,
        "failed": stage.failed,
        "prompt_tokens": stage.prompt,
        "cached_tokens": stage.cached,
        "completion_tokens": stage.reply,
        "cost": stage.cost,
    }


def _by_reason(skipped: "Sequence[Skipped]") -> dict[str, int]:
    counts: dict[str, int] = {}
    for video in skipped:
        counts[video.reason] = counts.get(video.reason, 0) + 1
    return counts


class Lines:
    """Tells a run to a machine."""

    def begin(self, order: "Order") -> None:
        """Says what is made, and takes over what libraries would write."""
        logging.basicConfig(level=logging.WARNING, handlers=[_Handler()], force=True)
        logging.captureWarnings(capture=True)
        recipe = order.recipe
        tell(
            "begin",
            run=str(order.machine.run),
            part=None if order.machine.part is None else str(order.machine.part),
            release=recipe.release.name,
            version=recipe.release.version,
            split=order.split,
            models={role: who.name for role, who in recipe.asked.items()},
            workers=order.machine.workers,
            limit=order.limit,
            target_accepted=order.target,
            max_calls=order.max_calls,
            max_cost=order.max_cost,
            currency=order.prices.currency,
        )

    @asynccontextmanager
    async def watching(self, watch: "Watch") -> AsyncIterator[None]:
        """Tells the progress within the block, and how far it came at its end."""
        telling = asyncio.create_task(_follow(watch))
        try:
            yield
        finally:
            telling.cancel()
            await asyncio.wait({telling})
            _notices(watch)
            _progress(watch)

    def remark(self, text: str) -> None:
        """A notice, from any thread: a line is one write."""
        tell("notice", message=text)

    def interrupted(self, number: int, *, at_once: bool) -> None:
        """A signal has ended the run before all was done."""
        tell("interrupted", signal=number, dropped=at_once)

    def pending(self, batches: "Sequence[Batch]", *, wanted: bool) -> None:
        """Batches that go on at their service after the run has ended, if any."""
        if batches:
            tell("batches", open=len(batches), calls=sum(batch.calls for batch in batches), wanted=wanted)

    def end(  # as of tell_end
        self,
        exit_code: int,
        ending: Ending,
        seconds: float,
        stages: "Sequence[StageCount] | None" = None,
        skipped: "Sequence[Skipped] | None" = None,
        exported: "Exported | None" = None,
    ) -> None:
        """The figures of the closing tables."""
        tell_end(exit_code, ending, seconds, stages, skipped, exported)


async def _follow(watch: "Watch") -> None:
    resting: dict[tuple[str, str], Resting] = {}
    told = time.monotonic()
    while True:
        await asyncio.sleep(GLANCE)
        now = {(server.model, server.endpoint): server for server in watch.resting()}
        for key, server in now.items():
            if key not in resting:
                tell("paused", model=server.model, endpoint=server.endpoint, reason=server.reason)
        for model, endpoint in resting.keys() - now.keys():
            tell("resumed", model=model, endpoint=endpoint)
        resting = now
        _notices(watch)
        if time.monotonic() - told >= EVERY:
            told = time.monotonic()
            _progress(watch)


def _notices(watch: "Watch") -> None:
    for notice in watch.news():
        tell("notice", message=notice)


def _progress(watch: "Watch") -> None:
    tally, spent, pace = watch.tally, watch.tally.spent, watch.pace()
    tell(
        "progress",
        seconds=round(time.monotonic() - watch.started, 3),
        clips=tally.ended,
        clips_in_all=watch.total,
        listed=tally.clips is not None,
        in_flight=tally.in_flight,
        elsewhere=tally.elsewhere,
        rendered=watch.rendered,
        to_render=watch.missing,
        clips_per_minute=None if pace is None else 60 * pace.clips,
        calls_per_minute=None if pace is None else 60 * pace.calls,
        seconds_left=watch.seconds_left(),
        left_out=watch.left_out,
        calls=spent.attempts,
        calls_failed=spent.failed,
        prompt_tokens=spent.prompt_tokens,
        cached_tokens=spent.cached_tokens,
        completion_tokens=spent.completion_tokens,
        cost=spent.cost,
        stopping=watch.stop.ending,
    )


class _Handler(logging.Handler):
    """Warnings and errors of libraries, as events."""

    def emit(self, record: logging.LogRecord) -> None:
        tell("log", level=record.levelname.lower(), logger=record.name, message=self.format(record))

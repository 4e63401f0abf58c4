"""What the commands have to see to because of calls that are answered by batch."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rocot.engine.batches import LOCK, Batch, open_batches
from rocot.engine.chain import Cut
from rocot.engine.claims import held
from rocot.engine.reader import StoreReader
from rocot.engine.stop import Stop
from rocot.errors import ConfigError
from rocot.teacher.wave import Waves


@contextmanager
def access(run: Path, store: StoreReader, *, batch: bool) -> Iterator[None]:
    """The right to have a run's calls made, within the block: by batch for one process alone.

    Whoever asks call by call would pay again for what waits in a batch: so nobody does while any is open.
    Raises ConfigError.
    """
    with held(run / LOCK, alone=batch) as got:
        if not got and batch:
            raise ConfigError(f"{run}: another process is at work on this run; --batch wants it alone: wait, or end it")
        if not got:
            raise ConfigError(
                f"{run}: another process sends this run's calls by batch; wait until it has ended, or end it and run"
                " its command again"
            )
        if not batch and (waiting := open_batches(store)):
            raise ConfigError(
                f"{run}: {in_words(waiting)}; run it with --batch, which collects their answers. Asked without it, they"
                " would be paid twice"
            )
        yield


def in_words(batches: Sequence[Batch]) -> str:
    """How many batches are open, and how many calls are in them."""
    return counted(len(batches), sum(batch.calls for batch in batches))


def counted(batches: int, calls: int) -> str:
    """The same, from numbers."""
    return f"{_counted(batches, 'batch is', 'batches are')} open, with {_counted(calls, 'call', 'calls')}"


async def answered(waves: Waves, stop: Stop) -> bool:
    """Has a wave of calls sent, and waits until it is answered; False as soon as the run is asked to end.

    Raises RunError.
    """
    waiting = asyncio.create_task(waves.settle())

    def leave() -> None:
        waiting.cancel()

    with stop.watched(leave):
        if stop.draining:
            leave()
        try:
            await asyncio.wait({waiting})
        finally:
            leave()
    if waiting.cancelled():
        return False
    try:
        waiting.result()
    except Cut:
        return False
    return True


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"

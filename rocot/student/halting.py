"""Halting: a signal ends a training at the end of its step, with a state to go on from."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from rocot.student.stack import TrainerCallback, torch


class HaltedError(Exception):
    """A training was ended by a signal; what it came to is kept."""

    def __init__(self, number: int, step: int, steps: int) -> None:
        super().__init__(f"step {step} of {steps} is kept")
        self.number, self.step, self.steps = number, step, steps


class Halting(TrainerCallback):
    """Hears Ctrl-C and SIGTERM: the first ends the step and keeps a state, the second ends at once."""

    def __init__(self) -> None:
        self.signal: int | None = None
        """The number of the one that came first."""

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Hears them within the block. Of several processes none does: they would stop at different steps."""
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            yield
            return
        before = {number: signal.signal(number, self._hear) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def on_step_end(self, args: object, state: object, control: "_Control", **rest: object) -> "_Control":
        """The end of a step of the optimiser."""
        if self.signal is not None:
            control.should_save = control.should_training_stop = True
        return control

    def _hear(self, number: int, frame: object) -> None:
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number


class _Control:
    """Of transformers' TrainerControl, what is used."""

    should_save: bool
    should_training_stop: bool

"""One worker process, from the side of its parent: started, asked, given up on."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress

from rocot.errors import ConfigError
from rocot.video.wire import Asked, Told, line

START = 60.0
"""Seconds in which a worker must be ready; it takes 0.2 s on an idle machine."""
KEPT = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "PYTHONHOME", "TMPDIR")
"""What a worker sees of the environment. No keys: what decodes a hostile file shall hold nothing worth having."""


class Died(Exception):  # noqa: N818 - told to the caller of Process alone
    """The worker is gone. `killed`: by another hand, as the kernel's is where memory runs out."""

    def __init__(self, said: str, *, killed: bool = False) -> None:
        super().__init__(said)
        self.killed = killed


class TooSlow(Exception):  # noqa: N818 - likewise
    """The deadline is over."""


class Process:
    """A worker. One thread at a time has it; any may `kill` it.

    subprocess and not multiprocessing, nor pebble, which builds on it: nothing of the parent's main module is run
    again, nothing is unpickled, no helper threads, and it ends with its parent.
    """

    def __init__(self, reader: str, memory: int) -> None:
        """Starts it. Raises ConfigError where it cannot decode at all, for want of memory, say."""
        self.calls = 0
        self.spent = False
        self._unread = b""
        self._words = os.memfd_create("last words")
        watched, self._life = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-P", "-m", "rocot.video.worker", reader, str(memory), str(watched)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._words,
                pass_fds=(watched,),
                env=_environment(),
                process_group=0,  # out of reach of a terminal's Ctrl-C
                bufsize=0,
            )
        except OSError as error:
            os.close(self._words)
            os.close(self._life)
            raise ConfigError(f"no process can be started to decode in ({error.strerror})") from error
        finally:
            os.close(watched)
        try:
            self._line(time.monotonic() + START)
        except (Died, TooSlow) as error:
            self.end()
            said = f"no answer within {START:g} s" if isinstance(error, TooSlow) else str(error)
            raise ConfigError(
                f"the process that decodes does not start: {said}; it may take {memory / 1e6:,.0f} MB of memory"
            ) from error
        except BaseException:
            self.end()
            raise

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def ask(self, asked: Asked, seconds: float) -> tuple[Told, bytes]:
        """One call: its outcome, and the bytes that follow. After Died or TooSlow the worker is of no more use."""
        self.calls += 1
        until = time.monotonic() + seconds
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # that it is gone is met, and told, in reading
            self._process.stdin.write(line(asked))
        told: Told = json.loads(self._line(until))
        self.spent = told.get("spent", False)
        size = sum(told.get("sizes", ()))
        while len(self._unread) < size:
            self._more(until)
        return told, self._taken(size)

    def kill(self) -> None:
        """Ends it from any thread; the one that has it sees it die, and must `end` it."""
        self._process.kill()

    def end(self) -> None:
        """Kills it, and lets go of all that it held."""
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):  # one that waits for a dead disk cannot even be killed
            self._process.wait(5)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        os.close(self._life)
        os.close(self._words)

    def _line(self, until: float) -> bytes:
        while b"\n" not in self._unread:
            self._more(until)
        return self._taken(self._unread.index(b"\n") + 1)

    def _taken(self, size: int) -> bytes:
        taken, self._unread = self._unread[:size], self._unread[size:]
        return taken

    def _more(self, until: float) -> None:
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
            raise TooSlow
        data = os.read(pipe, 1 << 20)
        if not data:
            raise self._death()
        self._unread += data

    def _death(self) -> Died:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        code = self._process.returncode
        if code is None or code >= 0:
            words = os.pread(self._words, 1 << 20, 0).decode(errors="replace").strip()
            return Died(words.rpartition("\n")[2] or f"the process that decodes ended with {code}")
        name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
        return Died(f"the process that decodes ended with signal {name}", killed=-code == signal.SIGKILL)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    path = os.pathsep.join(os.path.abspath(place) for place in sys.path)  # noqa: PTH100 - "" is the current folder
    return {**kept, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

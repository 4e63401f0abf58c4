"""The process that has imported what rocot's commands import, and forks for each call that is asked for.

A fork is a process of its own, with its own folder, environment, streams and signals, and it ends as any interpreter
ends. What it spares is two seconds of imports. The process that forks has one thread and has run nothing.
"""

import gc
import json
import os
import runpy
import selectors
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TypedDict

COMMANDS = ("exporting", "generating", "importing", "leaking", "looking", "planning", "reparsing", "reporting")
TELLING = ("showing", "standing", "telling", "validating")
LATER = ("pandas", "rocot.teacher.scripted", "rocot.sources.scenes.source", "rocot.video.frames", "rocot.video.sheet")
"""What a command imports only when a recipe wants it."""


class Asked(TypedDict):
    """A call: the words after `python -m`, and where they are run."""

    words: list[str]
    folder: str
    environment: dict[str, str]


@dataclass(frozen=True)
class Call:
    """A command at work, and who waits for it."""

    pid: int
    asker: socket.socket


class Forking:
    """Forks for whoever asks, until its own parent is gone."""

    def __init__(self, listening: socket.socket, parent: int) -> None:
        self._listening, self._parent = listening, parent
        self._waiting = selectors.DefaultSelector()
        self._calls: dict[int, Call] = {}
        """By a handle that can be read once the process has ended."""
        self._waiting.register(parent, selectors.EVENT_READ)
        self._waiting.register(listening, selectors.EVENT_READ)

    def serve(self) -> Asked:
        """Returns in each fork, with what is to be run there; else never."""
        while True:
            for key, _ in self._waiting.select():
                if key.fd == self._parent:
                    for call in self._calls.values():
                        os.kill(call.pid, signal.SIGKILL)
                    os._exit(0)
                if key.fileobj is self._listening:
                    asker, _ = self._listening.accept()
                    asked = self._begin(asker)
                    if asked:
                        return asked
                elif key.fd in self._calls:
                    self._end(key.fd)
                else:  # whoever asked was killed
                    self._waiting.unregister(key.fileobj)
                    os.kill(key.data, signal.SIGKILL)

    def _begin(self, asker: socket.socket) -> Asked | None:
        head, streams, _, _ = socket.recv_fds(asker, 4, 3)
        with asker.makefile("rb") as file:
            told = file.read(int.from_bytes(head, "big"))
        if not told:  # whoever asked was killed before it had said what for
            asker.close()
            return None
        asked: Asked = json.loads(told)
        pid = os.fork()
        if not pid:
            self._let_go(asker)
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
        for stream in streams:
            os.close(stream)
        if not pid:
            return asked
        handle = os.pidfd_open(pid)
        self._calls[handle] = Call(pid, asker)
        self._waiting.register(handle, selectors.EVENT_READ)
        self._waiting.register(asker, selectors.EVENT_READ, pid)
        _tell(asker, pid)
        return None

    def _end(self, handle: int) -> None:
        call = self._calls.pop(handle)
        code = os.waitstatus_to_exitcode(os.waitpid(call.pid, 0)[1])
        self._waiting.unregister(handle)
        os.close(handle)
        if call.asker.fileno() in self._waiting.get_map():
            self._waiting.unregister(call.asker)
            _tell(call.asker, code)
        call.asker.close()

    def _let_go(self, asker: socket.socket) -> None:
        """Closes, in a fork, what is the parent's."""
        asker.close()
        self._listening.close()
        self._waiting.close()
        os.close(self._parent)
        for handle, call in self._calls.items():
            os.close(handle)
            call.asker.close()


def _tell(asker: socket.socket, number: int) -> None:
    """A number to whoever asked; one that was killed meanwhile is seen to when its end of the line closes."""
    with suppress(BrokenPipeError, ConnectionResetError):
        asker.sendall(number.to_bytes(4, "big", signed=True))


def main() -> None:
    """Imports, says so, and serves at the address that is the one argument."""
    for name in (*(f"rocot.cli.{name}" for name in (*COMMANDS, *TELLING)), *LATER):
        import_module(name)
    assert len(list(Path("/proc/self/task").iterdir())) == 1, (
        "a fork has none of the other threads, and may wait for one"
    )
    parent = os.dup(0)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(sys.argv[1])
        listening.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        gc.collect()
        gc.freeze()
        asked = Forking(listening, parent).serve()
    begin(asked)


def begin(asked: Asked) -> None:
    """Runs a module as a new interpreter would."""
    encoding = sys.stdout.encoding
    sys.stdin = os.fdopen(0, encoding=encoding, closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding=encoding, closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding, "backslashreplace", closefd=False)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    sys.path[0] = asked["folder"]
    module, *sys.argv[1:] = asked["words"]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

"""A command that ends when whoever started it does, even by SIGKILL: `python -m rocot.launch.leash SIGNAL PID COMMAND`.

A part whose worker was killed would go on by itself, beside the one that took its place. Linux: PR_SET_PDEATHSIG.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1


def leashed(command: Sequence[str], number: signal.Signals) -> list[str]:
    """The words that start a command from this process, so that it is sent the signal when this process ends."""
    return [sys.executable, "-m", "rocot.launch.leash", str(int(number)), str(os.getpid()), *command]


def main(words: Sequence[str]) -> None:
    """Becomes the command."""
    number, parent, *command = words
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number))
    if os.getppid() != int(parent):  # it ended before it could be watched
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606  # the words are a launcher's own


if __name__ == "__main__":
    main(sys.argv[1:])

"""A process beside a run: it reads lines from standard input, and answers each but the first by a line.

Whatever ends it loses nothing. It ends when its parent does.
"""

import os
import signal
import sys
from collections.abc import Callable


def answer(begin: Callable[[bytes], Callable[[bytes], bytes]]) -> None:
    """Serves until standard input ends; `begin` makes of the first line what answers each further one."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # the parent finishes what is in flight
        signal.signal(number, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what prints shall not print into an answer
    first = sys.stdin.buffer.readline()
    if not first:
        return
    answered = begin(first)
    for page in sys.stdin.buffer:
        answers.write(answered(page))
        answers.flush()

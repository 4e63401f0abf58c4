"""One call of rocot: has the process that has imported everything fork, and is its command to whoever started this.

Run by path, without site packages, so that it starts in a fiftieth of a second. Signals go on to the command; where
this process is killed, the command is killed too.
"""

import json
import os
import signal
import socket
import sys

FORWARDED = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


def ask(connection: socket.socket, words: list[str]) -> int:
    """Has the words run with the streams, the folder and the environment of this process; the command's pid.

    Without pathlib, whose import would take a third of the time.
    """
    asked = json.dumps({"words": words, "folder": os.getcwd(), "environment": dict(os.environ)}).encode()  # noqa: PTH109
    socket.send_fds(connection, [len(asked).to_bytes(4, "big")], [0, 1, 2])
    connection.sendall(asked)
    return told(connection)


def told(connection: socket.socket) -> int:
    """A number from the process that forks."""
    said = connection.recv(4, socket.MSG_WAITALL)
    if len(said) < 4:
        sys.exit("the process that forks is gone")
    return int.from_bytes(said, "big", signed=True)


def main() -> None:
    """Asks, waits, and ends as the command has ended."""
    signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(sys.argv[1])
        pid = ask(connection, sys.argv[2:])
        for number in FORWARDED:
            signal.signal(number, lambda number, _: os.kill(pid, number))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
        code = told(connection)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


main()

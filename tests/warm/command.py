"""The words that start a module of rocot's, or of its tests', without importing everything anew."""

import atexit
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
SINGLE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
"""A process that forks has one thread: what numpy's and pyarrow's libraries are told, so that they start none."""


@cache
def warm() -> tuple[str, ...]:
    """What stands before the words of a command, in place of `python -m`.

    The command is a fork of a process that this one has started, and that ends with it.
    """
    folder = TemporaryDirectory(prefix="rocot-")  # a socket's path has at most 107 bytes, fewer than tmp_path may
    address = f"{folder.name}/forking"
    server = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tests.warm.forking", address],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | SINGLE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C ends the tests first
    )

    @atexit.register
    def end() -> None:
        assert server.stdin is not None
        server.stdin.close()
        server.wait()
        folder.cleanup()

    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    server.stdout.close()
    return sys.executable, "-I", "-S", str(Path(__file__).with_name("asking.py")), address

"""What a command costs with all its descendants, also those that leave it and live on. Linux only."""

import ctypes
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LOOK = 0.02
"""Seconds between two looks at whether it has ended."""
WEIGH = 0.5
"""Seconds between two looks at its memory."""
_SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of <linux/prctl.h>."""


@dataclass(frozen=True)
class Took:
    """What a command took."""

    code: int | None
    """Its exit status; None where it ran out of time, or was killed because it was to be."""
    wall: float
    """Seconds."""
    cpu: float
    """Seconds, user and system, of all processes."""
    peak_mb: float
    """Of all processes together at once, each page shared by several counted once (PSS), sampled."""


def adopt() -> None:
    """Makes this process the parent of whatever loses its own below it, so that nothing escapes the count."""
    if ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def run(  # noqa: PLR0913  # all by name
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    log: Path,
    limit: float,
    spare: Iterable[int] = (),
    until: Callable[[], bool] = lambda: False,
) -> Took:
    """Runs a command to its end, for `limit` seconds at most, or until it is to be killed, by SIGKILL, all of it.

    Processes in `spare` are other children of this one. What is left of the command when it has ended is killed.
    """
    before, begun, peak, weighed = _spent(), time.monotonic(), 0.0, 0.0
    seen: dict[int, float] = {}
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    code: int | None = None
    while (code := process.poll()) is None and (now := time.monotonic()) - begun < limit and not until():
        if now - weighed > WEIGH:
            alive = _below(spare)
            weighed, peak = now, max(peak, sum(map(_pss, alive)))
            seen |= alive
        time.sleep(LOOK)
    wall = time.monotonic() - begun
    if code is not None:
        seen |= _below(spare)
    _end(process, spare)
    # Whose parent lets the kernel forget its children (Ray's raylet does), those are in the second sum alone.
    return Took(code, wall, max(_spent() - before, sum(seen.values())), peak)


def _end(process: "subprocess.Popen[bytes]", spare: Iterable[int]) -> None:
    """Kills whatever is left, and waits for it, so that its CPU is counted."""
    while left := _below(spare):
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.poll()
        for pid in left:
            with suppress(ChildProcessError):  # not ours yet
                os.waitpid(pid, os.WNOHANG)
        time.sleep(LOOK)
    process.wait()


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _below(spare: Iterable[int]) -> dict[int, float]:
    """The descendants of this process, but for those in `spare`, and the seconds of CPU of each by itself."""
    children: dict[int, list[int]] = {}
    spent: dict[int, float] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text(errors="replace").rpartition(")")[2].split()
            pid = int(path.parent.name)
            children.setdefault(int(fields[1]), []).append(pid)
            spent[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    found: dict[int, float] = {}
    queue = [pid for pid in children.get(os.getpid(), []) if pid not in set(spare)]
    while queue:
        pid = queue.pop()
        found[pid] = spent[pid]
        queue += children.get(pid, [])
    return found


def _pss(pid: int) -> float:
    """MB of a process."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0

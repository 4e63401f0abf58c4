"""How quickly `rocot status` tells a large run.

    python -m benchmarks.status --samples 200000

A thousand samples are made for real (see benchmarks.disk), then copied within the store, links and all. Each line is
one call of the command, in a process of its own.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import apsw

from benchmarks.disk import ROOT, fill
from rocot.engine.reader import FILE

REAL = 1000
"""Samples that are made, and not copied."""
TOKENS = 100
"""Of a reply: what is counted lies beside the replies, however long they are."""


def copy(path: Path, copies: int) -> None:
    """Copies all clips, attempts and outcomes of a store, so that each is there so many times."""
    connection = apsw.Connection(str(path))
    connection.pragma("synchronous", "off")
    last = {name: int(str(connection.execute(f"SELECT max(seq) FROM {name}").get)) for name in _LINKS}
    for number in range(1, copies):
        connection.execute("BEGIN")
        for table, links in _LINKS.items():
            columns = [str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")]
            shifts = {name: number * step for name, step in last.items()}
            moved = {name: how.format(number=number, **shifts) for name, how in links.items()}
            values = ", ".join(moved.get(name, name) for name in columns)
            connection.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} WHERE seq <= {last[table]}"
            )
        connection.execute("COMMIT")
    connection.close()


_LINKS = {
    "clip": {"seq": "seq + {clip}", "id": "'{number}:' || id"},
    "attempt": {"seq": "seq + {attempt}", "call": "'{number}:' || call", "item": "'{number}:' || item"},
    "outcome": {
        "seq": "seq + {outcome}",
        "item": "'{number}:' || item",
        "clip": "'{number}:' || clip",
        "base": "base + {attempt}",
        "after": "CASE WHEN after < 0 THEN after - {clip} ELSE after + {outcome} END",
    },
}
"""What is not copied as it is."""


def main() -> None:
    """Makes a run, and times the command on it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=200_000, help="rounded to thousands")
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=ROOT / "build") as scratch:
        folder = Path(scratch) / "run"
        asyncio.run(fill(folder, REAL, TOKENS))
        copy(folder / FILE, max(1, given.samples // REAL))
        size = (folder / FILE).stat().st_size
        print(f"{given.samples // REAL * REAL:,} samples, {size / 1e9:.2f} GB")
        for _ in range(given.times):
            begun, before = time.monotonic(), getrusage(RUSAGE_CHILDREN)
            command = [sys.executable, "-m", "rocot", "status", str(folder)]
            subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
            after = getrusage(RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            print(f"{time.monotonic() - begun:8.1f} s, {cpu:.1f} s of CPU, {after.ru_maxrss / 1000:.0f} MB at most")


if __name__ == "__main__":
    main()

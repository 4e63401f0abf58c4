"""What rocot costs beside others that ask models about datasets, and what they do when killed or answered badly.

    python -m benchmarks.peers --python distilabel=PATH --python curator=PATH --python inspect_ai=PATH \
        --python ray_data=PATH
    python -m benchmarks.peers --quick        a fifth of the calls; kills and faults as ever

Each peer runs in an environment of its own, which docs/benchmarks.md tells how to make; one whose interpreter is not
given is not measured. All ask a local server, in a process of its own, about rows of 16 JPEG frames of 15 kB, the same
files for all, 64 calls in flight, an answer after 50 ms. `create` is the bare client that keeps nothing; it and rocot
also send a JSON schema.

Costs: one question a row, of rocot its first stages. Chain: the three asks of rocot's flow, each with what was answered
before it, of rocot all of the flow with its judge. Two runs in fresh processes, of few and of many rows: a call's CPU
is their difference over that of the calls, so starting up is not in it, and stands beside it; both are user and system
time of the client and all its descendants. Rows a second: from the first to the last request, at the server. Memory:
PSS of all processes, sampled. Kills: SIGKILL to all of the client's processes once half of 400 answers are paid for,
then the same command. Faults: 300 rows of which 270 can be right (benchmarks/answering.py), one run. Both with one
question a row.
Speeds depend on the machine and on who else uses it: the ratios are what to compare.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.answering import ANSWER
from benchmarks.clients.task import KEPT, LOST
from benchmarks.measure import adopt
from benchmarks.peer_bench import LOGS, ROOT, Bench, laid, serving
from rocot.engine.reader import StoreReader
from rocot.engine.tables import attempts

BARE, ROCOT = "bare", "rocot_rows"
PEERS = ("distilabel", "curator", "inspect_ai", "ray_data")
SHOWN = {BARE: "create", ROCOT: "rocot"}
FEW = 64
"""Rows of the shorter run."""
CALLS, OURS = 1000, 5000
"""Calls that the longer run makes more; a fifth of them with --quick. rocot and create are quick, and starting takes
them some tenths of a second of CPU more or less than the last time: of 1,000 calls that is some tenths of a millisecond
each."""
LATENCY, SLOW = "0.05", "1"
"""Seconds that an answer takes; where clients are killed as long as models take, so that what is paid has been read."""
KILLED, SPOILT = 400, 300


def main() -> None:
    """Measures everything and prints four tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    named = " or ".join(PEERS)
    parser.add_argument("--python", action="append", default=[], metavar="PEER=PATH", help=f"interpreter of {named}")
    parser.add_argument("--quick", action="store_true", help="a fifth of the calls")
    tables = ("costs", "chain", "kills", "faults")
    parser.add_argument("--table", action="append", choices=tables, help="this table alone; may be given again")
    given = parser.parse_args()
    interpreters = dict.fromkeys((BARE, ROCOT), sys.executable)
    for word in given.python:
        name, _, path = word.partition("=")
        if name not in PEERS:
            parser.error(f"--python {word}: wants PEER=PATH, where PEER is {named}")
        if Path(path).is_file():
            interpreters[name] = os.path.abspath(path)  # noqa: PTH100  # a link must stay one: it says which packages
        else:
            print(f"{name}: no interpreter at {path}", file=sys.stderr)
    adopt()
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="peers-", dir=ROOT / "build", ignore_cleanup_errors=True) as folder:
        bench = Bench(Path(folder), laid(Path(folder)), interpreters)
        for asks, table in (1, "costs"), (3, "chain"):
            if table in (given.table or tables):
                costs(bench, asks, 5 if given.quick else 1)
        if "kills" in (given.table or tables):
            kills(bench)
        if "faults" in (given.table or tables):
            faults(bench)
    print(f"what the clients said: {LOGS.relative_to(ROOT)}")


def measured(bench: Bench, names: tuple[str, ...]) -> Iterator[str]:
    """The clients that can be run; the others have their row at once."""
    for name in names:
        if name in bench.interpreters:
            yield name
        else:
            row(name, "not measured")


def row(name: str, *cells: str) -> None:
    """One row of a table."""
    print(f"{SHOWN.get(name, name):12}" + "".join(f"{cell:>14}" for cell in cells), flush=True)


def costs(bench: Bench, asks: int, share: int) -> None:
    """What a call costs, of so many asks a row; the longer run makes one `share`-th of its calls."""
    print(f"\n{'one question' if asks == 1 else 'three asks, one after another,'} about each row")
    row("", "rows/s", "CPU ms a call", "start-up CPU", "start-up s", "peak MB", "in flight")
    cpu: dict[str, float] = {}
    for name in measured(bench, (BARE, ROCOT, *PEERS)):
        took, counts = [], {}
        many = FEW + (CALLS if name in PEERS else OURS) // (asks * share)
        for rows in (FEW, many):
            with serving("--latency", LATENCY) as server, bench.place() as folder:
                took.append(bench.run(name, server, rows, folder, asks=asks))
                counts = server.counts()
            if took[-1].code != 0 or counts["calls"] != rows * asks:
                row(name, f"exit {took[-1].code}", f"{counts['calls']:.0f} of {rows * asks} calls")
                break
        else:
            few, all_ = took
            each = (all_.cpu - few.cpu) / (many - FEW)
            cpu[name] = 1000 * each / asks
            speed = (many - 1) / (counts["latest"] - counts["first"])
            start = f"{few.cpu - FEW * each:.1f}", f"{few.wall - FEW / speed:.1f}"
            row(name, f"{speed:.0f}", f"{cpu[name]:.2f}", *start, f"{all_.peak_mb:.0f}", f"{counts['most']:.0f}")
    others = [cost for name, cost in cpu.items() if name in PEERS]
    for against, cost, aim in (("create", cpu.get(BARE), 0.33), ("the best peer", min(others, default=None), 0.5)):
        if cost is not None and ROCOT in cpu:
            print(f"  CPU a call, rocot / {against}: {cpu[ROCOT] / cost:.2f} (aim: {aim} at most)", flush=True)


def kills(bench: Bench) -> None:
    """Who pays again after SIGKILL."""
    print(f"\nSIGKILL once {KILLED // 2} of {KILLED} answers are paid for, then the same command")
    row("", "paid at kill", "paid twice", "rows", "exit")
    for name in measured(bench, (ROCOT, *PEERS)):
        with serving("--latency", SLOW) as server, bench.place() as folder:
            first = bench.run(name, server, KILLED, folder, until=lambda: server.counts()["paid"] >= KILLED // 2)
            if first.code is not None:
                row(name, f"exit {first.code}", "not killed")
                continue
            paid = server.counts()["paid"]
            stored = recorded(folder) if name == ROCOT else None
            again = bench.run(name, server, KILLED, folder)
            counts = server.counts()
            kept = len({number for number, text in told(folder / KEPT) if text == ANSWER})
            row(name, f"{paid:.0f}", f"{counts['twice']:.0f}", str(kept), ended(again.code))
            if stored is not None:
                again_paid = counts["twice"] - (paid - stored)
                print(f"  rocot had {stored} on disk when it was killed; of these paid twice: {again_paid:.0f}")


def recorded(folder: Path) -> int:
    """How many replies are in the store of rocot's client."""
    with StoreReader(folder / "run") as store:
        return sum(attempt.kind == "ok" for attempt in attempts(store))


def faults(bench: Bench) -> None:
    """What comes of rows that are answered badly."""
    print(
        f"\n{SPOILT} rows, {SPOILT * 9 // 10} of which can be right: those kept, by what they hold, and those set aside"
    )
    row("", "kept right", "kept wrong", "with reason", "without", "paid", "seconds", "exit")
    for name in measured(bench, (ROCOT, *PEERS)):
        with serving("--latency", LATENCY, "--mix") as server, bench.place() as folder:
            took = bench.run(name, server, SPOILT, folder)
            kept, lost = told(folder / KEPT), dict(told(folder / LOST))
            right = {number for number, text in kept if text == ANSWER}
            wrong = {number for number, _ in kept} - right
            reasons = sum(bool(reason) for reason in lost.values())
            without = SPOILT - len(right) - len(wrong) - reasons
            paid = f"{server.counts()['paid']:.0f}"
            row(
                name,
                *map(str, (len(right), len(wrong), reasons, without)),
                *(paid, f"{took.wall:.0f}", ended(took.code)),
            )


def ended(code: int | None) -> str:
    """An exit status in words."""
    return "hung" if code is None else str(code)


def told(path: Path) -> list[tuple[int, str | None]]:
    """What a client wrote down; nothing where it did not come to that."""
    if not path.exists():
        return []
    return [(int(number), text) for number, text in map(json.loads, path.read_text().splitlines())]


if __name__ == "__main__":
    main()

"""What rocot's engine costs a call, beside the bare client making the same calls.

    python benchmarks/engine.py            the whole table, several minutes
    python benchmarks/engine.py --quick    a tenth of the work

Both ask a local server, in a process of its own, the same three questions about each clip, with 16 JPEG frames of 15
kB, 64 at once. `create` is `AsyncOpenAI().chat.completions.create`, which keeps nothing. `rocot` is the whole engine:
the flow with its judge, the run store with synchronous=FULL, frames read back from the frame cache and checked. `end
s` is from the last answer to the end of the process, its figures told. Each figure comes from a fresh process; CPU is
user and system time of the client alone, threads included. Speeds depend on the machine and on who else uses it: the
ratios are what to compare.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.clients.work import Figures  # noqa: E402  # found only from the root


def main() -> None:
    """Measures everything and prints one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    scale = 0.1 if parser.parse_args().quick else 1.0
    few, some, many = (int(count * scale) for count in (1000, 2000, 20_000))
    print(f"{'':36}{'clips/s':>9}{'calls/s':>9}{'CPU ms a call':>15}{'peak MB':>9}{'end s':>8}")
    for latency in (0.0, 0.05):
        with serving(latency) as url:
            both = {"create": measured("create", url, few), "rocot": measured("engine", url, few)}
        for name, measure in both.items():
            show(f"{name}, latency {latency * 1000:.0f} ms, {few} clips", measure)
        create, rocot = both["create"].figures, both["rocot"].figures
        cpu, speed = rocot.cpu_ms / create.cpu_ms, rocot.calls_s / create.calls_s
        print(f"  rocot / create: CPU {cpu:.2f} (aim: 0.33 at most), throughput {speed:.2f} (aim: 1 at least)")
    print(f"rocot, to its first call: CPU {rocot.first_cpu:.2f} s (aim: 1.5 at most), wall {rocot.first_wall:.2f} s")
    with serving(0.0) as url:
        for clips in (some, many):
            show(f"rocot, latency 0 ms, {clips} clips", measured("engine", url, clips))
    print("  peak memory: aim 200 MB at most, and flat; end: aim 2 s at most")


def show(name: str, measure: "Measured") -> None:
    """One row."""
    figures = measure.figures
    numbers = f"{figures.calls_s / 3:9.0f}{figures.calls_s:9.0f}{figures.cpu_ms:15.2f}{figures.peak_mb:9.0f}"
    print(f"{name:36}{numbers}{measure.end:8.2f}", flush=True)


@contextmanager
def serving(latency: float, *server: str) -> Iterator[str]:
    """The URL of a server in a process of its own; `server` is its module and what it is told."""
    command = [sys.executable, "-m", *(server or ("tests.servers.chat", "--canned")), "--latency", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


@dataclass(frozen=True)
class Measured:
    """What a client told, and what its process took after its last answer, in seconds."""

    figures: Figures
    end: float


def measured(client: str, url: str, clips: int) -> Measured:
    """The figures of one fresh process. Its files lie beside the code: the system's temporary folder may be memory."""
    (ROOT / "build").mkdir(exist_ok=True)
    before = answered(url)
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=ROOT / "build") as folder:
        command = [sys.executable, "-m", f"benchmarks.clients.{client}", url, str(clips), folder, str(time.time())]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment, cwd=ROOT)
        ended = time.time()
    figures = Figures(**json.loads(done.stdout))
    calls = answered(url) - before
    assert calls == 3 * clips, f"{client} was to make {3 * clips} calls and made {calls}"
    return Measured(figures, ended - figures.last)


def answered(url: str) -> int:
    """Calls that the server has counted: a client that skips one is not quick."""
    with urllib.request.urlopen(f"{url.removesuffix('/v1')}/counts") as reply:
        return int(json.load(reply)["calls"])


if __name__ == "__main__":
    main()

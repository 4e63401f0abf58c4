"""Where the clients of benchmarks/peers.py run: command lines, folders, the server, what they are asked."""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.clients.task import Texts
from benchmarks.clients.work import CLASSES, DISTINCT_CLIPS, FRAMES, LENGTH, jpegs
from benchmarks.measure import Took, run
from rocot.assets import load_prompts
from rocot.engine.blobs import Blobs

ROOT = Path(__file__).parents[1]
LOGS = ROOT / "build" / "peers"
LIMIT = 600.0
"""Seconds for one run."""


@dataclass(frozen=True)
class Served:
    """A server in a process of its own."""

    url: str
    pid: int

    def counts(self) -> dict[str, float]:
        """What it has counted so far."""
        with urllib.request.urlopen(f"{self.url.removesuffix('/v1')}/counts") as reply:
            told = json.load(reply)
        return {name: float(value) for name, value in told.items() if name != "met"}


@contextmanager
def serving(*words: str) -> Iterator[Served]:
    """A server, until the end of the block."""
    command = [sys.executable, "-m", "benchmarks.answering", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield Served(process.stdout.readline().strip(), process.pid)
        finally:
            process.terminate()


@dataclass(frozen=True)
class Bench:
    """What clients are given."""

    folder: Path
    told: Path
    """The file that tells them what to ask."""
    interpreters: Mapping[str, str]
    """By the name of the client's module."""

    @contextmanager
    def place(self) -> Iterator[Path]:
        """A folder of its own for a client, in which it finds nothing that another one has left."""
        with tempfile.TemporaryDirectory(prefix="run-", dir=self.folder, ignore_cleanup_errors=True) as folder:
            yield Path(folder)

    def run(  # noqa: PLR0913  # two of them by name
        self,
        name: str,
        server: Served,
        rows: int,
        folder: Path,
        *,
        asks: int = 1,
        until: Callable[[], bool] = lambda: False,
    ) -> Took:
        """Runs a client; what it says goes to a file in build/peers."""
        LOGS.mkdir(parents=True, exist_ok=True)
        command = [self.interpreters[name], "-m", f"benchmarks.clients.{name}", server.url, str(rows), str(asks)]
        return run(
            [*command, str(folder), str(self.told)],
            cwd=ROOT,
            environment=environment(folder),
            log=LOGS / f"{name}.log",
            limit=LIMIT,
            spare=[server.pid],
            until=until,
        )


def environment(folder: Path) -> dict[str, str]:
    """Without keys and proxies; caches in the client's own folder, nothing told to anybody."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith(("_api_key", "_proxy"))}
    own = {
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "OPENAI_API_KEY": "none",
        "HOME": str(folder / "home"),
        "XDG_CACHE_HOME": str(folder / "home" / "cache"),
        "XDG_DATA_HOME": str(folder / "home" / "data"),
        "HF_HOME": str(folder / "home" / "hf"),
        "HF_HUB_OFFLINE": "1",
        "TELEMETRY_ENABLED": "false",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    return kept | own


def worded() -> Texts:
    """What is asked, but for the frames."""
    prompts = load_prompts()
    reason = prompts.reason.fill(count=str(FRAMES), start="0.00", end=f"{LENGTH:.2f}", classes=", ".join(CLASSES))
    return Texts(
        system=prompts.system.text,
        question=f"{reason}\n{prompts.answer_json.text}",
        reflect=f"{prompts.reflect.text}\n{prompts.reflection_json.text}",
        revise=f"{prompts.revise.text}\n{prompts.answer_json.text}",
    )


def laid(folder: Path) -> Path:
    """Lays out frames and texts; the file that tells of them."""
    blobs = Blobs(folder / "frames")
    frames = [
        [str(folder / "frames" / digest[:2] / f"{digest}.jpg") for digest in map(blobs.put, jpegs(row))]
        for row in range(DISTINCT_CLIPS)
    ]
    told = folder / "task.json"
    told.write_text(json.dumps({"texts": asdict(worded()), "frames": frames}))
    return told

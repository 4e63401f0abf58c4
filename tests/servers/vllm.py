"""A real vLLM server on this machine's CPU, with a tiny model: for tests that have an environment with vLLM."""

import os
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

PYTHON = os.environ.get("ROCOT_VLLM_PYTHON")
"""An interpreter that has vLLM; None where nobody has named one."""
ON_CPU = {
    "HF_HUB_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_SERVER_DEV_MODE": "1",  # caches can be emptied
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "OMP_NUM_THREADS": "1",
}
SMALL = (
    *("--dtype", "float32", "--enforce-eager", "--skip-mm-profiling"),
    *("--no-enable-chunked-prefill", "--max-num-batched-tokens", "32768"),
)
"""Arguments without which a CPU is slow to start, or crashes with seeded requests."""
BLOCK = 128
"""Tokens of a block of the cache on a CPU, vLLM's default there: a prefix is served up to its last whole block."""
PATIENCE = 300.0
"""Seconds until the server must be up: 45 on an idle machine."""


def build(python: str, folder: Path) -> None:
    """Builds the tiny model."""
    script = Path(__file__).with_name("tiny_vl.py")
    environment = {**os.environ, **ON_CPU}
    subprocess.run([python, "-W", "ignore", str(script), str(folder)], check=True, capture_output=True, env=environment)


@contextmanager
def serving(words: Sequence[str], port: int) -> Iterator[str]:
    """Runs the words of `rocot serve-command`, on loopback; gives the address without `/v1`."""
    assert PYTHON is not None
    where = ("--host", "127.0.0.1", "--port", str(port))
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            [PYTHON, "-W", "ignore", "-m", "vllm.entrypoints.cli.main", *words[1:], *SMALL, *where],
            env={**os.environ, **ON_CPU},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(server, f"http://127.0.0.1:{port}/health", log.fileno())
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(60)


def _wait(server: subprocess.Popen[bytes], health: str, log: int) -> None:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends and server.poll() is None:
        try:
            with urllib.request.urlopen(health, timeout=5):
                return
        except OSError:
            time.sleep(1)
    raise AssertionError(f"vLLM did not start:\n{os.pread(log, 1 << 20, 0).decode()[-4000:]}")


def empty(base: str, cache: str) -> None:
    """Empties one of the server's caches: `prefix` or `mm`, which holds what was made of pictures."""
    with urllib.request.urlopen(urllib.request.Request(f"{base}/reset_{cache}_cache", method="POST"), timeout=30):
        pass


def counters(base: str, names: Sequence[str]) -> Mapping[str, int]:
    """The server's own counts, summed over engines: `prefix_cache_hits` is `vllm:prefix_cache_hits_total`."""
    with urllib.request.urlopen(f"{base}/metrics", timeout=10) as response:
        lines = response.read().decode().splitlines()
    return {
        name: sum(round(float(line.split()[-1])) for line in lines if line.startswith(f"vllm:{name}_total{{"))
        for name in names
    }

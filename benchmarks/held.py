"""What calls cost whose frames a server holds already, beside calls that carry them.

    python benchmarks/held.py

The three asks about each of 500 clips, 16 JPEG frames of 15 kB, 64 calls in flight, through rocot's whole engine as in
benchmarks/engine.py. One local server gives itself out as vLLM and takes frames by name, the other does not. Bytes are
those that reach it; CPU is the client's alone.
"""

import json
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.engine import measured, serving  # noqa: E402  # found only from the root

CLIPS = 500
"""All of them different."""


def main() -> None:
    """Measures both, twice in turn, and prints one table."""
    print(f"{'':12}{'calls/s':>9}{'CPU ms a call':>15}{'kB a call':>11}{'peak MB':>9}")
    for name, server in (("whole", ("tests.servers.chat", "--canned")), ("by name", ("tests.servers.holding",))) * 2:
        with serving(0.0, *server) as url:
            took = measured("engine", url, CLIPS).figures
            with urllib.request.urlopen(url.removesuffix("/v1") + "/counts", timeout=10) as response:
                octets = json.load(response)["octets"]
        sent = octets / (3 * CLIPS) / 1000
        print(f"{name:12}{took.calls_s:9.0f}{took.cpu_ms:15.2f}{sent:11.1f}{took.peak_mb:9.0f}", flush=True)


if __name__ == "__main__":
    main()

"""How near the adaptive pace comes to the best fixed number of calls at once, against a server that hides its limit.

    python benchmarks/pace.py              limits of 10 and 40 calls at once, 60 s paced, 15 s of each fixed number
    python benchmarks/pace.py --seconds 20

The server, in a process of its own, answers in 0.2 s and turns away with 429 what comes beyond its limit. First several
fixed numbers at once are tried, around the limit that nobody who asks knows; then the pace, which begins with 8 calls
at once and may use 128. All go through the same code, with 128 callers, a ledger in memory and one small frame a call.
"""

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from rocot.core.prompt import Sampling  # noqa: E402  # found only from the root
from rocot.errors import TeacherError  # noqa: E402
from rocot.stages.asking import compose  # noqa: E402
from rocot.teacher.asker import Asker  # noqa: E402
from rocot.teacher.fleet import Fleet  # noqa: E402
from rocot.teacher.openai import OpenAITeacher  # noqa: E402
from rocot.teacher.pace import FIRST, Pace, Signal  # noqa: E402
from tests.contracts.teacher import ITEM, PROMPTS  # noqa: E402
from tests.teacher.doubles import Album, Notebook  # noqa: E402

LATENCY = 0.2
MOST = 128
SHARES = (0.5, 0.8, 1.0, 1.2, 2.0)
"""Of the limit: the fixed numbers that are tried."""


class Fixed(Pace):
    """So many at once, whatever comes."""

    def end(self, number: int, signal: Signal, now: float, *, latency: float = 0.0, after: float = 0.0) -> None:
        """Takes no notice of what came of the call."""
        self.in_flight -= 1


def main() -> None:
    """Measures each limit with several fixed numbers and with the pace."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    print(f"{'limit':>6}{'at once':>10}{'calls/s':>10}{'turned away':>13}{'of the best':>13}")
    for limit in (10, 40):
        with serving(limit) as url:
            best = 0.0
            for fixed in [round(share * limit) for share in SHARES]:
                speed, away = asyncio.run(asked(url, seconds / 4, Fixed, most=fixed, first=fixed))
                best = max(best, speed)
                print(f"{limit:6}{fixed:10}{speed:10.1f}{away:13.2%}", flush=True)
            speed, away = asyncio.run(asked(url, seconds, Pace, most=MOST, first=FIRST))
        print(f"{limit:6}{'paced':>10}{speed:10.1f}{away:13.2%}{speed / best:13.1%}", flush=True)
    print("  aim: 90 % of the best fixed number at least, and less than 1 % turned away")


@contextmanager
def serving(limit: int) -> Iterator[str]:
    """The URL of a server in a process of its own."""
    command = [sys.executable, "-m", "tests.servers.chat", "--latency", str(LATENCY), "--limit", str(limit)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


async def asked(url: str, seconds: float, pace: type[Pace], *, most: int, first: int) -> tuple[float, float]:
    """Calls answered a second, and the share of attempts that were turned away."""
    teacher = OpenAITeacher("openai:m", base_url=url, api_key=None, connections=MOST)
    notebook = Notebook()
    asker = Asker(Fleet([teacher], most=most, first=first, pace=pace), notebook, Album(), sampling=Sampling())
    end = time.monotonic() + seconds
    numbers = iter(range(10**9))
    short = ITEM.model_copy(update={"frames": ITEM.frames[:1]})

    async def work() -> None:
        while time.monotonic() < end:
            item = short.fanned(next(numbers))
            try:
                await asker.ask(compose(PROMPTS, asker, item, "grounding"), item, "reason", str)
            except TeacherError:
                continue

    working = [asyncio.create_task(work()) for _ in range(MOST)]
    await asyncio.sleep(seconds)
    answered = sum(attempt.ok for attempt in notebook.attempts)
    for task in working:
        task.cancel()
    await asyncio.gather(*working, return_exceptions=True)
    await teacher.close()
    return answered / seconds, sum(attempt.status == 429 for attempt in notebook.attempts) / len(notebook.attempts)


if __name__ == "__main__":
    main()

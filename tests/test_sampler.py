"""The sampler ends when it is told to, whatever its decoders do."""

import asyncio
import os
import signal
import time
from pathlib import Path

from rocot.core.clip import Clip
from rocot.errors import VideoError
from rocot.machine import Machine
from rocot.recipe import FramesRecipe
from rocot.tools.reading import sampler
from rocot.video.mark import mark_of
from tests.contracts.numbered import film
from tests.video.workers import children


async def test_what_still_decodes_at_the_end_is_dropped(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4").path
    end = {"start": 0, "end": 3, "duration": 3, "classes": ("Normal",), "mark": mark_of(path)}
    clip = Clip.model_validate({"id": "s/a", "source": "s", "video": "a", "split": "train", "path": str(path), **end})
    others = children(os.getpid())  # readers of other settings are shared by all that run in this process
    with sampler(FramesRecipe(), Machine(run=tmp_path / "run", cache=tmp_path / "cache", decoders=1)) as frames:
        await frames.sample(clip, [0.5])
        (worker,) = set(children(os.getpid())) - {*others}
        os.kill(worker, signal.SIGSTOP)
        waiting = [asyncio.create_task(frames.sample(clip, [time])) for time in (0.5, 1.0, 1.5)]
        await asyncio.sleep(0.2)
        started = time.monotonic()
    assert time.monotonic() - started < 15
    assert children(os.getpid()) == others
    done = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(error, VideoError | asyncio.CancelledError) for error in done)

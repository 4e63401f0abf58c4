"""Renders the clips that are missing, in worker processes, and hands their numbers on in order as they are ready."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread

from rocot.sources.scenes.film import shoot
from rocot.sources.scenes.script import compose
from rocot.sources.scenes.store import is_whole, write_note

Job = tuple[int, str, int, Path]
"""A seed, a split, a clip's number and its file."""

AHEAD = 4
"""Clips a worker may be ahead of the one that is waited for, so that a split of any length needs little memory."""
FEW = 2
"""So few missing clips are rendered in this process: starting workers would take longer."""


def render(seed: int, split: str, index: int, path: Path) -> None:
    """Render one clip into its file, and note the file down once it is whole."""
    shoot(compose(seed, split, index), path)
    write_note(path)


def ready(
    seed: int, split: str, clips: Mapping[int, Path], progress: Callable[[int, int], None] | None = None
) -> Iterator[int]:
    """The numbers of the split's clips in their order, each once its file is whole; `clips` has the files by number.

    `progress(done, missing)` is called after each rendered clip. Raises OSError when a file cannot be written.
    """
    missing = [i for i, path in clips.items() if not is_whole(path)]
    jobs = [(seed, split, i, clips[i]) for i in missing]
    rendered = _in_turn(jobs) if len(jobs) <= FEW or os.cpu_count() == 1 else _in_workers(jobs)
    done = 0
    for i in clips:
        if done < len(missing) and i == missing[done]:
            next(rendered)
            done += 1
            if progress is not None:
                progress(done, len(missing))
        yield i


def renderers(workers: int) -> ProcessPoolExecutor:
    """Processes to render in, which end with this one."""
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_end_with_parent)


def _in_turn(jobs: list[Job]) -> Iterator[None]:
    for job in jobs:
        render(*job)
        yield


def _in_workers(jobs: list[Job]) -> Iterator[None]:
    """Renders the jobs in processes, a few ahead; what is not begun when nobody asks any more is dropped."""
    workers = min(os.cpu_count() or 1, len(jobs))
    waiting: deque[Future[None]] = deque()
    rest = iter(jobs)
    with renderers(workers) as pool:
        try:
            for job in islice(rest, workers * AHEAD):
                waiting.append(pool.submit(render, *job))
            while waiting:
                yield waiting.popleft().result()
                for job in islice(rest, 1):
                    waiting.append(pool.submit(render, *job))
        finally:
            pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """Ends a worker when the process that it works for is gone: one that was killed can tell its workers nothing."""
    parent = parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    Thread(target=follow, name="rocot-parent", daemon=True).start()

"""Renders the clips that are missing, in worker processes, and hands their numbers on in order as they are ready."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from rocot.sources.scenes.film import shoot
from rocot.sources.scenes.script import compose
from rocot.sources.scenes.store import is_whole, write_note

AHEAD = 4
"""Clips a worker may be ahead of the one that is waited for, so that a split of any length needs little memory."""
FEW = 2
"""So few missing clips are rendered in this process: starting workers would take longer."""


def render(seed: int, split: str, index: int, path: Path) -> None:
    """Render one clip into its file, and note the file down once it is whole."""
    shoot(compose(seed, split, index), path)
    write_note(path)


def ready(
    seed: int, split: str, paths: list[Path], progress: Callable[[int, int], None] | None = None
) -> Iterator[int]:
    """The indices of the split's clips in order, each once its file is whole.

    `progress(done, missing)` is called after each rendered clip. Raises OSError when a file cannot be written.
    """
    missing = [i for i, path in enumerate(paths) if not is_whole(path)]
    workers = min(os.cpu_count() or 1, len(missing))
    done = 0
    if len(missing) <= FEW or workers == 1:
        for i, path in enumerate(paths):
            if i in missing:
                render(seed, split, i, path)
                done += 1
                if progress is not None:
                    progress(done, len(missing))
            yield i
        return
    waiting: deque[tuple[int, Future[None]]] = deque()
    rest = iter(missing)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:

        def top_up() -> None:
            while len(waiting) < workers * AHEAD:
                i = next(rest, None)
                if i is None:
                    return
                waiting.append((i, pool.submit(render, seed, split, i, paths[i])))

        try:
            top_up()
            for i in range(len(paths)):
                if waiting and waiting[0][0] == i:
                    waiting.popleft()[1].result()
                    top_up()
                    done += 1
                    if progress is not None:
                        progress(done, len(missing))
                yield i
        finally:
            pool.shutdown(cancel_futures=True)

"""Single scenes by their ids, rendered where they are not there: what a published row is about can be made anywhere."""

import re
from concurrent.futures import Executor, Future
from pathlib import Path
from threading import Lock

from rocot.errors import VideoError
from rocot.sources.scenes.render import render
from rocot.sources.scenes.source import folder_of
from rocot.sources.scenes.store import is_whole

SCENE = re.compile(r"scene-(train|test)-([0-9]{4,6})")


class ScenesAgain:
    """The scenes of one seed. Safe to call from several threads at once; rendering takes the executor's processes."""

    def __init__(self, cache: Path, seed: int, rendering: Executor) -> None:
        self._folder = folder_of(cache, seed)
        self._seed = seed
        self._rendering = rendering
        self._lock = Lock()
        self._under_way: dict[str, Future[None]] = {}

    def path(self, video: str) -> Path:
        """The file of a scene, waited for where it must be rendered.

        Raises VideoError (`no such scene`, `unwritable cache`).
        """
        named = SCENE.fullmatch(video)
        if named is None:
            raise VideoError("no such scene", f"{video[:60]!r} is no name of a rendered scene")
        path = self._folder / f"{video}.mp4"
        try:
            with self._lock:
                if video not in self._under_way and not is_whole(path):
                    self._folder.mkdir(parents=True, exist_ok=True)
                    job = (self._seed, named[1], int(named[2]), path)
                    self._under_way[video] = self._rendering.submit(render, *job)
                waited = self._under_way.get(video)
            if waited is not None:
                waited.result()
        except OSError as error:
            raise VideoError("unwritable cache", f"{self._folder}: {error.strerror or error}") from error
        return path

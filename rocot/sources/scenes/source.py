"""The source `scenes`: rendered clips in a cache folder, made when they are first asked for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from rocot.core.truth import NORMAL
from rocot.errors import ConfigError
from rocot.sources.listing import Counted
from rocot.sources.parted import Takes, every
from rocot.sources.protocol import Video, mark_of


@dataclass(frozen=True)
class ScenesSource:
    """Rendered scenes, the same for the same seed.

    `cache` is the folder for the files; `train` and `test` are the numbers of clips; a clip is the same whatever the
    numbers. `progress(done, missing)` is called after each clip that had to be rendered.
    """

    cache: Path
    train: int = 32
    test: int = 32
    seed: int = 0
    progress: Callable[[int, int], None] | None = None
    anomalies: tuple[str, ...] = ()
    """Those that are played, with as many normal clips; all where none is named."""
    takes: Takes = every
    """Which of the videos are wanted; no others are rendered."""

    @property
    def name(self) -> str:
        """As it stands in every row."""
        return "scenes"

    def videos(self, split: str) -> Iterator[Video]:
        """The split's clips in order, rendered as needed.

        Raises ConfigError for a split other than train and test, and for a cache folder that cannot be written.
        """
        counts = {"train": self.train, "test": self.test}
        if split not in counts:
            raise ConfigError(f"scenes has no split {split!r}; it has train and test")
        from rocot.sources.scenes.script import dealt, name_of  # noqa: PLC0415 - as below

        dealt_out = islice(dealt(self.seed, split, self.anomalies), counts[split])
        numbers = [number for number in dealt_out if self.takes(name_of(split, number))]
        return Counted(self._videos(split, numbers), len(numbers))

    def _videos(self, split: str, numbers: Sequence[int]) -> Iterator[Video]:
        # Imported here: numpy, Pillow and PyAV take longer to import than the whole command line may to start.
        from rocot.sources.known.commons import commons  # noqa: PLC0415
        from rocot.sources.scenes.render import ready  # noqa: PLC0415
        from rocot.sources.scenes.script import CLASSES, compose, name_of  # noqa: PLC0415

        folder = folder_of(self.cache, self.seed)
        paths = {i: folder / f"{name_of(split, i)}.mp4" for i in numbers}
        classes = tuple(name for name in CLASSES if not self.anomalies or name in {NORMAL, *self.anomalies})
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for i in ready(self.seed, split, paths, self.progress):
                script = compose(self.seed, split, i)
                yield Video(
                    id=script.id,
                    source=self.name,
                    split=split,
                    path=str(paths[i]),
                    duration=script.duration,
                    mark=mark_of(paths[i]),
                    common=commons(classes),
                    classes=classes,
                    truth=script.truth,
                )
        except OSError as error:
            raise ConfigError(
                f"{folder}: {error.strerror or error}; scenes needs a cache folder it can write"
            ) from error


def folder_of(cache: Path, seed: int) -> Path:
    """Where the clips of a seed lie, for this version of what draws them."""
    from rocot.sources.scenes.script import GENERATOR  # noqa: PLC0415 - as above

    return cache.expanduser().absolute() / f"scenes-{GENERATOR}-seed{seed}"

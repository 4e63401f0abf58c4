"""What other trainers' samples point at: pictures in files, or the user's own videos."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias

from rocot.errors import VideoError
from rocot.release.album import Album, Page, Shot
from rocot.release.formats.sample import Media
from rocot.release.hydrate import picture_path
from rocot.release.lines import write_once
from rocot.release.places import Places
from rocot.video.mark import mark_of

Pointed: TypeAlias = tuple[Page, Sequence[Media] | VideoError]
"""A page with the media of each of its rows, or why it has none."""


class Pointing(Protocol):
    """Finds the media of pages, in their order."""

    def media(self, pages: Iterable[Page]) -> Iterator[Pointed]:
        """Raises OSError where pictures cannot be written."""


class Pictures:
    """Frames, each in a file of its own below a folder, `frames/ab/<digest>.jpg`, by absolute paths."""

    def __init__(self, album: Album, to: Path) -> None:
        self._album = album
        self._to = to.absolute()

    def media(self, pages: Iterable[Page]) -> Iterator[Pointed]:
        """See `Pointing`."""
        for one in self._album.filled(pages):
            if isinstance(one.found, VideoError):
                yield one.page, one.found
                continue
            for digest, picture in one.found.pictures.items():
                write_once(self._to / picture_path(digest), picture)
            yield one.page, [self._of(shot) for shot in one.page.shots]

    def _of(self, shot: Shot) -> Media:
        return Media(tuple(str(self._to / picture_path(frame.digest)) for frame in shot.frames))


class Films:
    """Whole videos where they lie, by absolute paths; each must be the very file that was recorded."""

    def __init__(self, places: Mapping[str, Places]) -> None:
        self._places = places

    def media(self, pages: Iterable[Page]) -> Iterator[Pointed]:
        """See `Pointing`."""
        for page in pages:
            try:
                path = self._path(page.shots[0])
            except VideoError as error:
                yield page, error
            else:
                yield page, [Media(video=str(path.absolute()))] * len(page.shots)

    def _path(self, shot: Shot) -> Path:
        place = self._places.get(shot.source)
        path = None if place is None else place.path(shot.video, shot.video_mark)
        if path is None:
            raise VideoError("missing file", f"{shot.video} is not in the folders of videos")
        if mark_of(path) != shot.video_mark:
            raise VideoError("another file", f"{path.name} is not the file that was recorded")
        return path

"""The frames of a file as its container lists them: when each appears, its bytes, where decoding may start."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rocot.errors import VideoError
from rocot.video.container import Opened, opened
from rocot.video.sample_table import SampleTable, sample_table
from rocot.video.stamps import stamp_of


@dataclass(frozen=True)
class Index:
    """One entry for each frame that is shown, in the order of presentation; nothing of it is decoded."""

    times: npt.NDArray[np.float64]
    """Seconds from the first."""
    sizes: npt.NDArray[np.int64]
    """Bytes of the coded picture."""
    keys: npt.NDArray[np.bool_]
    """Whether decoding may start there."""
    decoded: npt.NDArray[np.int64]
    """Place in the order of decoding, from any start: it tells B-frames from others."""


def index_of(path: Path) -> Index:
    """From the sample tables of MP4 and MOV in a millisecond a minute; from all packets of other files, read through.

    Where frames carry no time of their own (AVI with B-frames, MPEG-PS) sizes and keys stand in the order of decoding.
    Raises VideoError.
    """
    with opened(path) as video:
        table = table_of(video, path)
        index = _from_packets(video) if table is None else _from_table(video, table)
    if not len(index.times):
        raise VideoError("no frames", f"{path.name}: it lists no frame that is shown")
    return index


def table_of(video: Opened, path: Path) -> SampleTable | None:
    """The sample tables of the video stream, None for other containers and where the tables leave something open.

    Raises VideoError (`unreadable`).
    """
    if "mp4" not in video.container.format.name.split(","):
        return None
    try:
        return sample_table(path, video.stream.id, video.tick)
    except OSError as error:
        raise VideoError("unreadable", f"{path.name}: {error.strerror}") from error


def _from_table(video: Opened, table: SampleTable) -> Index:
    first = table.presentation[np.argmax(table.keys)]  # what is shown before leans on pictures that are not there
    shown = np.flatnonzero(table.shown & (table.presentation >= first))
    order = shown[np.argsort(table.presentation[shown])]
    return _index(video, table.presentation[order], table.sizes[order], table.keys[order], order)


def _from_packets(video: Opened) -> Index:
    rows: list[tuple[int, int, bool]] = []
    first: int | None = None
    for packet in video.packets():
        stamp = packet.dts if video.unstamped else stamp_of(packet)
        if not packet.size or stamp is None:
            continue
        if first is None and packet.is_keyframe:
            first = stamp
        if first is not None and stamp >= first and not packet.is_discard:
            rows.append((stamp, packet.size, packet.is_keyframe))
    stamps, sizes, keys = np.array(rows, np.int64).reshape(-1, 3).T
    order = np.argsort(stamps, kind="stable")
    return _index(video, stamps[order], sizes[order], keys[order] != 0, order)


def _index(
    video: Opened,
    stamps: npt.NDArray[np.int64],
    sizes: npt.NDArray[np.int64],
    keys: npt.NDArray[np.bool_],
    decoded: npt.NDArray[np.int64],
) -> Index:
    times = (stamps - stamps[:1]) * float(video.tick)
    return Index(times.astype(np.float64), sizes, keys, decoded.astype(np.int64))

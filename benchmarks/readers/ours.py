"""rocot's reader, and its floor: the pictures that must be decoded, from memory, and nothing else."""

import time

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from benchmarks.readers.task import HEIGHT, QUALITY, Given, Picture, Task
from rocot.video.av_reader import AvReader
from rocot.video.container import Opened, opened
from rocot.video.index import table_of
from rocot.video.plan import Plan
from rocot.video.planned import Asked, needed
from rocot.video.protocol import Look
from rocot.video.taking import Keep, take

LOOK = Look(height=HEIGHT, quality=QUALITY)


def decoded(task: Task) -> Given:
    """As far as the decoder's own pictures, which is what the floor counts."""
    take(task.path, Asked(task.times), lambda _video, _time, frame: frame.pts)
    return Given()


def exact(task: Task) -> Given:
    """To RGB."""
    return Given(pictures=[picture for _, picture in take(task.path, Asked(task.times), _rgb())])


def snap(task: Task) -> Given:
    """To RGB, a key frame within the tolerance standing for a frame."""
    kept = take(task.path, Asked(task.times, task.tolerance), _rgb())
    return Given(pictures=[picture for _, picture in kept], times=[at for at, _ in kept])


def exact_jpeg(task: Task) -> Given:
    """To JPEG."""
    return Given(jpegs=[still.jpeg for still in AvReader().read(task.path, task.times, LOOK).stills])


def snap_jpeg(task: Task) -> Given:
    """To JPEG, a key frame within the tolerance standing for a frame."""
    stills = AvReader().read(task.path, task.times, LOOK, tolerance=task.tolerance).stills
    return Given(jpegs=[still.jpeg for still in stills], times=[still.time for still in stills])


def floor(task: Task) -> Given:
    """CPU seconds of decoding those pictures that the frames lean on; they are read before the clock starts."""
    with opened(task.path, strict=False) as video, task.path.open("rb") as file:
        table = table_of(video, task.path)
        assert table is not None
        plan = Plan(table)
        spans = plan.spans(plan.order[task.numbers].tolist())
        packets = [packet for span in spans for _, packet in needed(video, file.fileno(), table, span)]
        codec = video.stream.codec_context
        before = time.process_time()
        for packet in packets:
            codec.decode(packet)
        return Given(cpu=time.process_time() - before, decoded=len(packets))


def _rgb() -> Keep[tuple[float, Picture]]:
    scaler = VideoReformatter()

    def keep(_: Opened, time: float, frame: VideoFrame) -> tuple[float, Picture]:
        return time, np.asarray(scaler.reformat(frame, format="rgb24", threads=1).to_ndarray(), np.uint8)

    return keep

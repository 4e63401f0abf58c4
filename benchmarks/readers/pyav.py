"""PyAV as its documentation shows it: seek to each time, decode until the frame comes, one thread."""

import av
import numpy as np

from benchmarks.readers.task import Given, Picture, Task


def exact(task: Task) -> Given:
    """To RGB."""
    pictures: list[Picture] = []
    with av.open(str(task.path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        tick = stream.time_base
        assert tick is not None
        start = stream.start_time or 0
        for time in task.times:
            goal = start + int(time / tick)
            container.seek(goal, stream=stream)
            shown = None
            for frame in container.decode(stream):
                if frame.pts is not None and frame.pts > goal and shown is not None:
                    break
                shown = frame
            assert shown is not None
            pictures.append(np.asarray(shown.to_ndarray(format="rgb24"), np.uint8))
    return Given(pictures=pictures)

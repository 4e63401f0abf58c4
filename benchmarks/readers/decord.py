"""decord as its documentation shows it: a batch of frames by their numbers."""

import decord as library

from benchmarks.readers.task import Given, Task, by_pillow


def exact(task: Task) -> Given:
    """To RGB."""
    return Given(pictures=list(library.VideoReader(str(task.path)).get_batch(task.numbers).asnumpy()))


def jpeg(task: Task) -> Given:
    """To JPEG by Pillow, all at one height, as scripts do."""
    return Given(jpegs=[by_pillow(picture, enlarge=True) for picture in exact(task).pictures])


def jpeg_as_large(task: Task) -> Given:
    """To JPEG by Pillow, no larger than the video, as rocot does."""
    return Given(jpegs=[by_pillow(picture, enlarge=False) for picture in exact(task).pictures])

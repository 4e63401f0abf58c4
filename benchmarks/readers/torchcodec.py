"""torchcodec in its exact mode, by time, one thread."""

from torchcodec.decoders import VideoDecoder

from benchmarks.readers.task import Given, Task


def exact(task: Task) -> Given:
    """To RGB."""
    decoder = VideoDecoder(str(task.path), seek_mode="exact", num_ffmpeg_threads=1, dimension_order="NHWC")
    start = decoder.metadata.begin_stream_seconds or 0.0
    frames = decoder.get_frames_played_at([start + time + 1e-6 for time in task.times])
    return Given(pictures=list(frames.data.numpy()))

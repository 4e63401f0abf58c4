"""Ground truth by clip: kept apart from the items, one small entry a video."""

from rocot.core.clip import Clip
from rocot.core.truth import Truth, within
from rocot.sources.protocol import Video


class Truths:
    """Learns the truth of videos as they pass, and answers for the clips that were cut from them (a `TruthOf`)."""

    def __init__(self) -> None:
        self._of: dict[tuple[str, str], Truth] = {}

    def learn(self, video: Video) -> None:
        """Keeps the truth of a video."""
        self._of[video.source, video.id] = video.truth

    def __call__(self, clip: Clip) -> Truth:
        """The truth within the clip's window; KeyError for a clip of a video that never passed."""
        truth = self._of[clip.source, clip.video]
        return within(truth, clip.start, clip.end, whole=clip.start <= 0 and clip.end >= clip.duration)

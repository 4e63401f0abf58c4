"""Ground truth by clip: kept apart from the items, one small entry a video."""

from rocot.core.clip import Clip
from rocot.core.task import Question
from rocot.core.truth import Truth, within
from rocot.sources.protocol import Video


class Truths:
    """Learns the truth of videos as they pass, and answers for the clips that were cut from them (a `TruthOf`)."""

    def __init__(self) -> None:
        self._of: dict[tuple[str, str], Truth] = {}
        self._choices: dict[tuple[str, str], tuple[str | None, ...]] = {}

    def learn(self, video: Video) -> None:
        """Keeps the truth of a video."""
        self._of[video.source, video.id] = video.truth
        if video.questions:
            self._choices[video.source, video.id] = tuple(map(_right, video.questions))

    def __call__(self, clip: Clip) -> Truth:
        """The truth within the clip's window; KeyError for a clip of a video that never passed.

        Of a question that nobody has answered nothing is known, whatever is known of its video.
        """
        whole = clip.start <= 0 and clip.end >= clip.duration
        truth = within(self._of[clip.source, clip.video], clip.start, clip.end, whole=whole)
        if clip.posed is None:
            return truth
        choice = self._choices[clip.source, clip.video][clip.posed.number]
        return Truth() if choice is None else truth.model_copy(update={"choice": choice})


def _right(question: Question) -> str | None:
    """The text of the right option."""
    if question.answer is None or question.answer >= len(question.options):
        return None
    return question.options[question.answer]

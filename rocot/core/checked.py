"""What the checks of a sample came to, as it stands in its row."""

from collections.abc import Callable
from typing import Self

from rocot.core.checks import Finding, Opinion, Review, Unchecked, reviewed
from rocot.core.record import Record
from rocot.core.reflection import Looked, Reviewed


class BlindLook(Record):
    """A fresh answer by somebody who knows nothing of what was said before."""

    finding: Finding
    """What it comes to: `agrees`, `in part`, `disagrees`, `abstains` or `unchecked`."""
    unchecked: Unchecked | None
    """Why nobody was asked: `answer unclear`, `no span`, `no frame there` or `no frame left`; null where somebody
    was."""
    frame_times: tuple[float, ...]
    """True presentation times of all frames that were shown, seconds of the source video, ascending."""
    frame_digests: tuple[str, ...]
    """sha256 of each frame's JPEG, in the order of `frame_times`."""
    opinion: Opinion | None
    """What was answered; null where nobody was asked."""

    @classmethod
    def of(cls, looked: Looked | None, found: Callable[[Opinion | None], Finding]) -> Self | None:
        """As it stands in the row; `found` says what an opinion comes to."""
        if looked is None:
            return None
        return cls(
            finding=found(looked.opinion),
            unchecked=looked.unchecked,
            frame_times=tuple(frame.time for frame in looked.frames),
            frame_digests=tuple(frame.digest for frame in looked.frames),
            opinion=looked.opinion,
        )


class Criticism(Record):
    """What a critic makes of the errors that the reflection names."""

    finding: Finding
    """What it comes to: `agrees` (all are real that could be told), `in part`, `disagrees` (none is), `abstains` or
    `unchecked`."""
    unchecked: Unchecked | None
    """Why nobody was asked: `no error named`; null where somebody was."""
    review: Review | None
    """What was answered; null where nobody was asked."""

    @classmethod
    def of(cls, critic: Reviewed | None) -> Self | None:
        """As it stands in the row."""
        if critic is None:
            return None
        return cls(finding=reviewed(critic.review), unchecked=critic.unchecked, review=critic.review)

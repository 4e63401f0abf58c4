"""Recipe and machine become clients here, and nowhere else.

A client is imported when a recipe picks it: what a recipe does not name need not be installed, nor waited for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rocot.assets import Prompts
from rocot.sources.protocol import TruthOf
from rocot.sources.shuffled import Shuffled
from rocot.teacher.protocol import Asks, Resting
from rocot.video.protocol import Samples

if TYPE_CHECKING:
    from rocot.teacher.wave import Waves


@dataclass(frozen=True)
class Tools:
    """What the stages work with."""

    frames: Samples
    teacher: Asks
    reflector: Asks
    reviser: Asks
    checker: Asks
    """The teacher where no check is on: it is asked nothing."""
    prompts: Prompts
    truth: TruthOf
    shuffled: Shuffled = field(default_factory=Shuffled)
    """What a control hands to the reflection in place of the truth."""
    remarks: Callable[[], Sequence[str]] = tuple
    """What a user should know of the teachers' servers just now."""
    notices: Callable[[], Sequence[str]] = tuple
    """What is to be told once, the oldest first."""
    resting: Callable[[], Sequence[Resting]] = tuple
    """The teachers' servers that are left alone just now."""
    waves: "Waves | None" = None
    """The calls that are answered by batch, where any are."""

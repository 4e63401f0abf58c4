"""Recipe and machine become clients here, and nowhere else."""

from dataclasses import dataclass

from rocot.assets import Prompts
from rocot.sources.protocol import TruthOf
from rocot.teacher.protocol import Asks
from rocot.video.protocol import Samples


@dataclass(frozen=True)
class Tools:
    """What the stages work with."""

    frames: Samples
    teacher: Asks
    reflector: Asks
    prompts: Prompts
    truth: TruthOf

"""What a file's packets say of its frames: when each is shown, how many bytes it took, how it is coded."""

from pathlib import Path

from rocot.core.motion import Packets, kinds_of
from rocot.video.container import opened
from rocot.video.cursor import stamp_of


def packets_of(path: Path, start: float, end: float) -> Packets:
    """Those of the frames that appear in [start, end), seconds from the first frame shown. Raises VideoError.

    Reads all packets, decodes none.
    """
    with opened(path) as video:
        found = [
            (stamp, packet.size, packet.is_keyframe)
            for packet in video.packets()
            if packet.size and not packet.is_discard and (stamp := stamp_of(packet)) is not None
        ]
        tick = float(video.tick)
    kinds = kinds_of([key for _, _, key in found], [stamp for stamp, _, _ in found])
    shown = sorted(zip(found, kinds, strict=True), key=lambda one: one[0][0])
    first = shown[0][0][0] if shown else 0
    return Packets(
        times=[(stamp - first) * tick for (stamp, _, _), _ in shown],
        sizes=[size for (_, size, _), _ in shown],
        kinds=[kind for _, kind in shown],
    ).between(start, end)

"""The times that packets carry, in ticks of their stream."""

from fractions import Fraction

from rocot.video.container import VideoPacket

NUDGE = Fraction(1, 1_000_000)
"""Seconds by which an asked time may miss a frame's from below: 3 * 0.04 must find the frame at 0.12."""


def stamp_of(packet: VideoPacket) -> int | None:
    """Presentation time in ticks; the decoding time where the container stores nothing else."""
    return packet.pts if packet.pts is not None else packet.dts


def decoding_time_of(packet: VideoPacket) -> int | None:
    """Decoding time in ticks; the presentation time where it is not known yet (the head of a Matroska file)."""
    return packet.dts if packet.dts is not None else packet.pts


def latest(reached: int | None, packet: VideoPacket) -> int | None:
    """The latest time so far, ticks. An index holds decoding times in MP4, presentation times in Matroska."""
    return max((at for at in (reached, packet.pts, packet.dts) if at is not None), default=None)


def reaches(packet: VideoPacket, target: int | None) -> bool:
    """Whether no later key frame can be shown at or before the target, as decoding times rise and come first."""
    if target is None:
        return True
    stamp = stamp_of(packet)
    return (packet.dts is not None and packet.dts > target) or (
        packet.is_keyframe and stamp is not None and stamp > target
    )

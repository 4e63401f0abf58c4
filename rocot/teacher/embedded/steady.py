"""The camera and the light taken out: every frame shifted onto the ordinary picture and brought to its brightness."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from rocot.teacher.embedded.footage import Floats, Footage

FARTHEST = 0.06
"""Of the picture's height: the largest shift that is taken for a shake. Beyond it a match is chance."""


@dataclass(frozen=True)
class Steady:
    """Footage as from a camera on rock under a constant sun."""

    rgb: Floats
    """frames x rows x columns x 3, 0 to 255."""
    usual: Floats
    """The median picture: rows x columns x 3."""
    shift: Floats
    """frames: how far each was moved, fraction of the picture's height."""
    gain: Floats
    """frames: log2 of the brightness that was divided out."""


def steady(footage: Footage) -> Steady:
    """Shifts by whole pixels of the stack, found by phase correlation; one gain a frame, found as a median ratio."""
    rgb = footage.rgb.copy()
    grey = footage.grey
    height = grey.shape[1]
    usual = np.median(grey, axis=0)
    moved = _shifts(grey, usual)
    for index in np.flatnonzero(moved.any(axis=1)):
        rgb[index] = np.roll(rgb[index], tuple(moved[index]), axis=(0, 1))
    ratios = (grey[:, ::3, ::3] + 8) / (usual[::3, ::3] + 8)
    gain = np.clip(np.median(ratios, axis=(1, 2)), 0.25, 4).astype(np.float32)
    rgb /= gain[:, None, None, None]
    shift = np.hypot(moved[:, 0], moved[:, 1]).astype(np.float32) / height
    return Steady(rgb, np.median(rgb, axis=0), shift, np.log2(gain))


def _shifts(grey: Floats, usual: Floats) -> npt.NDArray[np.intp]:
    """frames x (down, across), pixels, by which a frame must be rolled to lie on the usual picture."""
    height, width = usual.shape
    window = np.outer(np.hanning(height), np.hanning(width)).astype(np.float32)

    def spectrum(picture: Floats) -> npt.NDArray[np.complex64]:
        flat = (picture - picture.mean(axis=(-2, -1), keepdims=True)) * window
        result: npt.NDArray[np.complex64] = fft.rfft2(flat)
        return result

    cross = spectrum(usual)[None] * spectrum(grey).conj()
    cross /= np.abs(cross) + 1e-3 * np.abs(cross).mean() + 1e-6
    match = fft.irfft2(cross, s=(height, width))
    reach = max(1, int(FARTHEST * height))
    near = np.concatenate([match[:, -reach:], match[:, : reach + 1]], axis=1)
    near = np.concatenate([near[:, :, -reach:], near[:, :, : reach + 1]], axis=2)
    side = 2 * reach + 1
    flat = near.reshape(len(grey), -1)
    best = flat.argmax(axis=1)
    clear = flat[np.arange(len(flat)), best] > 1.5 * near[:, reach, reach]
    found = np.stack([best // side - reach, best % side - reach], axis=1)
    return np.where(clear[:, None], found, 0).astype(np.intp)

"""Which Lab colours (CIE 1976, D65) a display of certain primaries shows, and how much of the chroma of the others."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from pipeline.color.transfer import peak_light

Floats = npt.NDArray[np.float32]

_PRIMARIES = {
    "bt709": ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    "bt470bg": ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060)),
    "smpte170m": ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    "smpte240m": ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    "bt2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    "smpte432": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
"""Chromaticities of red, green and blue; their white is D65."""
_WHITE = (0.95047, 1.0, 1.08883)
_ROUNDS = 10


@lru_cache(maxsize=8)
def rgb_from_xyz(primaries: str) -> Floats:
    """(3, 3): XYZ relative to D65's own, so that grey is (1, 1, 1), to linear R, G, B.

    Unknown primaries count as BT.709's.
    """
    columns = np.array(
        [(x / y, 1.0, (1 - x - y) / y) for x, y in _PRIMARIES.get(primaries, _PRIMARIES["bt709"])]
    ).T
    white = np.array(_WHITE)
    xyz_from_rgb = columns * np.linalg.solve(columns, white)
    return np.linalg.inv(xyz_from_rgb / white[:, None]).astype(np.float32)


def linear_rgb(fy: Floats, a: Floats, b: Floats, matrix: Floats) -> Floats:
    """(3, ...) linear light of Lab colours; `fy` is (L* + 16) / 116."""
    xyz = np.stack([fy + a * np.float32(1 / 500), fy, fy - b * np.float32(1 / 200)])
    dark = xyz <= np.float32(6 / 29)
    toe = (xyz[dark] - np.float32(4 / 29)) * np.float32(3 * (6 / 29) ** 2)
    xyz *= xyz * xyz
    xyz[dark] = toe
    rgb: Floats = (matrix @ xyz.reshape(3, -1)).reshape(xyz.shape)
    return rgb


def is_outside(rgb: Floats, transfer: str) -> npt.NDArray[np.bool_]:
    """Which linear RGB (3, ...) a display does not show."""
    outside: npt.NDArray[np.bool_] = rgb.min(axis=0) < np.float32(-1e-4)
    outside |= rgb.max(axis=0) > np.float32(peak_light(transfer) + 1e-4)
    return outside


def share_inside(fy: Floats, a: Floats, b: Floats, matrix: Floats, transfer: str) -> Floats:
    """How much of each Lab colour's chroma a display shows at its lightness, 0 to 1."""
    keep, step = np.zeros_like(fy), np.float32(0.5)
    for _ in range(_ROUNDS):
        tried = keep + step
        inside = ~is_outside(linear_rgb(fy, a * tried, b * tried, matrix), transfer)
        keep = np.where(inside, tried, keep)
        step *= np.float32(0.5)
    return keep

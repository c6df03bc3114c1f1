"""Converts coded values to light and back, as the display shows them for which a transfer function is made.

Light is relative to white paper. White is 1 on an SDR display, whose gamma counts as sRGB's whatever SDR transfer the
tags name. For PQ and HLG it is 203 cd/m2 (ITU-R BT.2408), and highlights go beyond 1. HLG is shown at 1000 cd/m2.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

PQ, HLG = "smpte2084", "arib-std-b67"
"""FFmpeg's names of the HDR transfers."""
_PAPER = 203.0
_PQ_PEAK, _HLG_PEAK = 10_000.0, 1_000.0
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
"""Of SMPTE ST 2084."""
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
"""Of ARIB STD-B67."""
_SYSTEM_GAMMA = 1.2
_GAMMA_STEPS = 65536


def peak_light(transfer: str) -> float:
    """The most light that a component can show."""
    return {PQ: _PQ_PEAK, HLG: _HLG_PEAK}.get(transfer, _PAPER) / _PAPER


def light_of_grey(luma_unit: Floats, transfer: str) -> Floats:
    """Light of a grey of this luma (0..1): float64 inside, float32 out."""
    luma = luma_unit.astype(np.float64)
    if transfer == PQ:
        root = luma ** (1 / _M2)
        light = (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1) * (_PQ_PEAK / _PAPER)
    elif transfer == HLG:
        scene = np.where(luma <= 0.5, luma * luma / 3, (np.exp((luma - _C) / _A) + _B) / 12)
        light = scene**_SYSTEM_GAMMA * (_HLG_PEAK / _PAPER)
    else:
        light = np.where(luma <= 0.04045, luma / 12.92, ((luma + 0.055) / 1.055) ** 2.4)
    return np.asarray(light, np.float32)


def signal_of_light(rgb: Floats, *, grey: Floats, transfer: str) -> Floats:
    """R'G'B' (3, ...) of linear light (3, ...), each clipped to what can be shown; `grey` (...) is its luminance."""
    if transfer not in (PQ, HLG):
        return _display_gamma(rgb)
    light = np.clip(rgb.astype(np.float64) * (_PAPER / (_PQ_PEAK if transfer == PQ else _HLG_PEAK)), 0, 1)
    if transfer == PQ:
        power = light**_M1
        return np.asarray(((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2, np.float32)
    shown = np.maximum(grey.astype(np.float64) * (_PAPER / _HLG_PEAK), 1e-9)
    scene = np.clip(light * shown ** ((1 - _SYSTEM_GAMMA) / _SYSTEM_GAMMA), 0, 1)
    high = _A * np.log(np.maximum(12 * scene - _B, 1e-9)) + _C
    return np.asarray(np.where(scene <= 1 / 12, np.sqrt(3 * scene), high), np.float32)


def light_of_signal(rgb: Floats, *, luminance: Floats, transfer: str) -> Floats:
    """Linear light (3, ...) of R'G'B' (3, ...) in 0..1: the inverse of `signal_of_light`.

    `luminance` (3,) are the shares of red, green and blue in the luminance.
    """
    light = light_of_grey(rgb, transfer)
    if transfer == HLG:  # a display's gamma acts on the luminance, not on each component
        scene = (light * np.float32(_PAPER / _HLG_PEAK)) ** np.float32(1 / _SYSTEM_GAMMA)
        shown = np.maximum(np.tensordot(luminance, scene, axes=1), np.float32(1e-9))
        light = np.asarray(scene * shown ** (_SYSTEM_GAMMA - 1) * (_HLG_PEAK / _PAPER), np.float32)
    return light


def lightness_of_light(light: Floats) -> Floats:
    """L* of CIE 1976; above 100 for what is brighter than white paper."""
    y = light.astype(np.float64)
    root = np.where(y > (6 / 29) ** 3, np.cbrt(y), y / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.asarray(116 * root - 16, np.float32)


def _display_gamma(linear: Floats) -> Floats:
    index = np.multiply(linear, np.float32(_GAMMA_STEPS - 1))
    index += np.float32(0.5)
    np.clip(index, 0, _GAMMA_STEPS - 1, out=index)
    table: Floats = _gamma_table()[index.astype(np.uint16)]
    return table


@lru_cache(maxsize=1)
def _gamma_table() -> Floats:
    light = np.linspace(0, 1, _GAMMA_STEPS)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055).astype(np.float32)

"""Colours one still: its luma goes small and upright to the network, the ab is spread over its own luma."""

from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pipeline.errors import DeviceError
from pipeline.stills.chroma import shrink_luma, spread_ab
from pipeline.stills.files import write_still
from pipeline.stills.metadata import orientation, turn_back, turn_upright
from pipeline.stills.still import Still, still_format, still_matrix

Floats = npt.NDArray[np.float32]

_SHORT_SIDE_PX = 1024
_LONG_SIDE_PX = 4096
"""What a network is shown at most; it makes the picture as small as it likes."""


class PredictColor(Protocol):
    """What colours come from."""

    def __call__(self, luma: Floats, /) -> Floats:
        """Luma (N, H, W) in 0..1 to ab (N, 2, h, w) in CIE units, which covers the same picture."""


def colorize_still(
    still: Still,
    target: Path,
    *,
    predict: PredictColor,
    saturation: float,
    overwrite: bool,
    statement: str,
) -> tuple[str, ...]:
    """Publishes the still in colour, in the format that the suffix of `target` names; see `write_still`.

    Returns what could not be kept as it was, a line each. Raises as `predict_ab` and `write_still`.
    """
    ab = predict_ab(still, predict) * np.float32(saturation)
    chroma = spread_ab(still.luma, ab, matrix=still_matrix(still_format(target)))
    target.parent.mkdir(parents=True, exist_ok=True)
    return write_still(target, still, chroma=chroma, statement=statement, overwrite=overwrite)


def predict_ab(still: Still, predict: PredictColor) -> Floats:
    """ab (2, h, w) for the whole still, as it is stored; the network sees it small and upright.

    Raises DeviceError where what `predict` gives is no colour.
    """
    turn = orientation(still.tags)
    upright = turn_upright(shrink_luma(still.luma, size=network_size(still.luma.shape)), turn)
    ab = predict(upright[np.newaxis])
    if ab.ndim != 4 or ab.shape[:2] != (1, 2) or not np.isfinite(ab).all():
        raise DeviceError(f"the network gave no valid colour for {still.path}: ab of shape {ab.shape}")
    return turn_back(ab[0].astype(np.float32), turn)


def network_size(shape: tuple[int, ...]) -> tuple[int, int]:
    """(h, w) at which the network is shown a still of that shape."""
    height, width = shape
    scale = min(1.0, _SHORT_SIDE_PX / min(height, width), _LONG_SIDE_PX / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))

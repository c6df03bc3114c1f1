"""Colours one still: the network sees its luma small and upright, and the predicted ab is spread over the full luma."""

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
"""Greatest sides of the picture that is given to `PredictColor`, which may make it smaller."""


class PredictColor(Protocol):
    """Predicts the colour of luma; a trained network, or a stand-in for one."""

    def __call__(self, luma: Floats, /) -> Floats:
        """Luma (N, H, W) in 0..1 to ab (N, 2, h, w) in CIE Lab units for the same pictures, at any size."""


def colorize_still(
    still: Still,
    target: Path,
    *,
    predict: PredictColor,
    saturation: float,
    overwrite: bool,
    statement: str,
) -> tuple[str, ...]:
    """Colours the still and writes it to `target`, whole or not at all, in the format of the suffix.

    `predict` gives the colour, of which a and b are multiplied by `saturation`; `statement` says in the XMP that the
    colours are predicted. Returns one line for each thing that could not be kept. Raises DeviceError as `predict_ab`
    does, SettingsError and OutputError as `write_still` does.
    """
    ab = predict_ab(still, predict) * np.float32(saturation)
    chroma = spread_ab(still.luma, ab, matrix=still_matrix(still_format(target)))
    target.parent.mkdir(parents=True, exist_ok=True)
    return write_still(target, still, chroma=chroma, statement=statement, overwrite=overwrite)


def predict_ab(still: Still, predict: PredictColor) -> Floats:
    """The predicted ab (2, h, w) of a still, in CIE Lab units, oriented as the still is stored.

    Raises DeviceError where `predict` returns another shape or values that are not finite.
    """
    turn = orientation(still.tags)
    upright = turn_upright(shrink_luma(still.luma, size=network_size(still.luma.shape)), turn)
    ab = predict(upright[np.newaxis])
    if ab.ndim != 4 or ab.shape[:2] != (1, 2) or not np.isfinite(ab).all():
        raise DeviceError(f"the network gave no valid colour for {still.path}: ab of shape {ab.shape}")
    return turn_back(ab[0].astype(np.float32), turn)


def network_size(shape: tuple[int, ...]) -> tuple[int, int]:
    """(h, w) at which a still of `shape` (H, W) is given to the network: sides of at most 1024 and 4096."""
    height, width = shape
    scale = min(1.0, _SHORT_SIDE_PX / min(height, width), _LONG_SIDE_PX / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))

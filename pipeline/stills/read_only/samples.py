"""Turns the samples of a decoded picture into the luma and alpha of a still."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.errors import SourceError
from pipeline.media import Plane
from pipeline.stills.chroma import luma_of_rgb
from pipeline.stills.still import MOST_PIXELS


def luma_and_alpha(samples: Plane) -> tuple[Plane, Plane | None]:
    """Luma (H, W) and alpha (H, W) or None, of the samples' type, as copies.

    `samples` are uint8 or uint16, (H, W), or (H, W, n) of grey, grey and alpha, R'G'B', or R'G'B' and alpha. The luma
    of R'G'B' is BT.709's.
    """
    if samples.ndim == 2:
        samples = samples[..., np.newaxis]
    count = samples.shape[2]
    luma: Plane = samples[..., 0] if count <= 2 else luma_of_rgb(samples[..., :3])
    alpha: Plane | None = samples[..., -1].copy() if count in (2, 4) else None
    return luma.copy(), alpha


def widened(samples: npt.NDArray[np.uint16], *, bits: int) -> npt.NDArray[np.uint16]:
    """Samples of 9 to 16 bits scaled to 16 bits: 0 stays 0, the greatest value becomes 65535.

    The highest bits are repeated below, so that `>> (16 - bits)` gives the samples back.
    """
    wide: npt.NDArray[np.uint16] = (samples << np.uint16(16 - bits)) | (samples >> np.uint16(2 * bits - 16))
    return wide


def widening_note(bits: int) -> tuple[str, ...]:
    """The line of `Still.notes` where samples were widened; empty for 8 and 16 bits."""
    if bits in (8, 16):
        return ()
    return (f"its {bits} bits become 16; every step of its greys is kept",)


def check_size(path: Path, width: int, height: int) -> None:
    """Raises SourceError for a picture without pixels, or of more than `MOST_PIXELS`."""
    if width < 1 or height < 1:
        raise SourceError(f"cannot read {path}: its header says {width}x{height}; save it again")
    if width * height > MOST_PIXELS:
        raise SourceError(
            f"cannot read {path}: {width}x{height} is larger than a still may be, {MOST_PIXELS / 1e6:.0f} megapixels"
        )

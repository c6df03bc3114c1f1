"""How others have measured colour from given points: which points of a picture are given, and how many.

`zhang2017`: Zhang et al. 2017, "Real-time user-guided image colorization with learned deep priors", patches of 6x6
pixels about the middle of a picture. `icolorit`: Yun et al. 2023, "iColoriT", cells of 2x2 pixels anywhere.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Corners = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class HintProtocol:
    """A way to give points of a picture that is stretched to a square."""

    name: str
    side_px: int
    """Of the square."""
    patch_px: int
    """Side of the patch whose mean colour is given."""
    counts: tuple[int, ...]
    """Numbers of points that figures are taken with, the first 0; the points of one are among those of the next."""
    draw_corners: Callable[[int], Corners]
    """The number of a picture to the upper left corners (N, 2) of the patches, in pixels, as many as the last count."""
    method: str
    """How points are drawn, for the report."""

    def draw(self, picture: int, lab: Floats) -> tuple[Floats, Floats]:
        """Places (N, 2), rows and columns in shares of the picture, and the ab there (N, 2), of Lab (H, W, 3)."""
        corners = self.draw_corners(picture)
        patches = np.lib.stride_tricks.sliding_window_view(
            lab[..., 1:], (self.patch_px, self.patch_px), axis=(0, 1)
        )
        places = (corners + self.patch_px / 2) / self.side_px
        return places.astype(np.float32), patches[corners[:, 0], corners[:, 1]].mean(axis=(2, 3))


def _about_the_middle(picture: int) -> Corners:
    rng = np.random.default_rng((_ZHANG_SEED, picture))
    return np.clip(rng.normal(125.5, 62.75, (500, 2)), 0, 250).astype(np.intp)


def _anywhere(picture: int) -> Corners:
    rng = np.random.default_rng((_ICOLORIT_SEED, picture))
    cells = rng.permutation(112 * 112)[:200]
    return np.stack((cells // 112, cells % 112), axis=1) * 2


_ZHANG_SEED, _ICOLORIT_SEED = 2017, 4885
HINT_PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        HintProtocol(
            name="zhang2017",
            side_px=256,
            patch_px=6,
            counts=(0, 1, 2, 5, 10, 20, 50, 100, 200, 500),
            draw_corners=_about_the_middle,
            method="patches of 6x6 pixels, their corners int(clip(N(125.5, 62.75), 0, 250)) down and across",
        ),
        HintProtocol(
            name="icolorit",
            side_px=224,
            patch_px=2,
            counts=(0, 1, 2, 5, 10, 20, 50, 100, 200),
            draw_corners=_anywhere,
            method="cells of a grid of 112x112, each 2x2 pixels, drawn evenly without return",
        ),
    )
}
"""By the name that `kinochrome evaluate --hints` takes."""

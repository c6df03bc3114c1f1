"""Pictures of shots for the report: the first, the middle and the last frame, grey above, in colour below.

They are rendered like the film itself, only smaller: its own luma, the proxy's colour along the luma's edges.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jobs.review.small_pictures import Rgb, SmallPictures
from pipeline.color.picture_file import encode_picture
from pipeline.colorize.chroma_proxy import ProxyFrame
from pipeline.media import FilmInfo, Frame, Shot

_SIZES = ((100, 150), (400, 100))
"""(shots at most, lines of a picture); of longer films pictures have `_FEWEST_LINES`."""
_FEWEST_LINES = 64
_JPEG_QUALITY = 84
_GAP_PX = 4


@dataclass(frozen=True, kw_only=True)
class Strip:
    """The pictures of one shot."""

    frames: tuple[int, ...]
    """Numbers in the film: first, middle, last; fewer where the shot has fewer frames."""
    width: int
    height: int
    """Of each strip, in pixels."""
    grey: bytes
    """JPEG: the pictures side by side."""
    color: bytes


class StripMaker:
    """Makes the strips of a film out of its frames as they come along; holds the pictures of one shot."""

    def __init__(self, film: FilmInfo, *, shots: Sequence[Shot]) -> None:
        """`film` is what the frames come from: the source, or the finished film."""
        lines = next((lines for most, lines in _SIZES if len(shots) <= most), _FEWEST_LINES)
        self._pictures = SmallPictures(film, lines=lines)
        self._wanted = {number: shot for shot in shots for number in strip_frames(shot)}
        self._pairs: list[tuple[Rgb, Rgb]] = []
        self.strips: list[Strip] = []

    def wants(self, number: int) -> bool:
        """Whether a frame of this number is shown."""
        return number in self._wanted

    def push(self, number: int, frame: Frame, *, proxy: ProxyFrame) -> None:
        """Takes a frame that is wanted, with the colour that is rendered; they come in order."""
        shot = self._wanted[number]
        self._pairs.append(self._pictures.pair(frame, proxy))
        numbers = strip_frames(shot)
        if number != numbers[-1]:
            return
        grey, color = (_beside([pair[side] for pair in self._pairs]) for side in (0, 1))
        self.strips.append(
            Strip(
                frames=numbers,
                width=color.shape[1],
                height=color.shape[0],
                grey=encode_picture(np.ascontiguousarray(grey[..., 0]), ".jpg", quality=_JPEG_QUALITY),
                color=encode_picture(color, ".jpg", quality=_JPEG_QUALITY),
            )
        )
        self._pairs = []


def strip_frames(shot: Shot) -> tuple[int, ...]:
    """The numbers of the frames that stand for a shot."""
    return tuple(sorted({shot.start, (shot.start + shot.end - 1) // 2, shot.end - 1}))


def _beside(pictures: Sequence[Rgb]) -> Rgb:
    gap = np.full((pictures[0].shape[0], _GAP_PX, 3), 255, np.uint8)
    parts = [part for picture in pictures for part in (gap, picture)][1:]
    return np.hstack(parts).astype(np.uint8)

"""Coloured stills as guidance: which frame of a shot a still shows, and the colours that it gives to that frame.

A still of another scene shows no frame of the shot. It is a palette, and gives its colours to what looks like its
things (`foreign_key`).
"""

from collections.abc import Iterable
from statistics import fmean
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.color.colorimetry import lightness
from pipeline.colorize.optical_flow import Flow, Luma
from pipeline.colorize.sight import Sight
from pipeline.errors import SettingsError
from pipeline.guidance.hints.hint_map import HintMap
from pipeline.guidance.hints.travel import KeyFrame, TravelledHints

Floats = npt.NDArray[np.float32]
Rgb = npt.NDArray[np.uint8]
"""(H, W, 3) sRGB."""

_OF_SHOT_SCORE = 0.6
"""Correlation of a still with a frame from which on it is taken for one of that frame."""
_TOLERANCE = 12.0
"""Difference of luma, of 255, at which the still's colour counts 37 %."""
_GREYS = (0.299, 0.587, 0.114), (0.2126, 0.7152, 0.0722), (0.05, 0.55, 0.4)
"""Shares of R', G' and B' in a film's grey: luma of BT.601 and of BT.709, and orthochromatic stock, which hardly sees
red. A vivid red or blue is as light in the film as one of these says, seldom as its own L* does."""
_MOST_STRETCH = 1.03
"""Factor between the aspects of a still and of its film."""
_AB_STRIDE = 4
"""Samples of the frame for each of ab, down and across."""
_SPREAD = 4.0
"""Spread of a frame's colours, in CIE units, at which its score has fallen to 37 %."""
_NEEDS_REFERENCE = 0.45
"""With true stills for references, frames of lower scores had some 31 dB, the others 39."""


class FoundFrame(NamedTuple):
    """The frame of a shot that a still fits best."""

    number: int
    """Counted from the first of the frames that were searched."""
    score: float
    """Correlation of the two, -1..1, whatever their exposure and contrast."""

    @property
    def is_of_shot(self) -> bool:
        """Whether the still shows that frame; if not, it is of another scene."""
        return self.score >= _OF_SHOT_SCORE


def luma_of_still(still: Rgb) -> Luma:
    """(H, W) uint8."""
    return np.asarray(cv2.cvtColor(still, cv2.COLOR_RGB2GRAY), np.uint8)


def find_frame(still: Luma, frames: Iterable[Luma]) -> FoundFrame:
    """The frame that a still's luma (H, W) fits best; `frames` (h, w) uint8 are the shot's, small and of one size.

    One frame is in memory at a time. Raises ValueError where there is none.
    """
    best, look, size = FoundFrame(-1, -np.inf), None, (0, 0)
    for number, frame in enumerate(frames):
        if look is None or frame.shape != size:
            size = frame.shape
            look = _structure(
                np.asarray(cv2.resize(still, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)
            )
        score = float((look * _structure(frame)).mean())
        if score > best.score:
            best = FoundFrame(number, score)
    if best.number < 0:
        raise ValueError("a still cannot be found in a shot without frames")
    return best


def is_of_shape(still: Rgb, frame_size: tuple[int, int], *, sample_aspect: float = 1) -> bool:
    """Whether a still has the shape of frames of this (width, height), as they are stored or as they are shown."""
    own, stored = still.shape[1] / still.shape[0], frame_size[0] / frame_size[1]
    return any(
        max(own / aspect, aspect / own) <= _MOST_STRETCH for aspect in (stored * sample_aspect, stored)
    )


def check_shape(still: Rgb, frame_size: tuple[int, int], *, sample_aspect: float = 1, name: str) -> None:
    """Raises SettingsError where a still that is said to show a frame has not the shape of the film's frames.

    `name` is what the still is called in the message.
    """
    if not is_of_shape(still, frame_size, sample_aspect=sample_aspect):
        width, height = frame_size
        raise SettingsError(
            f"reference {name}: {still.shape[1]}x{still.shape[0]} has not the film's shape "
            f"({width}x{height}, shown {width / height * sample_aspect:.2f}:1); a still of the whole frame would "
            "work, or no `frame`: then it counts as a still of another scene"
        )


def hints_from_still(still: Rgb, frame_lightness: Floats, *, weight: float = 1) -> HintMap:
    """The colours (h, w) of a still for its frame of lightness (H, W), 0..100, with h = H/4, w = W/4.

    The still is aligned to the frame; the confidence is `weight` (0..1), and less where the two do not fit.
    """
    height, width = frame_lightness.shape
    size = (width // _AB_STRIDE, height // _AB_STRIDE)
    rgb = _sized(still.astype(np.float32) * np.float32(1 / 255), (width, height))
    lab = _sized(_lab(still), (width, height))
    ab = np.asarray(cv2.resize(lab[..., 1:], size, interpolation=cv2.INTER_AREA), np.float32)
    frame = (frame_lightness * np.float32(2.55) + np.float32(0.5)).astype(np.uint8)
    flow = Flow(size[::-1], tolerance=_TOLERANCE)
    flow.push(_as_film(rgb, lab[..., 0], frame))
    flow.push(frame)
    link = flow.to_previous[0]
    moved = np.ascontiguousarray(np.moveaxis(link.warp(ab, border=cv2.BORDER_REPLICATE), -1, 0))
    return HintMap(moved, link.trust.astype(np.float32) * np.float32(weight))


def foreign_key(still: Rgb, sight: Sight, *, weight: float = 1) -> KeyFrame:
    """A still of another scene as a key frame of any shot; `sight` is the network's, of the still's lightness."""
    height, width = sight.shape
    small = _sized(_lab(still), (width, height))
    ab = np.ascontiguousarray(np.moveaxis(small[..., 1:], -1, 0))
    luma = np.ascontiguousarray(small[..., 0]) * np.float32(0.01)
    return KeyFrame(
        -1, sight, luma, HintMap(ab, np.full((height, width), weight, np.float32)), is_foreign=True
    )


def _lab(still: Rgb) -> Floats:
    """(H, W, 3) CIELAB of the still."""
    return np.asarray(cv2.cvtColor(still.astype(np.float32) * np.float32(1 / 255), cv2.COLOR_RGB2Lab))


def _sized(picture: Floats, size: tuple[int, int]) -> Floats:
    """A picture (H, W, 3) averaged to that width and height; made larger as frames are, bilinearly."""
    method = cv2.INTER_AREA if picture.shape[0] >= size[1] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=method), np.float32)


def score(frames: Iterable[TravelledHints]) -> float:
    """How well the references fit a shot, 0..1, from the hints that its frames got from them; 0 without frames."""
    scores = [
        float(np.exp(-np.sqrt(np.square(hints.spread).mean()) / _SPREAD) * hints.confidence.mean())
        for hints in frames
    ]
    return fmean(scores) if scores else 0.0


def needs_reference(score: float) -> bool:
    """Whether a shot of that score should get another reference."""
    return score < _NEEDS_REFERENCE


def _structure(luma: Luma) -> Floats:
    """Light and dark around each point, with mean 0 and mean square 1; the same for any exposure and contrast."""
    even = cv2.equalizeHist(luma).astype(np.float32)
    even -= cv2.blur(even, (even.shape[1] // 4 | 1, even.shape[0] // 4 | 1))
    even -= even.mean()
    return even / np.float32(max(float(even.std()), 1e-3))


def _as_film(rgb: Floats, own_lightness: Floats, frame: Luma) -> Luma:
    """The still (H, W, 3), 0..1, as the film's stock saw it: of some greys the one that is most like the frame."""
    seen = [own_lightness, *(lightness(rgb @ np.array(shares, np.float32)) for shares in _GREYS)]
    greys = [_exposed_like(one, frame) for one in seen]
    differences = [np.abs(grey.astype(np.float32) - frame).mean() for grey in greys]
    return greys[int(np.argmin(differences))]


def _exposed_like(own_lightness: Floats, frame: Luma) -> Luma:
    """The still's lightness (0..100) as luma, with the frame's distribution of light and dark."""
    own = (own_lightness * np.float32(2.55) + np.float32(0.5)).astype(np.uint8)
    counts = [np.bincount(one.ravel(), minlength=256) for one in (own, frame)]
    ranks = [
        np.cumsum(count) - count / 2 for count in counts
    ]  # to the middle of a level: equal ones stay equal
    levels = np.interp(ranks[0], ranks[1], np.arange(256))
    return (levels + 0.5).astype(np.uint8)[own]

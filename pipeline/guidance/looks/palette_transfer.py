"""Gives a shot the colours of a picture: sliced optimal transport of ab, as one smooth map for the whole shot.

The shot's colours are moved along a random direction until their distribution along it is the palette's, then along the
next one (Pitié, Kokaram and Dahyot, "Automated colour grading using colour distribution transfer", Computer Vision
and Image Understanding 107, 2007). What came of them is smoothed into a grid over ab, so that like colours stay alike,
in each frame, and noise is not stretched.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.color.colorimetry import Floats
from pipeline.color.lab import lab_from_srgb
from pipeline.errors import SettingsError, SourceError

_MOST_PIXELS = 100_000_000
_OPAQUE = 128
_SIDE_PX = 192
"""What a palette picture is shrunk to before its colours are taken."""
_LEAST_CHROMA = 4.0
"""Of the 95th percentile of a picture: below it is grey, but for noise and a slight tone."""
_SAMPLE_COLORS, _FRAME_COLORS, _MOST_FRAMES = 2048, 512, 64
_STEPS = 24
_REACH, _GRID_STEP = 128.0, 2.0
_SIGMAS = (32.0, 16.0, 8.0, 4.0)
"""Smoothing of the map, from coarse to fine; like the grid in units of ab."""
_DOUBT = 8.0
"""As many colours as the coarser mean counts for where a finer one is made."""


@dataclass(frozen=True, eq=False)
class Palette:
    """The colours of a picture."""

    ab: Floats
    """(N, 2)."""

    def fit(self, sample: Floats, *, seed: int = 0) -> "AbMap":
        """The map that gives colours that are distributed like `sample` (M, 2) the palette's distribution.

        The same sample and seed give the same map. No sample leaves colours as they are.
        """
        if not len(sample):
            sample = self.ab
        return AbMap(_shift_grid(sample, _transport(sample, self.ab, seed=seed)))


@dataclass(frozen=True, eq=False)
class AbMap:
    """Where each colour moves to."""

    shift: Floats
    """(2, n, n): what is added to a and b, on a grid over ab; rows are b, columns are a."""

    def apply(self, ab: Floats) -> Floats:
        """ab (2, h, w), moved; colours beyond the grid move as its edge does."""
        column, row = ((plane + np.float32(_REACH)) / np.float32(_GRID_STEP) for plane in ab)
        moved = [
            cv2.remap(plane, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for plane in self.shift
        ]
        result: Floats = ab + np.stack(moved)
        return result


def sample_ab(frames: Iterable[Floats]) -> Floats:
    """Colours (N, 2) of a shot out of its frames' ab (2, h, w): evenly spread frames and places, at most 2048 in all.

    The frames are looked at one by one; the same frames give the same colours.
    """
    kept: list[Floats] = []
    stride = 1
    for number, ab in enumerate(frames):
        if number % stride:
            continue
        flat = ab.reshape(2, -1)
        kept.append(flat[:, _evenly(flat.shape[1], _FRAME_COLORS)].T)
        if len(kept) == _MOST_FRAMES:
            kept, stride = kept[::2], 2 * stride
    colors = np.concatenate(kept) if kept else np.zeros((0, 2), np.float32)
    return colors[_evenly(len(colors), _SAMPLE_COLORS)]


def read_palette(path: Path) -> Palette:
    """The colours of a PNG, JPEG or TIFF, without its transparent parts; the picture is shrunk while it is read.

    Raises SettingsError, one line, where it is grey, has more than 100 megapixels or cannot be read.
    """
    from pipeline.stills.vips import read_small  # of libvips, which few films need

    try:
        pixels = read_small(path, side_px=_SIDE_PX, most_pixels=_MOST_PIXELS)
    except SourceError as error:
        raise SettingsError(f"look: {error}") from error
    shown = pixels[..., 3] >= _OPAQUE if pixels.shape[-1] == 4 else np.ones(pixels.shape[:2], bool)
    rgb = pixels[shown, :3]
    ab = lab_from_srgb(rgb.astype(np.float32) / np.float32(255))[:, 1:]
    chroma = float(np.percentile(np.hypot(ab[:, 0], ab[:, 1]), 95)) if len(ab) else 0.0
    if chroma < _LEAST_CHROMA:
        raise SettingsError(
            f"look {path}: is grey (95 % of it has a chroma below {chroma:.1f}, {_LEAST_CHROMA:.0f} is the least); "
            "a picture in colour works"
        )
    return Palette(ab=ab[_evenly(len(ab), _SAMPLE_COLORS)])


def _transport(sample: Floats, target: Floats, *, seed: int) -> Floats:
    """Where each colour of the sample (N, 2) lands, when the target's distribution (M, 2) is reached."""
    moved = sample.astype(np.float64)
    turns = np.random.default_rng(seed).uniform(0, np.pi / 2, _STEPS)
    ranks = (np.arange(len(sample)) + 0.5) / len(sample)
    places = (np.arange(len(target)) + 0.5) / len(target)
    for turn in turns:
        cosine, sine = np.cos(turn), np.sin(turn)
        axes = np.array([[cosine, -sine], [sine, cosine]])
        along, wanted = moved @ axes, np.sort(target @ axes, axis=0)
        for axis in range(2):
            order = np.argsort(along[:, axis], kind="stable")
            along[order, axis] = np.interp(ranks, places, wanted[:, axis])
        moved = along @ axes.T
    return moved.astype(np.float32)


def _shift_grid(sample: Floats, moved: Floats) -> Floats:
    """The mean shift of the sample around each point of the grid: taken from far off, then nearer where colours lie."""
    size = round(2 * _REACH / _GRID_STEP) + 1
    cell = np.rint((sample + _REACH) / _GRID_STEP).clip(0, size - 1).astype(np.intp)
    place = cell[:, 1] * size + cell[:, 0]
    weights = (np.ones(len(sample)), *(moved - sample).T)
    sums = [np.bincount(place, weight, size * size).reshape(size, size) for weight in weights]
    shift = np.broadcast_to((moved - sample).mean(axis=0)[:, None, None], (2, size, size))
    for sigma in _SIGMAS:
        cells = sigma / _GRID_STEP
        count, *shifts = (
            2 * np.pi * cells**2 * cv2.GaussianBlur(plane, (0, 0), cells, borderType=cv2.BORDER_CONSTANT)
            for plane in sums
        )
        shift = (np.stack(shifts) + _DOUBT * shift) / (count + _DOUBT)
    return shift.astype(np.float32)


def _evenly(count: int, most: int) -> npt.NDArray[np.intp]:
    """So many places of `count`, evenly spread."""
    return np.linspace(0, count - 1, min(count, most)).astype(np.intp)

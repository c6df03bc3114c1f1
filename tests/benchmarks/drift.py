"""Drift: how much the colour of tracked places varies within a second, in coloured versions of a film.

python tests/benchmarks/drift.py FILM COLOURED [COLOURED...] [--places 20]

FILM is the black-and-white film, each COLOURED one a coloured version of it, with the same frames. Corners of FILM are
followed for one second with Lucas and Kanade's method, there and back. A track is left out that is not found back
within 0.7 samples, comes near the edge, or whose luma changes by more than a fifth of its range, so that none crosses a
cut. Of the rest, PLACES are drawn by a fixed seed, spread over the film. The colour of a place is the mean of ab in 5x5
samples of the decoded picture; its variation is the root mean square distance from its mean over the second, in CIE
units. Prints JSON: for each version the mean and median over the places, and the mean over that of the first version.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, cast

import av
import cv2
import numpy as np
import numpy.typing as npt

_STARTS = 5
"""Moments of the film at which tracks may begin."""
_CORNERS = 200
_FOUND_BACK = 0.7
_EDGE = 5
_LUMA_CHANGE = 51.0
_WINDOW = 2

Floats = npt.NDArray[np.float32]


class Track(NamedTuple):
    """A place of the picture, followed for a second."""

    first: int
    """Frame."""
    points: Floats
    """(N, 2): column and line, in N frames one after the other."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("film", type=Path)
    parser.add_argument("coloured", nargs="+", type=Path)
    parser.add_argument("--places", type=int, default=20)
    arguments = parser.parse_args()
    tracks = find_tracks(arguments.film, arguments.places)
    found: list[dict[str, object]] = []
    first = None
    for path in arguments.coloured:
        variations = measure_variations(path, tracks)
        mean = float(np.mean(variations))
        first = mean if first is None else first
        found.append(
            {
                "file": path.name,
                "mean variation": round(mean, 3),
                "median": round(float(np.median(variations)), 3),
                "mean over the first version's": round(mean / first, 3),
            }
        )
    print(json.dumps({"film": arguments.film.name, "places": len(tracks), "versions": found}, indent=2))


def find_tracks(film: Path, places: int) -> list[Track]:
    """So many tracks of a second, fewer where the film has no more; always the same ones."""
    lumas = list(_frames(film, "gray"))
    with av.open(str(film)) as container:
        rate = container.streams.video[0].average_rate
    length = max(2, round(float(rate or 25)))
    starts = dict.fromkeys(int(one) for one in np.linspace(0, max(0, len(lumas) - length), _STARTS))
    candidates = [list(_tracks_from(start, lumas[start : start + length])) for start in starts]
    random = np.random.default_rng(0)
    for tracks in candidates:
        random.shuffle(tracks)
    chosen: list[Track] = []
    while len(chosen) < places and any(candidates):
        for tracks in candidates:
            if tracks and len(chosen) < places:
                chosen.append(tracks.pop())
    return chosen


def _tracks_from(first: int, lumas: Sequence[npt.NDArray[np.uint8]]) -> Iterator[Track]:
    corners = cast(Floats | None, cv2.goodFeaturesToTrack(lumas[0], _CORNERS, 0.01, 12))
    if corners is None:
        return
    here, path = corners, [corners[:, 0]]
    good = np.ones(len(corners), np.bool_)
    for before, after in pairwise(lumas):
        there, status, _ = cv2.calcOpticalFlowPyrLK(before, after, here, None)  # type: ignore[call-overload]
        back, returned, _ = cv2.calcOpticalFlowPyrLK(after, before, there, None)  # type: ignore[call-overload]
        good &= (status[:, 0] > 0) & (returned[:, 0] > 0)
        good &= np.abs(back - here).max(axis=(1, 2)) < _FOUND_BACK
        here = there
        path.append(there[:, 0])
    points = np.stack(path, axis=1)
    height, width = lumas[0].shape
    limits = np.array([width, height], np.float32) - _EDGE
    good &= ((points >= _EDGE) & (points < limits)).all(axis=(1, 2))
    for track in points[good]:
        values = [float(_around(luma, *point).mean()) for luma, point in zip(lumas, track, strict=True)]
        if max(values) - min(values) <= _LUMA_CHANGE:
            yield Track(first, track)


def measure_variations(path: Path, tracks: Sequence[Track]) -> list[float]:
    """For each track how much its colour varies in a coloured film."""
    colors: list[list[Floats]] = [[] for _ in tracks]
    for number, rgb in enumerate(_frames(path, "rgb24")):
        for track, color in zip(tracks, colors, strict=True):
            if track.first <= number < track.first + len(track.points):
                around = _around(rgb, *track.points[number - track.first]).astype(np.float32) / 255
                color.append(cv2.cvtColor(around, cv2.COLOR_RGB2Lab)[..., 1:].mean(axis=(0, 1)))
    found = [np.array(one) for one in colors]
    return [float(np.sqrt(np.square(one - one.mean(axis=0)).sum(axis=1).mean())) for one in found]


def _around(picture: npt.NDArray[np.uint8], across: float, down: float) -> npt.NDArray[np.uint8]:
    """5x5 samples."""
    column, line = round(float(across)), round(float(down))
    return picture[line - _WINDOW : line + _WINDOW + 1, column - _WINDOW : column + _WINDOW + 1]


def _frames(path: Path, form: str) -> Iterator[npt.NDArray[np.uint8]]:
    """Every frame, as `gray` (H, W) or `rgb24` (H, W, 3)."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format=form).astype(np.uint8)


if __name__ == "__main__":
    main()

"""Strokes on line drawings and animation cels: one stroke fills the region that its ink lines enclose.

Only ink separates regions, not grey or likeness. Lines may have gaps: as in the trapped-ball method (Zhang, Chen, Zhang
and Hu 2009), a region is what a ball can roll through that does not fit the gaps. Balls become smaller step by step;
what a smaller one reaches first belongs to the region that it comes from, unless it got there through a narrow throat.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.guidance.hints.hint_map import HintMap, no_hints
from pipeline.guidance.hints.marks import PlacedMark
from pipeline.guidance.hints.seeds import Seeds, rasterise

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

_PAPER_SHARE = 0.06
"""Of the picture's shorter side: the window in which the brightest luma is the paper or paint beside a line."""
_WHITE = 0.96
"""Luma up to which red, yellow and blue reach a chroma of 6; at 1 they have none, at 0.85 some 25."""
_INK_DEPTH = 0.22
"""By which ink is darker than the paper beside it, in luma 0..1."""
GAP = 0.03
"""Widest gap that is closed, in shares of the picture's shorter side."""
_LEVELS = 6
_THROAT = 0.55
"""A passage narrower than that share of the smaller region's own width is a gap, a wider one is no border."""
_LEAST_TOUCH = 0.25
"""Share of a colour's marks, or of the region, that must lie in a region to fill it: a stroke may stray over a line."""


def is_on_white_paper(luma: Floats) -> bool:
    """Whether most of a drawing (H, W), 0..1, is so white that it can show no colour, as its luma stays."""
    return bool(np.median(luma) > _WHITE)


def hints_from_sketch(
    luma: Floats, marks: Sequence[PlacedMark], shape: tuple[int, int], *, gap: float = GAP
) -> HintMap:
    """The hint map (h, w) of marks on a drawing; of marks on one place the later one counts.

    `luma` (H, W), 0..1, is the drawing, at best at four times the grid or more, so that its lines are seen; `gap` is
    the widest gap to close, in shares of the shorter side. In a region with marks of two colours the nearer one counts.
    Raises SettingsError as `rasterise` does.
    """
    height, width = luma.shape
    return fill_regions(find_regions(luma, gap=gap), rasterise(marks, (height, width)), shape)


def fill_regions(regions: Labels, seeds: Seeds, shape: tuple[int, int]) -> HintMap:
    """The same from regions and seeds at the size of the drawing (H, W), as of an overlay."""
    if not len(seeds.ab):
        return no_hints(shape)
    layers = _filled(regions, seeds)
    shares = np.stack(
        [
            cv2.resize((layers == layer).astype(np.float32), shape[::-1], interpolation=cv2.INTER_AREA)
            for layer in range(len(seeds.ab))
        ]
    )
    confidence = shares.sum(axis=0)
    ab = np.tensordot(seeds.ab.T, shares / np.maximum(confidence, 1e-6), axes=1)
    return HintMap(np.asarray(ab, np.float32), np.asarray(confidence.clip(0, 1), np.float32))


def find_regions(luma: Floats, *, gap: float = GAP) -> Labels:
    """The regions (H, W) of a drawing, from 1 on; ink belongs to the nearest region."""
    side = min(luma.shape)
    window = np.ones((max(3, round(_PAPER_SHARE * side) | 1),) * 2, np.uint8)
    ink = cv2.dilate(luma, window) - luma > _INK_DEPTH
    depth = np.asarray(cv2.distanceTransform((~ink).astype(np.uint8), cv2.DIST_L2, 5), np.float32)
    labels = np.zeros(luma.shape, np.int32)
    peaks = [0.0]
    largest = gap * side / 2 + 1  # from middle to middle of samples
    for radius in np.linspace(largest, 0, _LEVELS):
        labels = _roll(labels, depth, float(radius), peaks)
    return _nearest(labels) if labels.any() else np.ones(luma.shape, np.int32)


def _roll(labels: Labels, depth: Floats, radius: float, peaks: list[float]) -> Labels:
    """The regions grown to where a ball of this radius comes; `peaks`, the depth of each, grows with new ones."""
    count, components = cv2.connectedComponents((depth > radius).astype(np.uint8), connectivity=4)
    parts = np.asarray(components, np.int32)
    part_of = np.zeros(len(peaks), np.int32)
    part_of[labels.ravel()] = parts.ravel()
    part_of[0] = 0
    main = np.zeros(count, np.int32)  # the deepest region of each part
    become = np.arange(len(peaks), dtype=np.int32)
    for label in sorted(range(1, len(peaks)), key=lambda one: -peaks[one]):
        part = part_of[label]
        if main[part] == 0:
            main[part] = label
        elif radius > _THROAT * peaks[label]:
            become[label] = main[part]
    grown = become[_nearest(labels)]
    grown = np.where(part_of[grown] == parts, grown, main[parts])
    deepest = np.zeros(count, np.float32)
    np.maximum.at(deepest, parts.ravel(), depth.ravel())
    new = np.flatnonzero(main == 0)
    new = new[new > 0]
    main[new] = np.arange(len(new), dtype=np.int32) + len(peaks)
    peaks.extend(float(value) for value in deepest[new])
    grown = np.where(np.isin(parts, new), main[parts], grown)
    return np.where(parts > 0, grown, 0).astype(np.int32)


def _nearest(labels: Labels) -> Labels:
    """The labels spread to all places, each to those nearest to it; all 0 where there are none."""
    if not labels.any():
        return labels
    _, nearest = cv2.distanceTransformWithLabels(
        (labels == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    of_place = np.zeros(int(nearest.max()) + 1, np.int32)
    known = labels > 0
    of_place[nearest[known]] = labels[known]
    return of_place[nearest]


def _filled(regions: Labels, seeds: Seeds) -> Labels:
    """(H, W): the layer that each place takes, -1 for none."""
    layers = np.full(regions.shape, -1, np.int32)
    count = int(regions.max()) + 1
    area = np.bincount(regions.ravel(), minlength=count)
    marked = np.concatenate([seeds.coverage, seeds.erased[np.newaxis]])
    touched = np.stack([np.bincount(regions.ravel(), plane.ravel(), count) for plane in marked])
    enough = (touched > _LEAST_TOUCH * touched.sum(axis=1, keepdims=True)) | (touched > _LEAST_TOUCH * area)
    enough &= touched > 0
    for region in np.flatnonzero(enough[:-1].any(axis=0)):
        inside = regions == region
        chosen = np.flatnonzero(enough[:, region])
        layers[inside] = _nearest_layer(marked, chosen, inside)
    layers[layers == len(seeds.ab)] = -1
    return layers


def _nearest_layer(marked: Floats, chosen: npt.NDArray[np.intp], inside: Bools) -> Labels:
    """For the places of a region: which of the chosen layers has the nearest mark in it."""
    if len(chosen) == 1:
        return np.full(int(inside.sum()), chosen[0], np.int32)
    distances = [
        cv2.distanceTransform((~((marked[layer] >= 0.5) & inside)).astype(np.uint8), cv2.DIST_L2, 5)[inside]
        for layer in chosen
    ]
    return np.asarray(chosen[np.argmin(distances, axis=0)], np.int32)

"""Finds, for places of a frame, the places of a key frame that look like them, and brings the colours given there.

What counts is where a place lies, how bright it is, and what the network's maps say of it. It works across any
distance in time, where the optical flow has lost its way; it is less exact than a flow that holds.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch

from pipeline.colorize.sight import Sight
from pipeline.guidance.hints.hint_map import HintMap
from pipeline.guidance.hints.likeness import MapScale

Floats = npt.NDArray[np.float32]

_PLACE = 0.3 * 64
"""Samples of ab that count as a distance of 1; with `_LIGHTNESS` and `_MAPS` this says what likeness is made of."""
_LIGHTNESS = 10.0
"""L* that counts as a distance of 1."""
_MAPS = (0.5, 0.6, 0.6)
"""Distances in the three maps, of order 1, that count as one of 1."""
_SHARPNESS = 2.5
"""A place of the key frame weighs exp(-sharpness * distance^2)."""
_BEST_CELLS = 4
"""Cells of 2x2 places in which a match is looked for."""
_GIVEN_AB = 40.0
"""A place without a hint differs from one with a hint as two colours do that lie so far apart."""
_AT_ONCE = 2**18
"""Distances that are computed at a time; so many stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Match:
    """What a key frame's hints say of another frame; three arrays at the size of that frame's ab."""

    hints: HintMap
    spread: Floats
    """(h, w): how far apart the colours lie that were given to the places found, in CIE units."""
    distance: Floats
    """(h, w): squared distance in look of the place that is most alike; of order 1 where it is another thing."""


def match(
    sight: Sight,
    key: Sight,
    hints: HintMap,
    *,
    scale: MapScale,
    where: npt.NDArray[np.bool_] | None = None,
    foreign: bool = False,
) -> Match:
    """The hints that were given for `key`, at the places of `sight` that look like theirs.

    `scale` is of the key frame's shot. Places that are not in `where` (h, w) get no hint. Where a network has no maps,
    lightness and place alone decide. In a `foreign` key frame, of another scene, the place does not count.
    """
    asked = np.ones(sight.shape, np.bool_) if where is None else where
    cells = (-(-key.shape[0] // 2), -(-key.shape[1] // 2))
    given = np.concatenate([hints.ab * hints.confidence, hints.confidence[np.newaxis]])
    given = np.concatenate([given, _square(given)])
    found = _find(
        torch.from_numpy(_looks(sight, scale, sight.shape, places=not foreign)[asked.ravel()]),
        coarse=torch.from_numpy(_looks(key, scale, cells, places=not foreign)),
        fine=torch.from_numpy(_looks(key, scale, key.shape, places=not foreign)),
        inside=torch.from_numpy(_places_in_cells(key.shape)),
        values=torch.from_numpy(np.ascontiguousarray(given.reshape(4, -1).T)),
    )
    planes = np.zeros((5, *sight.shape), np.float32)
    planes[:, asked] = found.numpy().T
    spread = np.sqrt(np.maximum(planes[3:4] - _square(planes[:3]), 0))[0]
    confidence = planes[2].clip(0, 1)
    ab = planes[:2] / np.maximum(confidence, np.float32(1e-6))
    return Match(HintMap(ab, confidence), spread, planes[4])


def _find(
    asked: torch.Tensor,
    *,
    coarse: torch.Tensor,
    fine: torch.Tensor,
    inside: torch.Tensor,
    values: torch.Tensor,
) -> torch.Tensor:
    """(N, V + 1) for looks (N, D): the mean of the values (M, V) of places with looks (M, D), and the least distance.

    Only the places (C, 4) in the few cells with looks (C, D) that are most alike are compared.
    """
    lengths, fine_lengths = (torch.square(looks).sum(1) for looks in (coarse, fine))
    turned = 2 * coarse.T
    parts = []
    for part in torch.split(asked, max(_AT_ONCE // len(coarse), 1)):
        # The squared length of the asked look is the same for all places: distances are less by it.
        nearness = torch.addmm(-lengths, part, turned)
        best = nearness.topk(min(_BEST_CELLS, len(coarse)), dim=1, sorted=False).indices
        places = inside[best].flatten(1)
        near = 2 * torch.bmm(fine[places], part[:, :, None])[..., 0] - fine_lengths[places]
        weight = torch.softmax(near * _SHARPNESS, dim=1)
        mean = torch.bmm(weight[:, None], values[places])[:, 0]
        distance = torch.square(part).sum(1) - near.amax(1)
        parts.append(torch.cat([mean, distance.clamp_min(0)[:, None]], dim=1))
    return torch.cat(parts)


def _places_in_cells(shape: tuple[int, int]) -> npt.NDArray[np.int64]:
    """(C, 4): the numbers of the places in every cell of 2x2; at the edge of an odd side some come twice."""
    numbers = np.arange(shape[0] * shape[1]).reshape(shape)
    numbers = np.pad(numbers, [(0, side % 2) for side in shape], mode="edge")
    return np.stack([numbers[down::2, across::2].ravel() for down in (0, 1) for across in (0, 1)], axis=1)


def _square(hints: Floats) -> Floats:
    """The squared length (1, h, w) of hints (3, h, w): ab times confidence, and confidence."""
    units = np.array([1, 1, _GIVEN_AB], np.float32)[:, np.newaxis, np.newaxis]
    return np.asarray(np.square(hints * units).sum(axis=0, keepdims=True), np.float32)


def _looks(sight: Sight, scale: MapScale, cells: tuple[int, int], *, places: bool) -> Floats:
    """(N, D) for the N cells (h, w) of a picture: distances between them are what likeness goes by."""
    parts = [_resized(sight.lightness[np.newaxis], cells) / np.float32(_LIGHTNESS)]
    if places:
        parts.append(_middles(cells, sight.shape) / np.float32(_PLACE))
    parts += [one / np.float32(unit) for one, unit in zip(scale.apply(sight), _MAPS, strict=False)]
    looks = np.empty((cells[0] * cells[1], sum(map(len, parts))), np.float32)
    done = 0
    for part in parts:  # one after the other: all of them at the size of the picture would be large
        looks[:, done : done + len(part)] = _resized(part, cells).reshape(len(part), -1).T
        done += len(part)
    return looks


def _middles(cells: tuple[int, int], shape: tuple[int, int]) -> Floats:
    """(2, h, w): column and line of the middle of every cell, in samples of a picture of that shape."""
    columns, lines = (
        (np.arange(count, dtype=np.float32) + np.float32(0.5)) * np.float32(side / count)
        for count, side in zip(cells[::-1], shape[::-1], strict=True)
    )
    return np.stack(np.meshgrid(columns, lines))


def _resized(planes: Floats, size: tuple[int, int]) -> Floats:
    """(C, H, W) averaged down or enlarged bilinearly to (C, *size)."""
    if planes.shape[1:] == size:
        return planes
    method = cv2.INTER_AREA if planes.shape[1] > size[0] else cv2.INTER_LINEAR
    return np.stack(
        [np.asarray(cv2.resize(one, size[::-1], interpolation=method), np.float32) for one in planes]
    )

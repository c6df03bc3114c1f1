"""Strokes, points and boxes become colours of whole things: a few marks on a shirt colour the shirt, up to its edges.

From each colour's marks a random walker sets out over the grid of the predicted ab. It is held up by edges of luma and
of the network's own map of what places look like; places that look unlike all of a colour's marks, or more like those
of another colour, draw it to 0. What it reaches gets the given colour itself, evenly. Colours compete; where an eraser
was drawn, and where no colour comes, the predicted colour stays.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.colorize.sight import Sight
from pipeline.guidance.hints.hint_map import HintMap, no_hints
from pipeline.guidance.hints.likeness import MapScale
from pipeline.guidance.hints.marks import PlacedMark
from pipeline.guidance.hints.random_walker import Doubles, Links, links_between, walk
from pipeline.guidance.hints.seeds import Seeds, rasterise
from pipeline.guidance.looks.paling import kept_chroma

Floats = npt.NDArray[np.float32]

_LUMA_EDGE, _LOOK_EDGE = 0.04, 0.25
_SEED_PULL, _UNLIKE_PULL, _DECAY = 10.0, 0.03, 2e-4
_UNLIKE = 1.0
"""Distance of looks, of order 1, from which on a place counts as another thing."""
_UNLIKE_WIDTH = 0.15
_MOST_SAMPLES = 150
_NEAREST, _NEAREST_SHARE = 4, 0.05
"""So many samples of a mark, and that share of them, must be alike: a mark that strays over a border counts little."""
_NOTHING, _ALL = 0.1, 0.4
"""Of the walker: below, the predicted colour stays; above, the given colour is obeyed."""
_BOX_NOTHING, _BOX_ALL = 0.3, 0.6
_BOX_CORE_PULL, _BOX_LOOK_PULL = 0.1, 0.02
_BOX_UNLIKE = 0.6
_BOX_RING = 4
"""Places around a box that show what the thing inside is not."""


def hints_from_strokes(
    sight: Sight, luma: Floats, marks: Sequence[PlacedMark], scale: MapScale | None = None
) -> HintMap:
    """The hint map of one frame's marks; of marks on one place the later one counts.

    `luma` (h, w), 0..1, is the frame at the size of its predicted ab; `scale` is the shot's, None the frame's own.
    Raises SettingsError as `rasterise` does.
    """
    return hints_from_seeds(sight, luma, rasterise(marks, sight.shape), scale)


def hints_from_seeds(sight: Sight, luma: Floats, seeds: Seeds, scale: MapScale | None = None) -> HintMap:
    """The same from seeds at the size of the predicted ab."""
    if not len(seeds.ab):
        return no_hints(sight.shape)
    look = _look(sight, luma, scale)
    links = links_between([(luma[np.newaxis], _LUMA_EDGE), (look, _LOOK_EDGE)])
    distances = [_distance(look, coverage) for coverage in (*seeds.coverage, seeds.erased)]
    shares = np.stack(
        [
            _boxed(links, seeds, look, layer)
            if seeds.reach[layer].min() < 1
            else _spread(links, seeds, distances, layer)
            for layer in range(len(seeds.ab))
        ]
    )
    weights = np.square(shares)
    weights /= np.maximum(weights.sum(axis=0), 1e-9)
    if seeds.lightness is not None:
        weights *= kept_chroma(sight.small_lightness, seeds.lightness[:, np.newaxis, np.newaxis])
    mixed = np.tensordot(seeds.ab.T, weights, axes=1)
    confidence = np.minimum(shares.sum(axis=0), 1)
    return HintMap(np.asarray(mixed, np.float32), np.asarray(confidence, np.float32))


def _spread(links: Sequence[Links], seeds: Seeds, distances: Sequence[Floats], layer: int) -> Doubles:
    """(h, w) in 0..1: how surely places get the colour of a layer of strokes."""
    own = seeds.coverage[layer].astype(np.float64)
    rivals = np.min([distance for number, distance in enumerate(distances) if number != layer], axis=0)
    unlike = np.maximum(_beyond(distances[layer] - _UNLIKE), _beyond(distances[layer] - rivals))
    pull = _SEED_PULL * (own + _others(seeds, layer)) + _UNLIKE_PULL * unlike + _DECAY
    reached = walk(links, pull=pull, target=_SEED_PULL * own / pull)
    return np.clip((reached - _NOTHING) / (_ALL - _NOTHING), 0, 1)


def _boxed(links: Sequence[Links], seeds: Seeds, look: Floats, layer: int) -> Doubles:
    """The same for a box: its colour goes to what looks unlike the box's surroundings, and never out of it."""
    inside = seeds.reach[layer].astype(np.float64)
    around = cv2.dilate(seeds.reach[layer], np.ones((2 * _BOX_RING + 1,) * 2, np.uint8)) * (1 - inside)
    unlike = _beyond(_distance(look, np.asarray(around, np.float32)) - _BOX_UNLIKE)
    given = (_BOX_CORE_PULL * seeds.coverage[layer] + _BOX_LOOK_PULL * inside) * unlike
    taken = _SEED_PULL * np.maximum(1 - inside, _others(seeds, layer)) + _BOX_LOOK_PULL * (1 - unlike)
    pull = given + taken + _DECAY
    reached = walk(links, pull=pull, target=given / pull)
    share = np.clip((reached - _BOX_NOTHING) / (_BOX_ALL - _BOX_NOTHING), 0, 1) * inside
    return np.asarray(share, np.float64)


def _others(seeds: Seeds, layer: int) -> Doubles:
    """(h, w): the share of each place that is marked with another layer or erased."""
    coverage = seeds.coverage.sum(axis=0, dtype=np.float64) - seeds.coverage[layer] + seeds.erased
    return np.asarray(coverage, np.float64)


def _beyond(distance: Floats) -> Doubles:
    """From 0, far inside, to 1, far outside."""
    return np.asarray(1 / (1 + np.exp(-distance.clip(-9, 9) / _UNLIKE_WIDTH)), np.float64)


def _look(sight: Sight, luma: Floats, scale: MapScale | None) -> Floats:
    """(C, h, w): what places look like; of a network without maps, their luma alone."""
    if not sight.packed_maps:
        return luma[np.newaxis] / np.float32(_LUMA_EDGE / _LOOK_EDGE)
    return (scale or MapScale.of([sight])).apply(sight)[0]


def _distance(look: Floats, coverage: Floats) -> Floats:
    """(h, w): the distance in looks of each place to the marked places most like it; far where nothing is marked."""
    most = float(coverage.max())
    if most <= 0:
        return np.full(coverage.shape, 9, np.float32)
    places = look.reshape(len(look), -1).T
    marked = np.flatnonzero(coverage.ravel() >= min(0.5, most))
    count = min(len(marked), _MOST_SAMPLES)
    samples = places[marked[np.linspace(0, len(marked) - 1, count).astype(np.intp)]]
    squares = (places**2).sum(axis=1)[:, None] + (samples**2).sum(axis=1) - 2 * places @ samples.T
    nearest = min(max(_NEAREST, round(_NEAREST_SHARE * count)), count)
    near = np.partition(squares, nearest - 1, axis=1)[:, :nearest].mean(axis=1)
    return np.asarray(np.sqrt(np.maximum(near, 0)).reshape(coverage.shape), np.float32)

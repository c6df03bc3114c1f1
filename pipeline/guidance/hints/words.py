"""Finds the few nouns that colours can be given to by name, in what the network sees of a picture.

`nouns.json` holds a logistic regression for each noun, over the kinds of colour that the network holds for likely at a
place, and its light, texture and height. `tests/benchmarks/nouns.py` fits it to masks drawn by hand and measures it.
Only nouns whose masks are right are in it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.colorize.sight import Sight
from pipeline.errors import SettingsError
from pipeline.guidance.hints.hint_map import HintMap
from pipeline.guidance.hints.regions import Regions
from pipeline.guidance.looks.paling import Lab, kept_chroma

Floats = npt.NDArray[np.float32]

NOUNS = ("greenery", "skin", "sky")
"""Greenery is grass, leaves and trees."""
_HUES = (330, 20, 45, 65, 85, 105, 130, 180, 230, 290)
"""Degrees in the ab plane between which the kinds of colour lie."""
_GREY, _STRONG = 8, 28
"""Chroma below which a colour counts as grey, and from which on as strong."""
_LEAST = np.float32(0.01)
_REGIONS = 12
_EPSILON = np.float32(0.002)
"""Variance of L* / 100 below which an area counts as flat."""
_UNSURE = (0.25, 0.75)
"""Chances between which the confidence rises from 0 to 1."""


def hints_from_words(sight: Sight, bins: Floats, colors: Mapping[str, Lab]) -> HintMap:
    """Gives named things their colours in one picture; `bins` are the `Predictor.bins`.

    A noun that is not in the picture gives nothing. Raises SettingsError for a noun that is not one of NOUNS, and
    where the weights predict no distribution.
    """
    check_nouns(colors)
    masks = noun_masks(sight, bins, list(colors))
    total = sum(masks.values(), np.zeros(sight.shape, np.float32))
    given = np.zeros((2, *sight.shape), np.float32)
    light = sight.small_lightness
    for noun, (named, *ab) in colors.items():
        given += np.array(ab, np.float32)[:, None, None] * masks[noun] * kept_chroma(light, named)
    given /= np.maximum(total, np.float32(1e-6))
    return HintMap(given, np.minimum(total, 1).astype(np.float32))


def check_nouns(nouns: Iterable[str]) -> None:
    """Raises SettingsError for the first noun that no mask is known for."""
    for noun in nouns:
        if len(noun) == 1 and noun.isalpha():
            raise SettingsError(f"{noun!r} is the letter of a region; under `regions:` it would work")
        if noun not in NOUNS:
            raise SettingsError(
                f"no colour can be given to {noun!r} by name: {', '.join(NOUNS[:-1])} and {NOUNS[-1]} work "
                "(greenery is grass, leaves and trees); a point or a box with a colour works for anything"
            )


def noun_masks(sight: Sight, bins: Floats, nouns: Sequence[str]) -> dict[str, Floats]:
    """(h, w) in 0..1 for some of NOUNS: how surely each place shows the noun.

    Raises SettingsError where the weights predict no distribution.
    """
    low, high = _UNSURE
    found = chance_masks(sight, noun_features(sight, bins), {noun: _weights()[noun] for noun in nouns})
    return {noun: np.clip((chance - low) / (high - low), 0, 1) for noun, chance in found.items()}


def chance_masks(sight: Sight, features: Floats, weights: Mapping[str, Floats]) -> dict[str, Floats]:
    """(h, w) for each weights (F,): the chance that a place shows what these were fitted to.

    Half of the evidence is the place's own, half that of the regions which it belongs to.
    """
    share = Regions.of([sight], _REGIONS).membership(sight)
    areas = np.maximum(share.sum(axis=(1, 2)), _LEAST)
    light, found = _light(sight), {}
    for name, own in weights.items():
        each = np.einsum("f,fhw->hw", own, features)
        whole = np.einsum("khw,hw->k", share, each) / areas
        evidence = (each + np.einsum("k,khw->hw", whole, share)) / 2
        chance = np.asarray(1 / (1 + np.exp(-np.clip(evidence, -30, 30))), np.float32)
        found[name] = _along_edges(chance, light)
    return found


def noun_features(sight: Sight, bins: Floats) -> Floats:
    """(F, h, w): what masks are made of; the last one is 1. Raises SettingsError as `noun_masks`."""
    if not len(bins):
        raise SettingsError(
            "words: the weights predict one colour for each place, not a distribution of colours, so things "
            "are not found by name; the default weights, a point or a box with a colour work"
        )
    logits = sight.logits
    chances = np.exp(logits - logits.max(axis=0))
    chances /= chances.sum(axis=0)
    kinds = np.einsum("gq,qhw->ghw", _kinds(bins), chances)
    light, lightness = _light(sight), sight.lightness / np.float32(100)
    size = light.shape[::-1]
    grain = np.asarray(cv2.resize(_spread(lightness, 5), size, interpolation=cv2.INTER_AREA))
    height = np.broadcast_to(np.linspace(0, 1, light.shape[0], dtype=np.float32)[:, None], light.shape)
    planes = [
        *(np.log(_mean(kind, 5) + _LEAST) for kind in kinds),
        *(light, light * light, light - light.mean(), _mean(light, 9) - _mean(light, 25)),
        *(np.log(spread + _LEAST) for spread in (_spread(light, 3), _spread(light, 9), grain)),
        *(height, height * height, np.ones_like(light)),
    ]
    return np.stack(planes).astype(np.float32)


@cache
def _weights() -> dict[str, Floats]:
    text = files(__package__).joinpath("nouns.json").read_text(encoding="utf-8")
    return {noun: np.array(weights, np.float32) for noun, weights in json.loads(text).items()}


def _kinds(bins: Floats) -> Floats:
    """(G, Q): 1 where a bin is of a kind of colour: grey, then pale and strong ones of every hue."""
    chroma = np.hypot(bins[:, 0], bins[:, 1])
    hue = np.degrees(np.arctan2(bins[:, 1], bins[:, 0])) % 360
    kinds = [chroma < _GREY]
    for low, high in zip(_HUES, (*_HUES[1:], _HUES[0]), strict=True):
        inside = (hue - low) % 360 < (high - low) % 360
        kinds += [inside & (chroma >= _GREY) & (chroma < _STRONG), inside & (chroma >= _STRONG)]
    return np.stack(kinds).astype(np.float32)


def _light(sight: Sight) -> Floats:
    """(h, w): L* / 100."""
    return sight.small_lightness / np.float32(100)


def _along_edges(mask: Floats, light: Floats) -> Floats:
    """A guided filter (He, Sun & Tang 2010): the mask follows the edges of the light."""
    mean, mean_mask = _mean(light, 5), _mean(mask, 5)
    variance = _mean(light * light, 5) - mean * mean + _EPSILON
    slope = np.asarray((_mean(light * mask, 5) - mean * mean_mask) / variance, np.float32)
    offset = mean_mask - slope * mean
    return np.asarray(np.clip(_mean(slope, 5) * light + _mean(offset, 5), 0, 1), np.float32)


def _mean(plane: Floats, side: int) -> Floats:
    return np.asarray(cv2.blur(plane, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)


def _spread(plane: Floats, side: int) -> Floats:
    """The standard deviation inside of a square window."""
    mean = _mean(plane, side)
    return np.sqrt(np.maximum(_mean(plane * plane, side) - mean * mean, 0))

"""Colours a still for which colours were given: a shot of one frame, without borders."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipeline.colorize.net_frame import NetFrame, NetSize, shrink
from pipeline.colorize.optical_flow import Luma
from pipeline.colorize.predict import Predictor
from pipeline.colorize.sight import Sight
from pipeline.guidance.hints.hint_map import Floats, HintMap
from pipeline.guidance.hints.likeness import MapScale
from pipeline.guidance.hints.regions import Regions, hints_from_regions
from pipeline.guidance.hints.takes import ShotTakes
from pipeline.guidance.hints.travel import merge, nowhere, start
from pipeline.guidance.hints.words import hints_from_words
from pipeline.guidance.key_hints import ShotFrames, make_key_frames
from pipeline.guidance.looks.look import parse_look
from pipeline.guidance.looks.palette_transfer import sample_ab
from pipeline.guidance.shot_guidance import ShotGuidance


def guide_still(luma_unit: Floats, guidance: ShotGuidance, *, network: Predictor) -> Floats:
    """ab (2, h, w) in CIE units for a still of luma (H, W), 0..1, upright.

    Raises SettingsError for guidance that does not fit the still, DeviceError.
    """
    sight = network.see_picture(luma_unit)
    luma = shrink(luma_unit, NetSize(*sight.shape))
    if not guidance.take:
        ab: Floats = network.predict_pictures(luma_unit[np.newaxis])[
            0
        ]  # what is not given is as without guidance
    else:
        takes = ShotTakes.of([sight], network.bins)
        ab = network.colors(takes.apply(sight, guidance.take, seed=guidance.seed), sight.lightness)
    for hints in _hints(sight, luma, guidance, size=luma_unit.shape, network=network):
        ab = hints.over(ab)
    if guidance.look is None:
        return ab
    look = parse_look({"name": guidance.look, "strength": guidance.look_strength}, Path())
    look = look.for_shot(sample_ab([ab])) if look.needs_sample else look
    return look.apply(luma, ab)


def _hints(
    sight: Sight, luma: Floats, guidance: ShotGuidance, *, size: tuple[int, ...], network: Predictor
) -> Iterator[HintMap]:
    """What is given for the still; each lies over those before."""
    if guidance.words:
        yield hints_from_words(sight, network.bins, guidance.words)
    if guidance.regions:
        yield hints_from_regions(sight, Regions.of([sight]), guidance.regions)

    def guides(first: int, stop: int) -> Iterator[Luma]:
        yield (sight.lightness * np.float32(2.55)).astype(np.uint8)

    height, width = sight.shape
    frames = ShotFrames(
        numbers=range(1),
        width=size[1],
        height=size[0],
        sample_aspect=1,
        layout=NetFrame(NetSize(*sight.lightness.shape), slice(0, height), slice(0, width)),
        see=lambda number: (sight, luma),
        bins=network.bins,
        see_still=network.see_picture,
        guides=guides,
    )
    keys = make_key_frames(guidance, frames)
    if keys:
        carried = [nowhere(sight.shape) if key.is_foreign else start(sight.shape) for key in keys]
        yield merge(sight, luma, carried, keys, MapScale.of([key.sight for key in keys]))

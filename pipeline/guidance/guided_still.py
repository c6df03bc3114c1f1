"""Colours a still for which colours were given: a shot of one frame, without borders."""

from collections.abc import Iterator
from functools import cached_property
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


class StillMemory:
    """What was seen of one still, so that other guidance of it costs little."""

    def __init__(self, luma_unit: Floats, *, network: Predictor) -> None:
        """`luma_unit` (H, W) in 0..1, upright."""
        self.network = network
        self._luma_unit = luma_unit

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) of the still."""
        return self._luma_unit.shape[0], self._luma_unit.shape[1]

    @cached_property
    def sight(self) -> Sight:
        """The still as the network sees it at one look."""
        return self.network.see_picture(self._luma_unit)

    @cached_property
    def luma(self) -> Floats:
        """Its small luma (h, w)."""
        return shrink(self._luma_unit, NetSize(*self.sight.shape))

    @cached_property
    def plain(self) -> Floats:
        """ab (2, h, w) as every still gets it without guidance."""
        ab: Floats = self.network.predict_pictures(self._luma_unit[np.newaxis])[0]
        return ab

    @cached_property
    def regions(self) -> Regions:
        """Its regions."""
        return Regions.of([self.sight])

    @cached_property
    def takes(self) -> ShotTakes:
        """Its takes. Raises SettingsError where the weights predict no distribution."""
        return ShotTakes.of([self.sight], self.network.bins, self.regions)


def guide_still(
    luma_unit: Floats, guidance: ShotGuidance, *, network: Predictor, memory: StillMemory | None = None
) -> Floats:
    """ab (2, h, w) in CIE units for a still of luma (H, W), 0..1, upright; `memory` is of this still.

    Raises SettingsError for guidance that does not fit the still, DeviceError.
    """
    memory = memory or StillMemory(luma_unit, network=network)
    if not guidance.take:
        ab = memory.plain  # what is not given is as without guidance
    else:
        logits = memory.takes.apply(memory.sight, guidance.take, seed=guidance.seed)
        ab = network.colors(logits, memory.sight)
    for hints in _hints(memory, guidance):
        ab = hints.over(ab)
    if guidance.look is None:
        return ab
    look = parse_look({"name": guidance.look, "strength": guidance.look_strength}, Path())
    look = look.for_shot(sample_ab([ab])) if look.needs_sample else look
    return look.apply(memory.luma, ab)


def _hints(memory: StillMemory, guidance: ShotGuidance) -> Iterator[HintMap]:
    """What is given for the still; each lies over those before."""
    sight, luma, network = memory.sight, memory.luma, memory.network
    if guidance.words:
        yield hints_from_words(sight, network.bins, guidance.words)
    if guidance.regions:
        yield hints_from_regions(sight, memory.regions, guidance.regions)

    def guides(first: int, stop: int) -> Iterator[Luma]:
        yield (sight.lightness * np.float32(2.55)).astype(np.uint8)

    height, width = sight.shape
    frames = ShotFrames(
        numbers=range(1),
        width=memory.size[1],
        height=memory.size[0],
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

"""How one shot gets its colour: from which source, and with which changes before rendering."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipeline.colorize.chroma_proxy import ProxyFrame
from pipeline.errors import SettingsError

ColorSource = Literal["predicted", "grey", "original", "recoloured"]
"""`predicted` by the network (or given as a proxy); `grey` has none; `original` is the source's own, untouched;
`recoloured` the source's own, with another theme."""


@dataclass(frozen=True, kw_only=True)
class ShotTreatment:
    """How one shot is done: a job's settings for it, or what was found about it. Raises SettingsError."""

    source: ColorSource = "predicted"
    saturation: float = 1.0
    """Factor on the chroma, 0 to 2; of predicted colour only."""
    hue_degrees: float = 0.0
    """Turn of the chroma, -180 to 180, counterclockwise from Cb to Cr; of predicted colour only."""
    weights: str = "default"
    """`default` or the path of a file: what predicts."""

    def __post_init__(self) -> None:
        if not 0 <= self.saturation <= 2:
            raise SettingsError(f"saturation {self.saturation}: a number from 0 to 2 works")
        if not -180 <= self.hue_degrees <= 180:
            raise SettingsError(f"hue_degrees {self.hue_degrees}: a number from -180 to 180 works")


PLAIN = ShotTreatment()
"""Colour is predicted, and rendered as it is."""


def treat(frames: Iterable[ProxyFrame], treatment: ShotTreatment) -> Iterator[ProxyFrame]:
    """The colour of a shot as it is to be rendered, frame by frame; frames that nothing changes are passed on."""
    return (treat_frame(frame, treatment) for frame in frames)


def treat_frame(frame: ProxyFrame, treatment: ShotTreatment) -> ProxyFrame:
    """The colour of one frame, turned and made stronger or weaker; luma is never touched.

    Colour that is the source's own stays as it is. Turned or strengthened chroma may lie outside the gamut.
    """
    if treatment.source == "original":
        return frame
    cb, cr = frame.cb, frame.cr
    if treatment.source == "grey":
        return ProxyFrame(luma=frame.luma, cb=np.zeros_like(cb), cr=np.zeros_like(cr))
    if treatment.hue_degrees:
        angle = math.radians(treatment.hue_degrees)
        cosine, sine = np.float32(math.cos(angle)), np.float32(math.sin(angle))
        cb, cr = cosine * cb - sine * cr, sine * cb + cosine * cr
    if treatment.saturation != 1:
        cb, cr = cb * np.float32(treatment.saturation), cr * np.float32(treatment.saturation)
    return frame if cb is frame.cb else ProxyFrame(luma=frame.luma, cb=cb, cr=cr)

"""Figures of a shot's colour: steadiness, flicker, drift, evenness, colourfulness, gamut."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ShotFigures:
    """What is known of the colour of one shot. Steps are those of 8 bits: chroma -0.5..0.5 is 255 steps."""

    cdc: float
    """Colour distribution consistency (Liu et al. 2021) over distances of 1, 2 and 4 frames, 0..0.69; lower is
    steadier."""
    cdc_grey: float
    """The same of the grey picture: the floor that the film's own light and motion set."""
    flicker: float
    """Mean absolute change of Cb and Cr from a frame to the next, in steps, over the pixels whose luma changes by less
    than 4 steps. 0 where there are none."""
    colorfulness: float
    """Mean over the frames of Hasler & Süsstrunk's (2003): 0 grey, 15 slightly, 45 quite, 80 highly colourful."""
    gamut_share: float
    """Share of pixels, 0..1, with colour (Cb or Cr above 2 steps of 8 bits) whose R'G'B' lies within a step of
    the gamut's edge or beyond it: there chroma was, or had to be, lowered."""
    unevenness: float | None = None
    """How much colour shifts inside flat regions (`models.unevenness`): standard deviation of Cb and Cr, in steps, mean
    by area over every 8th frame. None where nothing is flat, and in reports before format 3."""
    drift: float | None = None
    """How far colour wanders from the first quarter of the shot to the last: distance of the mean Cb and Cr of pixels
    that are equally light, in steps. None in shots of fewer than 8 frames, and in reports before format 3."""

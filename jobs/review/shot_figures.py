"""Figures of a shot's colour: steadiness, flicker, colourfulness, gamut; and which shots want to be looked at."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ShotFigures:
    """What is known of the colour of one shot."""

    cdc: float
    """Colour distribution consistency (Liu et al. 2021) over distances of 1, 2 and 4 frames, 0..0.69; lower is
    steadier."""
    cdc_grey: float
    """The same of the grey picture: the floor that the film's own light and motion set."""
    flicker: float
    """Mean absolute change of Cb and Cr from a frame to the next, in steps of 8 bits (chroma -0.5..0.5 is 255
    steps), over the pixels whose luma changes by less than 4 steps. 0 where there are none."""
    colorfulness: float
    """Mean over the frames of Hasler & Süsstrunk's (2003): 0 grey, 15 slightly, 45 quite, 80 highly colourful."""
    gamut_share: float
    """Share of pixels, 0..1, with colour (Cb or Cr above 2 steps of 8 bits) whose R'G'B' lies within a step of
    the gamut's edge or beyond it: there chroma was, or had to be, lowered."""

    @property
    def attention(self) -> float:
        """How much a shot wants to be looked at: each term reaches 1 where its figure begins to show.

        Flicker over 0.5 steps, CDC above the grey picture's over 0.002, gamut share over 25 %.
        """
        excess = max(self.cdc - self.cdc_grey, 0.0)
        return self.flicker / 0.5 + excess / 0.002 + self.gamut_share / 0.25


def worst_first(figures: Sequence[ShotFigures]) -> list[int]:
    """The numbers of the shots by falling `attention`, those alike in the order of the film."""
    return sorted(range(len(figures)), key=lambda index: -figures[index].attention)

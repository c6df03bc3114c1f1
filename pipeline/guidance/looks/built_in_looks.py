"""Looks after historical processes. Each turns L (h, w) and ab (2, h, w) into the ab that the process would show.

They imitate what a process does to colours, not one print of it: dyes differed from laboratory to laboratory, and fade.
L stays, so a tint cannot colour white as a dyed film base did. Names and dates of processes are those of B. Flueckiger,
"Timeline of Historical Film Colors" (filmcolors.org); further sources stand at each look.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from pipeline.color.colorimetry import Floats
from pipeline.color.lab import lab_from_srgb, srgb_from_lab

Theme = Callable[[Floats, Floats], Floats]
"""L (h, w) and ab (2, h, w) to ab (2, h, w), which may lie outside of what sRGB shows."""

_RED_ORANGE_DEGREES, _BLUE_GREEN_DEGREES = 42.0, 200.0
_RED_ORANGE_CHROMA, _BLUE_GREEN_CHROMA = 62.0, 55.0
_GREEN_FILTER = (0.0, 0.95, 0.05)
"""What the green record sees of R, G and B."""
_HALF_EXCESS = np.float32(0.35)
"""Dyes show small differences of the records clearly and large ones little more: half of the most is reached here."""
_SEPARATION = ((1.45, -0.30, -0.15), (-0.20, 1.35, -0.15), (-0.08, -0.27, 1.35))
"""Each record less its neighbours; greys stay grey."""
_DYE_DEGREES = (10.0, 55.0, 90.0, 140.0, 260.0, 315.0)
"""Hues of rose, orange, yellow, green, blue and violet."""
_DYE_PURITY = 14.0
"""How decidedly a colour goes to the next dye; 1 would mix all of them."""
_CURVE_LIGHTNESS = np.linspace(0, 100, 6)


def two_strip(lightness: Floats, ab: Floats) -> Floats:
    """Technicolor Processes No. 2 and 3 (1922 to about 1933): red-orange and blue-green, and nothing else.

    The camera took a red and a green record, and the print had a dye for each. What is redder than green becomes
    red-orange, what is greener becomes blue-green; yellow, deep blue and violet lose their colour. J. Layton and
    D. Pierce, "The Dawn of Technicolor, 1915-1935" (2015).
    """
    rgb = _rgb(lightness, ab)
    excess = rgb[..., 0] - rgb @ np.array(_GREEN_FILTER, np.float32)
    excess *= (1 + _HALF_EXCESS) / (np.abs(excess) + _HALF_EXCESS)
    warm = _polar(np.maximum(excess, 0) * np.float32(_RED_ORANGE_CHROMA), _RED_ORANGE_DEGREES)
    return warm + _polar(np.maximum(-excess, 0) * np.float32(_BLUE_GREEN_CHROMA), _BLUE_GREEN_DEGREES)


def three_strip(lightness: Floats, ab: Floats) -> Floats:
    """Technicolor Process No. 4 (1932 to 1955): pure, deep primaries, and greys that stay grey.

    Three sharp records, printed in yellow, magenta and cyan dyes: here each record is freed of its neighbours.
    R. W. Haines, "Technicolor Movies: The History of Dye Transfer Printing" (1993).
    """
    separated = (_rgb(lightness, ab) @ np.array(_SEPARATION, np.float32).T).clip(0, 1)
    return np.moveaxis(lab_from_srgb(separated)[..., 1:], -1, 0)


def washes(lightness: Floats, ab: Floats, *, chroma: float, least: float, full: float) -> Floats:
    """A few flat dyes over a grey picture: by brush (1895 to about 1908), or by stencils (Pathécolor, 1905 to 1930).

    Every colour becomes the dye that is next to it, of one strength; what has less chroma than `least` stays grey,
    what has `full` chroma gets the whole dye; between them lies enough for small changes over time not to flicker.
    Brushes left few vivid patches, stencils soft pastels over most of the picture.
    J. Yumibe, "Moving Color: Early Film, Mass Culture, Modernism" (2012).
    """
    given = np.hypot(ab[0], ab[1])
    directions = np.exp(1j * np.radians(_DYE_DEGREES)).astype(np.complex64)
    unit = (ab[0] + 1j * ab[1]) / np.maximum(given, 1e-6)
    nearness = (unit[..., None] * directions.conj()).real
    weights = np.exp(np.float32(_DYE_PURITY) * (nearness - 1))
    dye = (weights @ directions) / np.maximum(weights.sum(axis=-1), 1e-9)
    share = ((given - least) / (full - least)).clip(0, 1)
    strength = np.float32(chroma) * share * share * (3 - 2 * share) * _on_film(lightness, 60).clip(0, 1.2)
    return np.stack([dye.real * strength, dye.imag * strength]).astype(np.float32)


def tint(lightness: Floats, ab: Floats, *, dye: tuple[float, float, float]) -> Floats:
    """A dyed base under a grey picture: the hue of `dye` (L, a, b) everywhere, the stronger the lighter.

    Light through the dye keeps its chromaticity, so that ab grows as L + 16. Dyes after the tinted stocks of Kodak:
    Eastman Kodak, "Tinting and Toning of Eastman Positive Motion Picture Film" (4th edition, 1927); L. A. Jones,
    "Tinted Films for Sound Positives", Transactions of the SMPE 37 (1929), on Sonochrome.
    """
    strength = _on_film(lightness, dye[0])
    return np.stack([strength * np.float32(dye[1]), strength * np.float32(dye[2])])


def tone(lightness: Floats, ab: Floats, *, a: tuple[float, ...], b: tuple[float, ...]) -> Floats:
    """Silver turned into a coloured salt: the darks have the colour, and the lights stay clear.

    `a` and `b` are given for L 0, 20, 40, 60, 80 and 100. The salts are those of Eastman Kodak's "Tinting and Toning"
    (1927): silver sulphide for sepia, ferric ferrocyanide (Prussian blue, as in J. Herschel's cyanotype of 1842) for
    blue, uranium or copper ferrocyanide for red-brown.
    """
    curves = [np.interp(lightness, _CURVE_LIGHTNESS, curve) for curve in (a, b)]
    return np.stack(curves).astype(np.float32)


def faded(lightness: Floats, ab: Floats, *, darks: float, lights: float) -> Floats:
    """Less chroma: the shares that are kept in black and in white.

    Silver that was not bleached out of a colour print (bleach bypass, and ENR of Technicolor Rome, 1981) greys it, its
    darks most.
    """
    share = np.interp(lightness, (0, 100), (darks, lights)).astype(np.float32)
    return ab * share


BUILT_IN: dict[str, Theme] = {
    "two-strip": two_strip,
    "three-strip": three_strip,
    "hand-tinting": partial(washes, chroma=45.0, least=6.0, full=28.0),
    "stencil": partial(washes, chroma=26.0, least=3.0, full=18.0),
    "sepia": partial(tone, a=(0, 9, 11, 9, 5, 1), b=(0, 14, 21, 21, 16, 5)),
    "cyanotype": partial(tone, a=(0, 2, -4, -8, -6, 0), b=(0, -28, -34, -27, -14, -2)),
    "copper": partial(tone, a=(0, 22, 33, 26, 12, 1), b=(0, 18, 30, 24, 12, 2)),
    "dusk": partial(tone, a=(0, 2, 2, 12, 20, 8), b=(0, -28, -28, -8, 2, 2)),
    "amber": partial(tint, dye=(80.0, 12.0, 42.0)),
    "night": partial(tint, dye=(60.0, -4.0, -33.0)),
    "green": partial(tint, dye=(70.0, -27.0, 20.0)),
    "rose": partial(tint, dye=(75.0, 28.0, 7.0)),
    "fire": partial(tint, dye=(55.0, 52.0, 34.0)),
    "lavender": partial(tint, dye=(70.0, 18.0, -22.0)),
    "bleach bypass": partial(faded, darks=0.3, lights=0.65),
    "neutral": partial(faded, darks=0.0, lights=0.0),
}
"""By the name that a job file gives."""


def _on_film(lightness: Floats, reference: float) -> Floats:
    """How much ab of one chromaticity grows from L `reference` on."""
    return (lightness + np.float32(16)) / np.float32(reference + 16)


def _rgb(lightness: Floats, ab: Floats) -> Floats:
    """(h, w, 3)."""
    return srgb_from_lab(np.stack([lightness, ab[0], ab[1]], axis=-1))


def _polar(chroma: Floats, degrees: float) -> Floats:
    """ab (2, h, w)."""
    angle = np.radians(degrees)
    return np.stack([chroma * np.float32(np.cos(angle)), chroma * np.float32(np.sin(angle))])

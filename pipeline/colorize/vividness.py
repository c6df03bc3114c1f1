"""Makes predicted colours vivid: the mean of a distribution is paler than the colours that it is a mean of.

Where these agree, as those of skin, sky and grass do, their mean is as vivid as they are, or a little more than the
truth is. Where they agree less, it is brought out the more. Where few agree, its hue says little, and it is brought out
less again; a cold one, from green to purple, says nothing and fades: the true colour of such places is as likely to be
warm. Reds and greens are brought out less than wood and skin, for they are right less often.

Before that its hue is turned a little. The training gives rare colours more weight (Zhang et al. 2016), and those are
the vivid ones, so that skin leans towards pure red, leaves towards pure green.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_AGREEMENT = 0.8
"""Chroma of the mean over the mean chroma at which the factor is `vividness`."""
_LITTLE, _MOST_POWER = 0.6, 1.35
"""Agreement down to which the factor grows, at most to `vividness` to this power."""
_HARDLY_ANY, _POWER_THERE = 0.35, 1.0
"""Agreement below which the factor is `vividness` to this power."""
_SURE, _TOO_VIVID = (0.88, 0.97), 0.92
"""Agreement from which on, and up to which, the factor falls by a further share, to this one: such colours are more
vivid than the truth."""
_WARMEST = np.radians(70)
_COLD, _WARM = -0.1, 0.4
"""Cosine of the angle to the warmest hue, below which a hue is cold, above which it is warm."""
_COLD_FADES = 0.45, 0.8
"""Agreement at which a cold hue is grey, and from which on it is kept."""
_HUES = np.radians([-30, 0, 30, 50, 70, 90, 110, 130, 160, 200])
_TURNS = np.radians([0, 0, 3, 5, -3, -5, -9, -13, -6, 0])
"""By how much each of these hues is turned."""
_HUES_OF_SHARES = np.radians([-60, -30, 0, 20, 45, 80, 105, 135, 165, 200])
_SHARES = (1, 0.6, 0.68, 0.8, 1, 1, 0.9, 0.8, 0.8, 1)
"""The share of the factor that each of these hues gets. All of these numbers were chosen for the default weights, on
photos of the validation and of the training and by eye."""


def bring_out(colors: Floats, *, vividness: float, everywhere: bool) -> Floats:
    """ab (N, 2, h, w) of `colors` (N, 3, h, w): a, b and the mean chroma of the colours that they are a mean of.

    `everywhere`: `vividness` is the factor of all colours, and no hue is turned. Else it is that of a middling
    agreement of the colours that a mean is made of.
    """
    ab, mean_chroma = colors[:, :2], colors[:, 2]
    if everywhere:
        return ab * np.float32(vividness)
    chroma: Floats = np.linalg.norm(ab, axis=1)
    agreement = np.asarray(chroma / np.maximum(mean_chroma, np.float32(1e-3)), np.float32)
    predicted = np.arctan2(ab[:, 1], ab[:, 0])
    hue = _turned(predicted)
    chroma = _factor(predicted, agreement, vividness) * _kept(hue, agreement) * chroma
    return np.stack((chroma * np.cos(hue), chroma * np.sin(hue)), axis=1)


def _turned(hue: Floats) -> Floats:
    return np.asarray(hue + np.interp(hue, _HUES, _TURNS, period=2 * np.pi), np.float32)


def _factor(hue: Floats, agreement: Floats, vividness: float) -> Floats:
    sure = np.log(agreement.clip(_LITTLE, 1)) / np.log(_AGREEMENT)
    unsure = np.interp(agreement, (_HARDLY_ANY, _LITTLE), (_POWER_THERE, _MOST_POWER))
    calmed = np.interp(agreement, _SURE, (1, _TOO_VIVID))
    share = np.interp(hue, _HUES_OF_SHARES, _SHARES, period=2 * np.pi)
    return np.asarray(vividness ** np.minimum(sure, unsure) * calmed * share, np.float32)


def _kept(hue: Floats, agreement: Floats) -> Floats:
    """The share of its chroma that a colour keeps."""
    warmth = np.interp(np.cos(hue - _WARMEST), (_COLD, _WARM), (0, 1))
    return np.asarray(warmth + (1 - warmth) * np.interp(agreement, _COLD_FADES, (0, 1)), np.float32)

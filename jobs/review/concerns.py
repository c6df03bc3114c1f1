"""What of a shot's colour looks wrong or unsteady, in words, with weights by which shots are put into an order."""

from dataclasses import dataclass

from jobs.review.shot_figures import ShotFigures

_GARISH, _QUITE_GARISH = 70.0, 20.0
_PALE, _QUITE_PALE = 10.0, 5.0


@dataclass(frozen=True, kw_only=True)
class Concern:
    """One thing that may be wrong."""

    text: str
    """E.g. `colours flicker`."""
    weight: float
    """1 where it begins to show."""


def concerns(figures: ShotFigures, *, is_predicted: bool) -> tuple[Concern, ...]:
    """Everything with a weight above 0, the heaviest first.

    `is_predicted` says whether the shot was to get colour: only then can it be pale. The weights are flicker over 0.5
    steps, CDC above the grey picture's over 0.002, gamut share over 25 %, unevenness over 3 steps, drift over 4 steps,
    colourfulness above 70 over 20, and colourfulness below 10 over 5.
    """
    weights = {
        "colours flicker": figures.flicker / 0.5,
        "colours jump from frame to frame": max(figures.cdc - figures.cdc_grey, 0.0) / 0.002,
        "colours are cut off at the edge of what a screen shows": figures.gamut_share / 0.25,
        "flat areas change colour from place to place": (figures.unevenness or 0.0) / 3,
        "colours drift from the beginning of the shot to its end": (figures.drift or 0.0) / 4,
        "colours are garish": max(figures.colorfulness - _GARISH, 0.0) / _QUITE_GARISH,
        "colours are pale": max(_PALE - figures.colorfulness, 0.0) / _QUITE_PALE if is_predicted else 0.0,
    }
    found = [Concern(text=text, weight=weight) for text, weight in weights.items() if weight > 0]
    return tuple(sorted(found, key=lambda concern: -concern.weight))


def was_to_get_color(source: str, kind: str | None) -> bool:
    """Whether a shot whose colour comes from `source` and that is of this kind was to get colours: cards stay grey."""
    return source == "predicted" and kind not in ("card", "tinted card")


def attention(found: tuple[Concern, ...]) -> float:
    """How much a shot wants to be looked at: the weights of its concerns together."""
    return sum(concern.weight for concern in found)

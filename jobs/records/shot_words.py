"""A shot in words: what wants to be looked at, its figures with their meaning, and the order of shots."""

from collections.abc import Sequence
from typing import NamedTuple

from jobs.records.film_record import ShotRecord
from jobs.review.concerns import Concern, attention, concerns, was_to_get_color

_TOLD_FROM = 1.0
"""Weight from which a concern is told; below it does not show."""


class Figure(NamedTuple):
    """One figure of a shot, for people."""

    name: str
    value: str
    meaning: str


def concerns_of(shot: ShotRecord) -> tuple[Concern, ...]:
    """What may be wrong with a shot's colours; those that are meant to be grey cannot be pale."""
    source = "predicted" if shot.treatment is None else shot.treatment.source
    return concerns(shot.figures, is_predicted=was_to_get_color(source, shot.kind))


def concern_lines(shot: ShotRecord) -> list[str]:
    """Those that show, the heaviest first."""
    return [concern.text for concern in concerns_of(shot) if concern.weight >= _TOLD_FROM]


def worst_first(shots: Sequence[ShotRecord]) -> list[ShotRecord]:
    """The shots by falling attention, those alike in the order of the film; last those with the source's own colours,
    about which nothing can be done."""
    return sorted(shots, key=lambda shot: (is_own(shot), -attention(concerns_of(shot))))


def is_own(shot: ShotRecord) -> bool:
    """Whether a shot keeps the source's own colours."""
    return shot.treatment is not None and shot.treatment.source == "original"


def figures_of(shot: ShotRecord) -> list[Figure]:
    """The figures of a shot."""
    figures = shot.figures
    return [
        Figure(
            "Attention",
            f"{attention(concerns_of(shot)):.2f}",
            "all concerns together: the figures below, each over the value at which it begins to show",
        ),
        Figure(
            "Flicker",
            f"{figures.flicker:.2f}",
            "change of colour from one frame to the next where the picture stands still, in steps of 8 bits; "
            "shows from 0.5",
        ),
        Figure(
            "Jumps",
            f"{figures.cdc * 1000:.2f} (grey {figures.cdc_grey * 1000:.2f})",
            "colour distribution consistency (CDC, Liu et al. 2021) times 1000, and that of the grey picture, which "
            "the film's own light and motion set; shows from 2 above it",
        ),
        Figure(
            "Unevenness",
            _optional(figures.unevenness),
            "how much colour shifts inside flat areas such as skies and walls, in steps of 8 bits; shows from 3",
        ),
        Figure(
            "Drift",
            _optional(figures.drift),
            "how far colours of equally light places wander from the first quarter of the shot to the last, in "
            "steps of 8 bits; shows from 4",
        ),
        Figure(
            "Colourfulness",
            f"{figures.colorfulness:.1f}",
            "after Hasler and Süsstrunk (2003): 0 grey, 15 slightly, 45 quite, 80 highly colourful; pale below 5, "
            "garish above 90",
        ),
        Figure(
            "Gamut edge",
            f"{figures.gamut_share * 100:.1f} %",
            "share of coloured pixels as colourful as a screen can show; shows from 25 %",
        ),
    ]


def _optional(value: float | None) -> str:
    return "none" if value is None else f"{value:.1f}"

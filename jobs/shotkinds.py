"""What colour the shots of a film have already and what becomes of it, in words and figures."""

from collections import Counter
from collections.abc import Sequence

from jobs.settings.shot_choices import ShotChoice
from jobs.settings.shots import format_ranges
from pipeline.colorize.grade import ColorSource
from pipeline.media import Shot

_MADE: dict[ColorSource, str] = {"predicted": "coloured", "grey": "left grey", "original": "kept untouched"}


def kinds_line(shots: Sequence[Shot], choices: Sequence[ShotChoice]) -> str:
    """`3 colour shots are kept untouched: 4,7-8; …` of what is not simply grey and coloured; else empty."""
    groups: dict[tuple[str, ColorSource], list[int]] = {}
    for shot, choice in zip(shots, choices, strict=True):
        groups.setdefault((shot.kind, choice.treatment.source), []).append(shot.index)
    lines = []
    for (kind, source), indices in sorted(groups.items()):
        if (kind, source) != ("grey", "predicted"):
            many = "shot is" if len(indices) == 1 else "shots are"
            lines.append(f"{len(indices)} {kind} {many} {_MADE[source]}: {format_ranges(indices)}")
    return "; ".join(lines)


def count_kinds(shots: Sequence[Shot]) -> dict[str, int]:
    """How many shots there are of every kind."""
    found = Counter(shot.kind for shot in shots)
    return {kind: found[kind] for kind in ("grey", "tinted", "colour")}

"""What open films and open stills share: the pictures that they answer with, and the guidance that asks for takes."""

from dataclasses import dataclass

from jobs.review.small_pictures import Rgb
from pipeline.guidance.shot_guidance import ShotGuidance

NO_GUIDANCE = ShotGuidance(words={}, regions={})
"""Nothing is given: the automatic colours."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FramePicture:
    """A frame as it is shown: upright, with square pixels."""

    rgb: Rgb
    """(H, W, 3)."""
    pts: int
    is_rendered: bool = False
    """Whether its colour is that of the finished film or preview, not made for this question."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TakePictures:
    """What a shot could look like, and its regions."""

    frame: int
    takes: tuple[Rgb, ...]
    """The automatic colours first."""
    regions: Rgb
    """The frame in grey with the outlines and letters of its regions."""
    letters: tuple[str, ...]


def guidance_of_takes(count: int, *, seed: int) -> list[ShotGuidance]:
    """What asks for the automatic colours, then for each of `count` takes."""
    return [ShotGuidance(words={}, regions={}, take=take, seed=seed) for take in range(count + 1)]

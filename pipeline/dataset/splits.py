"""Which origins of a set are for training, validation and test; the same for ever, whatever is added."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from pipeline.errors import SettingsError

SplitName = Literal["train", "val", "test"]
SPLITS: tuple[SplitName, ...] = ("train", "val", "test")

FEWEST_TO_SPLIT = 3
"""Of fewer origins none is held out."""


@dataclass(frozen=True, kw_only=True)
class HeldOutSettings:
    """How much is held back from training. Raises SettingsError for values that cannot work."""

    val: float = 0.1
    """Share of the origins to validate on, 0 to 0.5; above 0 it is one at least, of three or more."""
    test: float = 0.1
    """Share of the origins to test on, likewise."""

    def __post_init__(self) -> None:
        for name in ("val", "test"):
            if not 0 <= getattr(self, name) <= 0.5:
                raise SettingsError(f"{name} {getattr(self, name)}: a share from 0 to 0.5 works")


def assign_splits(origins: Iterable[str], *, settings: HeldOutSettings) -> dict[str, SplitName]:
    """A split for each origin by its hash alone: the lowest hashes are for tests, the highest to validate.

    Fewer than three are all trained on. Where a share catches none of three or more origins, the one with the
    lowest or highest hash stands in, and where all are caught the middle one is trained on. So an origin that is
    added to three can send a stand-in back to training; it holds back none that was trained on by its own hash.
    """
    places = {origin: _place(origin) for origin in origins}
    if len(places) < FEWEST_TO_SPLIT:
        return dict.fromkeys(places, "train")
    splits: dict[str, SplitName] = {
        origin: "test" if place < settings.test else "val" if place >= 1 - settings.val else "train"
        for origin, place in places.items()
    }
    ranked = sorted(places, key=lambda origin: places[origin])
    splits[ranked[0]] = "test" if settings.test else splits[ranked[0]]
    splits[ranked[-1]] = "val" if settings.val else splits[ranked[-1]]
    if "train" not in splits.values():
        splits[ranked[len(ranked) // 2]] = "train"
    return splits


def _place(origin: str) -> float:
    """Where an origin lies between 0 and 1."""
    digest = sha256(origin.encode(errors="surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64

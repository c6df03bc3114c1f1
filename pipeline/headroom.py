"""Luma of a limited range beyond black and white, which pictures of full range cannot hold."""

from typing import Literal

from pipeline.media import Plane


class Headroom:
    """Counts the frames that have luma below black or above white, and says so."""

    def __init__(self, *, depth: int, range: Literal["limited", "full"]) -> None:
        """Luma of `depth` bits; in full range nothing is beyond."""
        self._is_limited = range == "limited"
        self._black, self._white = 16 << (depth - 8), 235 << (depth - 8)
        self._darkest, self._brightest = self._black, self._white
        self._seen = 0
        self.frames = 0
        """How many have."""

    def look_at(self, luma: Plane) -> None:
        """Takes the next frame's luma."""
        self._seen += 1
        darkest, brightest = int(luma.min()), int(luma.max())
        if self._is_limited and (darkest < self._black or brightest > self._white):
            self.frames += 1
            self._darkest = min(self._darkest, darkest)
            self._brightest = max(self._brightest, brightest)

    def __str__(self) -> str:
        luma = f"{self._darkest} to {self._brightest} in a range of {self._black} to {self._white}"
        return (
            f"{self.frames} of {self._seen} frames have luma beyond black or white ({luma}), which is clipped"
        )

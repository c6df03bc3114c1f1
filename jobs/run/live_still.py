"""A still in grey and in colour, for whoever looks at it or paints it. Nothing is written."""

from functools import cached_property

import numpy as np

from jobs.review.small_pictures import Rgb
from jobs.run.live_values import NO_GUIDANCE, FramePicture, TakePictures, guidance_of_takes
from jobs.settings.guidance import choose_still_guidance
from jobs.settings.job import Job
from pipeline.colorize.predict import Predictor
from pipeline.errors import SettingsError
from pipeline.guidance.guided_still import StillMemory, guide_still
from pipeline.guidance.lettered_picture import lettered_picture
from pipeline.guidance.likely import LikelyColor, likely_colors
from pipeline.guidance.shot_guidance import ShotGuidance
from pipeline.stills.chroma import rgb_of_luma, shrink_luma, spread_ab
from pipeline.stills.colorize import network_size
from pipeline.stills.files import read_still
from pipeline.stills.metadata import orientation, turn_upright

_MATRIX = "bt709"
_MOST_LINES = 2160
"""Of the pictures that are shown; what is written has the size of the still."""


class LiveStill:
    """A still that is open, upright; used from one thread at a time."""

    def __init__(self, job: Job, *, network: Predictor) -> None:
        """Raises SourceError where it cannot be read."""
        still = read_still(job.input)
        turn = orientation(still.tags)
        self._network = network
        self._seen = turn_upright(shrink_luma(still.luma, size=network_size(still.luma.shape)), turn)
        shown = shrink_luma(still.luma, size=_within(still.luma.shape, _MOST_LINES))
        luma = (turn_upright(shown, turn) * 255 + np.float32(0.5)).astype(np.uint8)
        self._luma = np.ascontiguousarray(luma)

    def close(self) -> None:
        """Nothing is open."""

    def grey(self, number: int, *, lines: int | None = None) -> FramePicture:
        """The still's own luma. Raises SettingsError for a frame other than 0."""
        _check(number)
        return FramePicture(rgb=np.repeat(self._shown(lines)[..., None], 3, axis=-1), pts=0)

    def colored(
        self, job: Job, number: int, *, lines: int | None = None, is_draft: bool = False
    ) -> FramePicture:
        """The still in the colours of a job. Raises SettingsError for guidance that does not fit, DeviceError."""
        _check(number)
        given = choose_still_guidance(job) or NO_GUIDANCE
        return FramePicture(rgb=self._rgb(given, job.color.saturation, lines), pts=0)

    def likely(
        self, number: int, place: tuple[float, float], *, count: int
    ) -> tuple[float, list[LikelyColor]]:
        """L* at a place (x, y) in shares of the upright picture, and its likely colours, the likeliest first."""
        _check(number)
        sight = self._memory.sight
        height, width = sight.lightness.shape
        row, column = min(int(place[1] * height), height - 1), min(int(place[0] * width), width - 1)
        network = self._network
        found = likely_colors(sight, network.bins, place, temperature=network.temperature, count=count)
        return float(sight.lightness[row, column]), found

    def takes(self, index: int, *, count: int, seed: int, lines: int) -> TakePictures:
        """The takes of the still. Raises SettingsError for a shot other than 0."""
        _check(index)
        memory = self._memory
        return TakePictures(
            frame=0,
            takes=tuple(self._rgb(given, 1.0, lines) for given in guidance_of_takes(count, seed=seed)),
            regions=lettered_picture(self._shown(lines), memory.regions.lettered(memory.sight)),
            letters=tuple(memory.regions.letters),
        )

    @cached_property
    def _memory(self) -> StillMemory:
        return StillMemory(self._seen, network=self._network)

    def _rgb(self, given: ShotGuidance, saturation: float, lines: int | None) -> Rgb:
        luma = self._shown(lines)
        ab = guide_still(self._seen, given, network=self._network, memory=self._memory)
        cb, cr = spread_ab(luma, ab * np.float32(saturation), matrix=_MATRIX).rows(luma, 0)
        return np.asarray(rgb_of_luma(luma, cb, cr), np.uint8)

    def _shown(self, lines: int | None) -> Rgb:
        size = _within(self._luma.shape, self._luma.shape[0] if lines is None else lines)
        luma = shrink_luma(self._luma, size=size)
        return np.ascontiguousarray((luma * 255 + np.float32(0.5)).astype(np.uint8))


def _within(shape: tuple[int, ...], lines: int) -> tuple[int, int]:
    """(h, w) of a picture of that shape with no side longer than `lines` * 16 / 9, and no more lines."""
    height, width = shape
    scale = min(1.0, lines / height, lines * 16 / 9 / width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def _check(number: int) -> None:
    if number != 0:
        raise SettingsError(f"found {number}; a still is frame 0 and shot 0")

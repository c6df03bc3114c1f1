"""Stills of shots for the report: the middle frame in grey and in colour, the first and the last one small.

They are rendered like the film itself, only smaller: its own luma, the proxy's colour along the luma's edges.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from jobs.review.shot_strips import strip_frames
from jobs.review.small_pictures import Rgb, SmallPictures
from pipeline.color.picture_file import encode_picture
from pipeline.colorize.chroma_proxy import ProxyFrame
from pipeline.media import FilmInfo, Frame, Shot

_SIZES = ((8, 480), (24, 360), (100, 240), (400, 160))
"""(shots at most, lines of the middle picture); in longer films it has `_FEWEST_LINES`. The small ones have half."""
_FEWEST_LINES = 96
_WEBP_QUALITY = 78


@dataclass(frozen=True, kw_only=True)
class ShotStills:
    """The pictures of one shot, as WebP."""

    frames: tuple[int, ...]
    """Numbers in the film: first, middle, last; fewer where the shot has fewer frames."""
    shown: int
    """Number of the frame that is shown large: the middle one, or the last of two."""
    width: int
    height: int
    """Of the large pictures, in pixels."""
    grey: bytes
    color: bytes
    small: tuple[bytes, ...] = ()
    """The other frames in colour."""


@dataclass
class _Unfinished:
    """The pictures of a shot whose last frame has not come yet."""

    large: tuple[Rgb, Rgb] | None = None
    small: list[bytes] = field(default_factory=list)


class StillsMaker:
    """Makes the stills of a film out of its frames as they come along; holds the pictures of one shot."""

    def __init__(self, film: FilmInfo, *, shots: Sequence[Shot]) -> None:
        """`film` is what the frames come from: the source, or the finished film."""
        most = next((lines for count, lines in _SIZES if len(shots) <= count), _FEWEST_LINES)
        own = film.width if film.orientation.quarter_turns % 2 else film.height
        lines = max(min(most, own), _FEWEST_LINES)
        self._large, self._small = SmallPictures(film, lines=lines), SmallPictures(film, lines=lines // 2)
        self._wanted = {number: shot for shot in shots for number in strip_frames(shot)}
        self._shot = _Unfinished()
        self.stills: list[ShotStills] = []

    def wants(self, number: int) -> bool:
        """Whether a frame of this number is shown."""
        return number in self._wanted

    def push(self, number: int, frame: Frame, *, proxy: ProxyFrame) -> None:
        """Takes a frame that is wanted, with the colour that is rendered; they come in order."""
        numbers = strip_frames(self._wanted[number])
        shown = numbers[len(numbers) // 2]
        if number == shown:
            self._shot.large = self._large.pair(frame, proxy)
        else:
            self._shot.small.append(_webp(self._small.pair(frame, proxy)[1]))
        if number != numbers[-1]:
            return
        assert self._shot.large is not None
        grey, color = self._shot.large
        self.stills.append(
            ShotStills(
                frames=numbers,
                shown=shown,
                width=color.shape[1],
                height=color.shape[0],
                grey=_webp(grey),
                color=_webp(color),
                small=tuple(self._shot.small),
            )
        )
        self._shot = _Unfinished()


def _webp(picture: Rgb) -> bytes:
    return encode_picture(picture, ".webp", quality=_WEBP_QUALITY)

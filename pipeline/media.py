"""The values that stages exchange: what a film is, what a frame is, what a shot is.

Every one of them is immutable and checks itself when made, so the functions after it may trust it.
Time is an integer `pts` in units of a `Fraction` time base. Ranges are half open: `end` is excluded.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt

from pipeline.limits import DEFAULT_LIMITS, Limits
from pipeline.still_pattern import StillSequence

Plane = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
"""(H, W) samples of one component: uint8 for 8 bits, uint16 (right-aligned) for 9 to 16 bits."""

Chroma = Literal["gray", "420", "422", "444", "440", "411", "410", "rgb"]
CHROMA_SHIFTS: Mapping[Chroma, tuple[int, int]] = MappingProxyType(
    {"420": (1, 1), "422": (1, 0), "444": (0, 0), "440": (0, 1), "411": (2, 0), "410": (2, 2)}
)
"""Powers of two by which a chroma plane is narrower and lower than the luma, rounded up."""
ShotKind = Literal["grey", "tinted", "colour", "card", "tinted card"]
"""What colour a shot has already: none, one tint (or one for lights and one for shadows), or colours of its own. A
`card` is a grey shot of lettering or of nothing: a title, credits, a leader, blank frames."""
StreamKind = Literal["video", "audio", "subtitle", "attachment", "data"]


@dataclass(frozen=True, kw_only=True)
class PixelFormat:
    """How the film stores a picture."""

    name: str
    """FFmpeg's name, e.g. `yuv420p10le`."""
    depth: int
    """Bits of a luma sample, 8 to 16."""
    chroma: Chroma
    """Chroma subsampling; `gray` without chroma, `rgb` where luma has to be computed."""

    def __post_init__(self) -> None:
        if not 8 <= self.depth <= 16:
            raise ValueError(f"pixel format {self.name}: {self.depth} bits a sample; 8 to 16 are supported")


@dataclass(frozen=True, kw_only=True)
class ColorDescription:
    """The colour tags of a film, in FFmpeg's names (ITU-T H.273); `unspecified` where it has none."""

    matrix: str = "unspecified"
    """`bt709`, `smpte170m`, `bt470bg`, `bt2020nc`, … (`gbr` for RGB)."""
    primaries: str = "unspecified"
    transfer: str = "unspecified"
    range: Literal["limited", "full"] = "limited"
    """Limited: 8-bit luma 16 to 235, chroma 16 to 240. Full: 0 to 255."""
    chroma_site: str = "unspecified"
    """`left`, `center`, `topleft`, … : where a chroma sample lies among its luma samples."""


HINT = "rtp_hint"
"""The codec of a track that tells a server how to send the other tracks."""


@dataclass(frozen=True, kw_only=True)
class StreamInfo:
    """One stream of the container."""

    index: int
    kind: StreamKind
    codec: str
    """FFmpeg's codec name, or `HINT`; `none` for other streams that have no codec."""
    time_base: Fraction
    start_pts: int | None
    tags: tuple[tuple[str, str], ...] = ()
    disposition: tuple[str, ...] = ()
    """Names of the flags that are set, e.g. `default`, `forced`, `attached_pic`."""
    sample_format: str = ""
    """Of sound, as FFmpeg's decoder gives it, e.g. `s16` or `fltp`; empty where that is not known."""
    channels: int = 0
    """Of sound."""

    def tag(self, name: str) -> str | None:
        """The value of a tag, whatever the case of its name."""
        return next((value for key, value in self.tags if key.lower() == name.lower()), None)


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A chapter: `[start, end)` in units of its time base."""

    start: int
    end: int
    time_base: Fraction
    title: str


@dataclass(frozen=True, kw_only=True)
class Orientation:
    """A turn, and a mirror after it."""

    degrees: float = 0.0
    """Clockwise, 0 to 360."""
    is_mirrored: bool = False
    """Left and right change places, after the turn."""
    is_exact: bool = True
    """Whether that is all: display matrices may also stretch and shear, which hardly any player does."""

    @property
    def quarter_turns(self) -> int:
        """The nearest number of right angles, clockwise, 0 to 3."""
        return round(self.degrees / 90) % 4

    def __str__(self) -> str:
        """In words, for a message; empty where the picture is shown as it is stored."""
        turn = f"turned by {self.degrees:.6g} degrees" if self.degrees else ""
        return " and then ".join(filter(None, (turn, "mirrored left to right" if self.is_mirrored else "")))


UPRIGHT = Orientation()
"""As it is stored."""


@dataclass(frozen=True, kw_only=True)
class Crop:
    """Columns and lines at the edges of every frame that are not to be shown. They are in the frames."""

    left: int = 0
    right: int = 0
    top: int = 0
    bottom: int = 0

    def __str__(self) -> str:
        """In words, for a message."""
        return f"{self.left}, {self.right}, {self.top}, {self.bottom} (left, right, top, bottom)"


@dataclass(frozen=True, kw_only=True)
class FilmInfo:
    """What the headers of a film say. Frames are counted by decoding (`Timeline`), never here."""

    path: Path
    container: str
    """FFmpeg's demuxer name, e.g. `matroska,webm`."""
    streams: tuple[StreamInfo, ...]
    video_index: int
    """Index in `streams` of the picture that is colourised."""
    width: int
    height: int
    sample_aspect: Fraction
    """Width of a sample over its height; 1 where the film does not say."""
    pixel_format: PixelFormat
    color: ColorDescription
    field_order: Literal["progressive", "tt", "bb", "tb", "bt", "unknown"]
    time_base: Fraction
    """Of the video stream; every pts of a frame counts these."""
    rate_from_header: Fraction | None
    """Average frames per second that the header claims; never used to compute a time."""
    duration_seconds_from_header: float | None
    orientation: Orientation = UPRIGHT
    """How a player turns and mirrors the picture. Frames are as they are stored."""
    crop: Crop | None = None
    """What the container says of the edges that a player hides; None where it hides nothing."""
    has_film_grain: bool = False
    """Whether the coded film asks its decoder to put grain on the pictures, which then is part of the frames."""
    has_odd_edits: bool = False
    """Whether its edit list has a pause or another speed, which FFmpeg does not apply."""
    tags: tuple[tuple[str, str], ...] = ()
    chapters: tuple[Chapter, ...] = ()
    limits: Limits = DEFAULT_LIMITS
    """What reading it may cost."""
    notes: tuple[str, ...] = ()
    """What of its headers had to be guessed, a line each."""
    field_order_from_header: Literal["progressive", "tt", "bb", "tb", "bt", "unknown"] = "unknown"
    """What container and codec say; frames may be otherwise."""
    has_silent_frames: bool = False
    """Whether the headers alone say that frames are interlaced: the first one does not, nor would its codec."""
    is_deinterlaced: bool = False
    """Whether its frames are read through a deinterlacer."""
    is_counted: bool = False
    """Whether the times of its frames are their numbers, in a time base that was given: a raw stream has none."""
    sequence: StillSequence | None = None
    """Where `path` is a pattern of numbered stills, what else belongs to them."""

    @property
    def video(self) -> StreamInfo:
        """The stream that is colourised."""
        return self.streams[self.video_index]


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One decoded frame: the film's own luma, untouched."""

    pts: int
    luma: Plane
    """(H, W), contiguous, the film's own depth and range."""
    is_interlaced: bool = False
    is_top_field_first: bool = False
    chroma: tuple[Plane, Plane] | None = None
    """The film's own Cb and Cr, where they were asked for and the film has colour; see `chroma.chroma_planes`."""


@dataclass(frozen=True, kw_only=True)
class ColorFrame:
    """One frame ready for the encoder: luma and the chroma that was predicted for it."""

    pts: int
    luma: Plane
    cb: Plane
    """Chroma planes, same depth as luma, at the size that the chroma subsampling asks for (rounded up)."""
    cr: Plane
    is_interlaced: bool = False
    is_top_field_first: bool = False


@dataclass(frozen=True, kw_only=True)
class PictureArea:
    """The part of a frame that shows the picture, as shares of its height and width; the rest is black border."""

    top: float = 0.0
    bottom: float = 1.0
    left: float = 0.0
    right: float = 1.0

    def __post_init__(self) -> None:
        if not (0 <= self.top < self.bottom <= 1 and 0 <= self.left < self.right <= 1):
            raise ValueError(f"{self} is no part of a frame")


@dataclass(frozen=True, kw_only=True)
class Shot:
    """Frames `[start, end)` between two cuts."""

    index: int
    start: int
    end: int
    picture: PictureArea = PictureArea()
    """Inside its black borders, if it has any."""
    kind: ShotKind = "grey"

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"shot {self.index}: frames [{self.start}, {self.end}) are none")


@dataclass(frozen=True, kw_only=True)
class Segment:
    """The unit of work: frames `[start, end)` of one shot, with overlap into its neighbours.

    Colour is predicted and steadied over `[lead_start, lead_end)`, which stays inside the shot, and kept
    for `[start, end)`. So the colour does not depend on who works on the next segment.
    """

    index: int
    shot: int
    start: int
    end: int
    lead_start: int
    lead_end: int

    def __post_init__(self) -> None:
        if not 0 <= self.lead_start <= self.start < self.end <= self.lead_end:
            raise ValueError(
                f"segment {self.index}: [{self.start}, {self.end}) is not inside [{self.lead_start}, {self.lead_end})"
            )

    def frames(self) -> Iterator[int]:
        """The frame numbers that this segment contributes to the film."""
        return iter(range(self.start, self.end))

"""A still in memory: its luma, its alpha, and the metadata that it carries."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.errors import SettingsError
from pipeline.media import Plane
from pipeline.target import STILL_FORMATS, StillFormat

SourceFormat = StillFormat | Literal["jpeg2000", "webp", "avif", "heic", "gif", "bmp", "dpx", "exr"]
"""The formats that stills are read from."""
MOST_PIXELS = 400_000_000
"""A still of more pixels is refused before any is decoded."""


@dataclass(frozen=True, kw_only=True)
class StillTags:
    """The metadata of one still, in terms that PNG, JPEG and TIFF share."""

    icc: bytes | None = None
    """ICC profile."""
    exif: bytes | None = None
    """A TIFF stream, as in a JPEG's Exif segment after its six bytes of name; holds the orientation."""
    xmp: bytes | None = None
    """XMP packet."""
    dots_per_metre: tuple[float, float] | None = None
    """Horizontal and vertical resolution; a file of the source's format takes it from `native` or `exif`."""
    native: tuple[bytes, ...] = ()
    """Blocks that only the source's own format can hold (JPEG segments, PNG chunks), whole."""


@dataclass(frozen=True, kw_only=True)
class JpegOrigin:
    """How a JPEG stored its luma, so that it can be stored so again."""

    table: tuple[int, ...]
    """The 64 quantisation steps of luma, row by row."""
    is_progressive: bool
    luma_file: bytes | None
    """A grey JPEG that holds the source's own luma coefficients; None where they could not be taken out."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Still:
    """One picture as it is stored: never turned by its orientation tag."""

    path: Path
    format: SourceFormat
    luma: Plane
    """(H, W) uint8 or uint16, 0 is black: grey samples as they are, else the luma of the format's RGB."""
    alpha: Plane | None = None
    """(H, W) of the same type as `luma`."""
    tags: StillTags = StillTags()
    jpeg: JpegOrigin | None = None
    compression: str | None = None
    """Of a TIFF, in libvips' words."""
    notes: tuple[str, ...] = ()
    """What of the source cannot be kept, a line each."""

    def __post_init__(self) -> None:
        if self.luma.ndim != 2 or self.luma.size == 0:
            raise ValueError(f"{self.path}: luma of shape {self.luma.shape}, (H, W) is needed")
        if self.alpha is not None and (self.alpha.shape, self.alpha.dtype) != (
            self.luma.shape,
            self.luma.dtype,
        ):
            raise ValueError(f"{self.path}: alpha and luma differ in size or depth")

    @property
    def depth(self) -> int:
        """Bits of a sample: 8 or 16."""
        return self.luma.dtype.itemsize * 8


def still_format(path: Path) -> StillFormat:
    """The format that a suffix asks for.

    Raises SettingsError for any other suffix, naming those that there are.
    """
    try:
        return STILL_FORMATS[path.suffix.lower()]
    except KeyError:
        raise SettingsError(
            f"cannot write a still as {path}: its suffix must be one of {', '.join(STILL_FORMATS)}"
        ) from None


def still_matrix(format: StillFormat) -> str:
    """The luma matrix of a format: JPEG defines BT.601, the sRGB of PNG and TIFF has BT.709's primaries."""
    return "smpte170m" if format == "jpeg" else "bt709"

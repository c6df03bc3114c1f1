"""A still picture in memory: its luma, its alpha and its metadata."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.errors import SettingsError
from pipeline.media import Plane
from pipeline.target import STILL_FORMATS, StillFormat

SourceFormat = StillFormat | Literal["jpeg2000", "webp", "avif", "heic", "gif", "bmp", "dpx", "exr"]
"""The formats that stills are read from."""
MOST_PIXELS = 400_000_000
"""A still of more pixels is refused before its pixels are decoded."""


@dataclass(frozen=True, kw_only=True)
class StillTags:
    """The metadata of one still, in terms that PNG, JPEG and TIFF share."""

    icc: bytes | None = None
    """The ICC profile (ISO 15076-1)."""
    exif: bytes | None = None
    """The Exif block as a TIFF stream, without the six bytes before it in a JPEG; holds the orientation."""
    xmp: bytes | None = None
    """The XMP packet (ISO 16684-1)."""
    dots_per_metre: tuple[float, float] | None = None
    """Horizontal and vertical resolution; a file of the source's own format takes it from `native` or `exif`."""
    native: tuple[bytes, ...] = ()
    """Whole blocks that only the source's own format can hold: JPEG segments, PNG chunks."""


@dataclass(frozen=True, kw_only=True)
class JpegOrigin:
    """How a JPEG coded its luma, so that it can be coded so again."""

    table: tuple[int, ...]
    """The 64 quantisation steps of luma, in rows of 8."""
    is_progressive: bool
    luma_file: bytes | None
    """A grey JPEG with the source's own luma coefficients; None where they cannot be extracted, see `jpeg_luma`."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Still:
    """One picture as it is stored, not turned by its orientation tag."""

    path: Path
    format: SourceFormat
    luma: Plane
    """(H, W) uint8 or uint16, full range: the grey samples of the file, or the luma of its RGB by `still_matrix`."""
    alpha: Plane | None = None
    """(H, W) of the same type as `luma`."""
    tags: StillTags = StillTags()
    jpeg: JpegOrigin | None = None
    compression: str | None = None
    """The compression of a TIFF, in libvips' names; None for other formats."""
    notes: tuple[str, ...] = ()
    """One line for each thing in the source file that cannot be kept."""

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
    """The format in which a still is written, by the suffix of `path`. Raises SettingsError for an unknown suffix."""
    try:
        return STILL_FORMATS[path.suffix.lower()]
    except KeyError:
        raise SettingsError(
            f"cannot write a still as {path}: its suffix must be one of {', '.join(STILL_FORMATS)}"
        ) from None


def still_matrix(format: StillFormat) -> str:
    """FFmpeg's name of the luma matrix of a format: BT.601 for JPEG (JFIF), BT.709 for the sRGB of PNG and TIFF."""
    return "smpte170m" if format == "jpeg" else "bt709"
